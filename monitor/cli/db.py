"""`monitor db`: the private MongoDB kept running, stopped, looked at and named; schema, backup and restore of the database in use."""

import json
from pathlib import Path
from typing import Any

import click

from monitor.cli.opened import run
from monitor.config import Config, load
from monitor.errors import StoreUnavailableError, UsageError
from monitor.mongod import private
from monitor.mongod.folder import folder_of
from monitor.mongod.private import Status
from monitor.mongod.state import State


@click.group()
def db() -> None:
    """The private MongoDB, which other commands start and stop by themselves."""


@db.command()
@click.option("--tcp", is_flag=True, help="Listen on a loopback port too, for programs that know no sockets.")
def start(tcp: bool) -> None:
    """Start the private MongoDB and keep it running until `monitor db stop`."""
    config = load()
    if config.mongodb_uri is not None:
        raise UsageError("MONGODB_URI is set, so that server is used and no private MongoDB is started. Unset it to use one.")
    state = private.keep(config, mode="tcp" if tcp else "socket")
    click.echo(f"The private MongoDB runs on {_place(state, config)} until: monitor db stop")
    click.echo("Its address for mongosh, MongoDB Compass and pymongo: monitor db uri")


@db.command()
def stop() -> None:
    """Stop the private MongoDB, now or when the last command that uses it ends."""
    ended = private.stop(load())
    click.echo(
        "The private MongoDB is not running."
        if ended
        else "The private MongoDB is in use by other commands; it stops by itself when the last of them ends."
    )


@db.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def status(as_json: bool) -> None:
    """Tell whether the private MongoDB runs, for whom, and where its files are."""
    config = load()
    found = Status() if config.mongodb_uri is not None else private.status(config)
    if as_json:
        click.echo(json.dumps(_told(config, found)))
    elif config.mongodb_uri is not None:
        click.echo("MONGODB_URI is set: that server is used, and the private MongoDB is not.")
    elif found.state is None:
        click.echo("The private MongoDB is not running; commands that need it start it.")
        if found.failed:
            click.echo(f"The last time: {found.failed}")
    else:
        click.echo(f"The private MongoDB (process {found.state.pid}) runs on {_place(found.state, config)}, {_why(found)}.")
        click.echo(f"Data: {folder_of(config.home).data}\nLog: {folder_of(config.home).log}\nProgram: {found.state.binary}")


@db.command()
def uri() -> None:
    """Print the address of the database as one line for mongosh, MongoDB Compass and pymongo; it holds the password."""
    found = private.uri_of(load())
    if found is None:
        raise StoreUnavailableError("The private MongoDB is not running, so it has no address. Start it with: monitor db start")
    click.echo(found)


@db.command()
def migrate() -> None:
    """Bring the database to this version's schema; harmless where it is there already."""
    from monitor.store import connection

    config = load()
    with private.acquire(config) as used:
        steps = run(connection.migrate(config, uri=used.uri))
    for step in steps:
        click.echo(step)
    if not steps:
        click.echo("Nothing to do: the database has this version's schema.")


@db.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Write the database into FILE, while everything runs: posts, bookmarks, ledger, topics, labels, deployed versions.

    What is made from these (rollups, word index) is left out and made again after a restore.
    """
    from monitor.cli.opened import opened, say_if_simulated
    from monitor.store.backup import Backup

    async def done() -> dict[str, int]:
        async with opened() as store:
            await say_if_simulated(store)
            return await Backup(store.database).write(file)

    counts = run(done())
    click.echo(f"{file}: {counts['posts']:,} posts, {counts['sources']:,} sources, {sum(counts.values()):,} documents in all")


@db.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--replace", is_flag=True, help="Drop what the database holds before.")
def restore(file: Path, replace: bool) -> None:
    """Make the database what the backup FILE says; sources go on from there, and read again what came since.

    May be repeated where it was cut short. Collectors may go on running meanwhile, and wait.
    """
    from monitor.store.backup import Backup
    from monitor.store.connection import bare

    config = load()

    async def done(uri: str) -> dict[str, int]:
        async with bare(config, uri=uri) as database:
            return await Backup(database).restore(file, replace=replace)

    with private.acquire(config) as used:
        counts = run(done(used.uri))
    click.echo(f"{counts['posts']:,} posts and {counts['sources']:,} sources restored; every source is due now.")
    click.echo("Count and index again: monitor rollup, monitor index (monitor up does both)", err=True)


def _place(state: State, config: Config) -> str:
    socket = str(folder_of(config.home).socket)
    return f"127.0.0.1:{state.port} and {socket}" if state.port else socket


def _why(found: Status) -> str:
    if found.kept:
        return "kept until `monitor db stop`" + (", in use" if found.used else "")
    return "until the commands that use it end"


def _told(config: Config, found: Status) -> dict[str, Any]:
    folder, state = folder_of(config.home), found.state
    return {
        "server": "private" if config.mongodb_uri is None else "configured",
        "running": None if config.mongodb_uri is not None else state is not None,
        "mode": state.mode if state else None,
        "port": state.port if state else None,
        "pid": state.pid if state else None,
        "kept": found.kept,
        "used": found.used,
        "starts": state.starts if state else None,
        "binary": state.binary if state else None,
        "failed": found.failed,
        "database": config.database,
        "data": str(folder.data),
        "log": str(folder.log),
    }
