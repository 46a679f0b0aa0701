"""`monitor up`: everything on one machine, under one supervisor."""

import asyncio
import importlib.util
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from hashlib import sha256

import click

import monitor
from monitor import clock
from monitor.cli.follow import following
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.config import Config, load
from monitor.errors import ConfigurationError, MonitorError
from monitor.fleet.health import Health, metrics_of, serving
from monitor.fleet.own_egg import own_egg
from monitor.fleet.part import Part
from monitor.fleet.supervisor import Supervisor
from monitor.store.connection import Store
from monitor.store.own_deploy import OwnDeploy

PORT = 8480
# In the order in which they are started; what makes work comes last and is stopped first.
PARTS: Mapping[str, Sequence[str]] = {
    "score": ("score", "--follow"),
    "rollup": ("rollup", "--follow"),
    "index": ("index", "--follow"),
    "node": ("fleet", "node"),
    "planner": ("fleet", "planner"),
}
PING_S = 2.0


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=PORT, show_default=True, help="For /healthz and /metrics, on loopback."
)
@click.option("--without", multiple=True, type=click.Choice(sorted(PARTS)), help="Leave a part out; may be repeated.")
@click.option(
    "--node-port", type=click.IntRange(1, 65_535), default=6800, show_default=True, help="Of the node's web API, on loopback."
)
@click.option("--max-proc", type=click.IntRange(1), default=2, show_default=True, help="Crawls that the node runs at a time.")
def up(port: int, without: tuple[str, ...], node_port: int, max_proc: int) -> None:
    """Run everything on this machine until Ctrl-C: MongoDB, a node, the planner, scoring, rollups and the word index.

    A part that ends is started again. Lines of all parts come here, each with the part's name before it.
    """
    config = load()
    if "node" not in without and importlib.util.find_spec("scrapyd") is None:
        raise ConfigurationError("The node needs scrapyd, which is not installed: pip install 'social-monitor[fleet]'")
    if config.file is not None:
        from monitor.cli.topics.apply import apply_present  # loads all platforms

        apply_present()
    run(_up(config, port=port, parts=parts_of(without=without, node=("--port", str(node_port), "--max-proc", str(max_proc)))))


def parts_of(*, without: Sequence[str] = (), node: Sequence[str] = ()) -> list[Part]:
    """The parts, not started yet; `node`: options of that one."""
    more = {"node": node}
    return [
        Part(
            name=name,
            command=[sys.executable, "-m", "monitor", *words, *more.get(name, ())],
            environment={**os.environ, "PYTHONUNBUFFERED": "1"},
            says=say,
        )
        for name, words in PARTS.items()
        if name not in without
    ]


def say(name: str, line: str) -> None:
    """A line of a part, with the time and its name before it."""
    click.echo(f"{datetime.now(UTC):%H:%M:%S} {name:<8} | {line}")


async def _up(config: Config, *, port: int, parts: Sequence[Part]) -> None:
    supervisor = Supervisor(parts)
    async with AsyncExitStack() as stack:
        # Held open to the end, it keeps one private MongoDB over all parts; the schema is made before any of them looks at it.
        store = await stack.enter_async_context(opened(config))
        await say_if_simulated(store)
        at = await stack.enter_async_context(
            serving(port=port, health=lambda: _health(store, supervisor), metrics=lambda: metrics_of(store))
        )
        await stack.enter_async_context(following(store, "up"))
        if any(part.name == "node" for part in parts):
            await _deploy(store)
        say("up", f"http://127.0.0.1:{at}/healthz and /metrics; state of everything: monitor status; stop: Ctrl-C")
        try:
            await supervisor.run()
        finally:
            say("up", "all parts have ended")


async def _deploy(store: Store) -> None:
    """Give the node the installed program to run, unless somebody deployed a version of their own."""
    egg, own = await asyncio.to_thread(own_egg), OwnDeploy(store.database)
    if not await own.is_wanted(sha256(egg).hexdigest()):
        return
    version = f"{monitor.__version__}.post{round(clock.now().timestamp())}"
    with tempfile.NamedTemporaryFile(prefix="monitor-", suffix=".egg") as file:
        file.write(egg)
        file.flush()
        deploy = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "monitor", "fleet", "deploy", "--version", version, "--egg", file.name,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            said, _ = await deploy.communicate()
        finally:
            if deploy.returncode is None:  # we are told to stop
                deploy.kill()
    for line in said.decode("utf-8", "replace").splitlines():
        say("deploy", line)
    if deploy.returncode:
        raise ConfigurationError("This program could not be deployed to its own node; the lines above say why.")
    await own.note(version)


async def _health(store: Store, supervisor: Supervisor) -> Health:
    """Well where all parts run and MongoDB answers."""
    mongodb = "answers"
    try:
        async with asyncio.timeout(PING_S):
            await store.sources.find("")
    except (MonitorError, TimeoutError) as error:
        mongodb = str(error) or f"no answer within {PING_S:.0f} s"
    return Health(well=supervisor.well and mongodb == "answers", told={"mongodb": mongodb, "parts": supervisor.told()})
