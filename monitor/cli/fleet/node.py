"""`monitor fleet node`: a scrapyd over MongoDB on this machine."""

import importlib.util

import click

from monitor.cli.fleet.reached import check_schema
from monitor.cli.opened import run
from monitor.config import load
from monitor.errors import ConfigurationError
from monitor.mongod.private import acquire


@click.command()
@click.option("--name", help="Name of the node, one for each; without it that of the machine.")
@click.option(
    "--bind", metavar="ADDRESS", help="Address to listen on; without it 127.0.0.1. Others need a user name and a password."
)
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the web API; without it 6800.")
@click.option("--max-proc", type=click.IntRange(1, 256), help="Most jobs at one time; without it two per processor.")
def node(name: str | None, bind: str | None, port: int | None, max_proc: int | None) -> None:
    """Run jobs of the fleet on this machine until Ctrl-C, which ends them and gives them to others.

    All nodes share eggs, queue and jobs in MongoDB: deploy to any of them, schedule and cancel at any of them. One that dies
    loses nothing; others run its jobs once their leases are over.
    """
    if importlib.util.find_spec("scrapyd") is None:
        raise ConfigurationError("A node needs scrapyd, which is not installed: pip install 'social-monitor[fleet]'")
    from monitor.fleet.local_node import open_node
    from monitor.fleet.serve import serve

    config = load()
    with acquire(config) as used:
        local = open_node(config, uri=used.uri, name=name, bind=bind, port=port, max_proc=max_proc)
        run(check_schema(config, used.uri))
        serve(local)
