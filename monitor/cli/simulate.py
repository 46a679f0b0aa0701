"""`monitor simulate`: the platforms on loopback, until it is told to stop."""

import asyncio
import json
import os
import signal
from contextlib import suppress
from datetime import UTC, datetime

import click

from monitor.errors import UsageError
from monitor.simulator.clock import SimulatedClock
from monitor.simulator.endless import Pace
from monitor.simulator.faults import NAMES, Switch
from monitor.simulator.quota import DEFAULT_REQUESTS, DEFAULT_SECONDS
from monitor.simulator.server import PORTS, Simulator
from monitor.simulator.world import Plan

_LOOK_S = 1.0  # how soon the end of the parent is noticed


def _moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no RFC 3339 moment such as 2026-11-22T10:00:00Z") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _switches(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[Switch]:
    try:
        return [Switch.read(value) for value in values]
    except (UsageError, ValueError) as error:
        raise click.BadParameter(str(error)) from error


def _limit(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[int, float]:
    if value is None:
        return DEFAULT_REQUESTS, DEFAULT_SECONDS
    requests, _, seconds = value.partition("/")
    try:
        limit = int(requests), float(seconds)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not REQUESTS/SECONDS, such as 300/300") from error
    if limit[0] < 1 or limit[1] <= 0:
        raise click.BadParameter(f"{value!r}: both numbers have to be above 0")
    return limit


def _pace(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Pace | None:
    if value is None:
        return None
    rate, _, backlog = value.partition(",")
    try:
        pace = Pace(per_second=float(rate), backlog=int(backlog or 0))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not POSTS_PER_SECOND[,BACKLOG], such as 50,2000") from error
    if pace.per_second <= 0 or pace.backlog < 0:
        raise click.BadParameter(f"{value!r}: the pace has to be above 0 and the backlog not below")
    return pace


@click.command(epilog=f"Faults: {', '.join(NAMES)}.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed on the same day gives the same world.")
@click.option(
    "--port", type=click.IntRange(0, 65_536 - PORTS), default=0, help=f"First of {PORTS} in a row [default: free ones]."
)
@click.option("--days", type=click.IntRange(1, 3650), default=28, show_default=True, help="How far back the world goes.")
@click.option(
    "--posts",
    type=click.IntRange(1),
    default=7000,
    show_default=True,
    help="Posts over these days, on Mastodon, Hacker News and in feeds; each other platform has 6 % as many.",
)
@click.option("--delay", type=click.IntRange(0), default=0, help="Milliseconds before every reply.")
@click.option(
    "--fault", "faults", multiple=True, callback=_switches, metavar="NAME[:RATE][,KEY=VALUE...]", help="Switch a fault on."
)
@click.option("--limit", callback=_limit, metavar="REQUESTS/SECONDS", help="Refuse what is beyond this rate, per platform.")
@click.option(
    "--now", callback=_moment, metavar="MOMENT", help="Stand still at this moment (or begin there, with --accelerate)."
)
@click.option("--accelerate", type=click.FloatRange(0), default=None, help="Seconds that pass in the world per second.")
@click.option("--with-parent", is_flag=True, help="End when the process that started this one has ended.")
@click.option("--endless", callback=_pace, metavar="POSTS_PER_SECOND[,BACKLOG]", help="Serve #endless at this pace.")
def simulate(
    seed: int,
    port: int,
    days: int,
    posts: int,
    delay: int,
    faults: list[Switch],
    limit: tuple[int, float],
    now: datetime | None,
    accelerate: float | None,
    with_parent: bool,
    endless: Pace | None,
) -> None:
    """Serve simulated platforms on loopback, and print their addresses as one line of JSON when they are ready.

    Stops at Ctrl-C or SIGTERM with exit code 0. Everything it serves is invented.
    """
    rate = accelerate if accelerate is not None else 0.0 if now is not None else 1.0
    simulator = Simulator(
        plan=Plan(seed=seed, days=days, posts=posts),
        world_clock=SimulatedClock(start=now, rate=rate),
        faults=faults,
        limit=limit,
        delay_s=delay / 1000,
        endless=endless,
        port=port,
    )
    asyncio.run(_serve(simulator, parent=os.getppid() if with_parent else None))


async def _serve(simulator: Simulator, *, parent: int | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with simulator:
        click.echo(json.dumps(simulator.ready()))
        click.echo("Simulated platforms are ready. Stop with Ctrl-C.", err=True)
        while not stop.is_set() and parent in {None, os.getppid()}:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK_S)
