"""`monitor fleet planner`: keeps enough shifts queued; any number may run, one acts."""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from uuid import uuid4

import click

from monitor.cli.follow import following
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.config import Config, load
from monitor.crawl.arguments import duration
from monitor.crawl.credential import credentials
from monitor.crawl.spider import PlatformSpider
from monitor.errors import ConfigurationError, RetryLater, UsageError
from monitor.fleet.demand import MOST
from monitor.fleet.field_guard import LOOK_S, stop_worse_versions
from monitor.fleet.health import Health, metrics_of, serving
from monitor.fleet.planner import ROUND_S, Planner, Round, Rules
from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.field_counts import FieldCounts
from monitor.store.plans import Plans

SHIFT = "10m"


@click.command()
@click.option("--once", is_flag=True, help="One round, whoever has the turn; then end.")
@click.option(
    "--every", "every_s", type=click.FloatRange(0.1), default=ROUND_S, show_default=True, help="Seconds between rounds."
)
@click.option("--most", type=click.IntRange(1), default=MOST, show_default=True, help="Shifts at a time for one credential.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Serve /healthz and /metrics on this port of loopback.")
def planner(once: bool, every_s: float, most: int, port: int | None) -> None:
    """Keep enough shifts queued for the nodes, by platform and credential, as sources are due. Goes on until Ctrl-C.

    Any number may run, on any machine: one of them acts, and another goes on when it is gone.
    """
    config = load()
    rules = rules_of(config, most=most)
    if once:
        click.echo(told(run(_once(config, rules))))
    else:
        run(_follow(config, rules, every_s=every_s, port=port))


def rules_of(config: Config, *, most: int = MOST) -> Rules:
    """The planner's rules by configuration. Raises ConfigurationError."""
    shift = config.environment.get("MONITOR_SHIFT") or SHIFT
    try:
        length = duration(shift)
    except UsageError as error:
        raise ConfigurationError(f"MONITOR_SHIFT={shift} is no length of time: use 45s, 10m or 1h.") from error
    from monitor.settings import MONITOR_WALKS

    return Rules(shift=shift, shift_s=length.total_seconds(), walks=MONITOR_WALKS, most=most, disabled=config.disabled)


def planner_of(store: Store, config: Config, rules: Rules, *, owner: str | None = None) -> Planner:
    """A planner as it acts on the fleet: it knows credentials and streams. Loads all platforms."""
    from monitor.crawl.platforms import platforms

    known = platforms()
    return Planner(
        plans=Plans(store.database),
        rules=rules,
        owner=owner or f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}",
        label=_labels(config, known),
        live=_streams(known),
    )


def told(found: Round) -> str:
    """A round in a line."""
    if not found.acted:
        return "another planner has the turn"
    return (
        f"{found.due:,} of {found.sources:,} sources due, {found.wanted:,} shifts wanted: "
        f"{found.queued:,} queued, {found.withdrawn:,} taken back"
    )


async def _once(config: Config, rules: Rules) -> Round:
    async with opened(config) as store:
        await say_if_simulated(store)
        return await planner_of(store, config, rules).plan()


async def _follow(config: Config, rules: Rules, *, every_s: float, port: int | None) -> None:
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(opened(config))
        await say_if_simulated(store)
        made = planner_of(store, config, rules)
        last = Round(acted=False)

        def after(found: Round) -> None:
            nonlocal last
            pulse.count("planner_rounds", float(found.acted))
            pulse.count("shifts_queued", found.queued)
            if found.queued or found.withdrawn or found.acted != last.acted:
                click.echo(told(found))
            last = found

        async def health() -> Health:
            return Health(well=True, told={"acting": last.acted, "wanted": last.wanted})

        if port is not None:
            at = await stack.enter_async_context(serving(port=port, health=health, metrics=lambda: metrics_of(store)))
            click.echo(f"http://127.0.0.1:{at}/healthz and /metrics", err=True)

        async def guard() -> None:
            while True:
                await asyncio.sleep(LOOK_S)
                with suppress(RetryLater):
                    for drop in await stop_worse_versions(FieldCounts(store.database)):
                        click.echo(f"version {drop.version} is stopped: {drop}")

        # Entered last, so that it is left first: a stop gives the turn back and says so while the store is open.
        pulse = await stack.enter_async_context(following(store, "planner"))
        await asyncio.gather(made.follow(told=after, every_s=every_s), guard())


def _labels(config: Config, known: Mapping[str, type[PlatformSpider]]) -> Callable[[Source], str]:
    """The credential of a source: the same for all of one kind on one server, so that a round asks platforms for few of them."""
    spiders = {name: spider() for name, spider in known.items()}
    found: dict[tuple[str, str, str | None], str] = {}

    def label_of(source: Source) -> str:
        key = (source.platform, source.kind, source.parameters.get("instance"))
        if key not in found:
            found[key] = f"{source.platform}:"  # of a platform whose file is not here: whoever has it polls it
            if source.platform in spiders:
                with suppress(ConfigurationError):  # the crawl tells it
                    found[key] = credentials(spiders[source.platform], config, source)[0].label
        return found[key]

    return label_of


def _streams(known: Mapping[str, type[PlatformSpider]]) -> Callable[[Source], bool]:
    """Whether a source is a stream, by what its platform says."""
    live = {(name, kind) for name, spider in known.items() for kind, says in spider.kinds.items() if says.live}
    return lambda source: (source.platform, source.kind) in live
