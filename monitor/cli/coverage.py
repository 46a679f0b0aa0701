"""`monitor coverage`: which part of a scope's time was read, by source and platform, and what two ways of reading tell of the rest."""

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor import clock
from monitor.analysis.coverage import Hole
from monitor.analysis.recapture import ASSUMPTION, FEWEST_SEEN_TWICE, Recapture, recapture
from monitor.cli.coverage_bar import bar, legend
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.scoped import scope_of
from monitor.crawl.exported import moment
from monitor.scope import Scope
from monitor.store.scope_coverage import DEFAULT_DAYS, ScopeCoverage, percent, scope_coverage, together_told, within_period
from monitor.store.scope_volume import ScopeVolume
from monitor.store.sightings import Pair, Sightings

MOST_HOLES = 10  # on the terminal, the longest; --json has all


@click.command()
@click.argument("scope_text", metavar="[SCOPE]", default="")
@click.option("--recall", is_flag=True, help="Also estimate, from posts that came by two ways, how many came by none.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def coverage(scope_text: str, *, recall: bool, as_json: bool) -> None:
    """Show which part of the time of SCOPE was read, source by source, and where the holes are.

    It counts what was asked and answered. What a platform does not show is no hole; --recall is about that.
    """
    now = clock.now()
    scope = scope_of(scope_text, now=now)
    covered, pairs = run(_read(scope, recall=recall, now=now))
    estimates = [(pair, recapture(pair.first, pair.second, pair.both)) for pair in pairs]
    if as_json:
        told = coverage_told(scope, covered)
        told |= {"recall": [_recaptured(*each) for each in estimates], "assumption": ASSUMPTION} if recall else {}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    _print(scope, covered)
    if recall:
        _print_recall(estimates)


async def _read(scope: Scope, *, recall: bool, now: datetime) -> tuple[ScopeCoverage, tuple[Pair, ...]]:
    async with opened() as store:
        await say_if_simulated(store)
        covered = await scope_coverage(store.database, scope, now=now)
        if covered.removed:
            click.echo(covered.removed, err=True)
        if not recall:
            return covered, ()
        within = within_period(scope, covered.coverage.period).frozen(now)
        return covered, await Sightings(store.database).pairs(within.asks(now), stored_by=within.stored_by())


def coverage_told(scope: Scope, covered: ScopeCoverage) -> dict[str, Any]:
    """The object that `--json` prints."""
    found = covered.coverage
    return {
        "scope": str(scope),
        "tz": scope.zone,
        "from": moment(found.period.start),
        "to": moment(found.period.end),
        "assumed_from": covered.assumed_begin,
        "about": covered.about,
        "sentence": covered.sentence,
        **together_told(found.whole),
        "platforms": [{"platform": platform, **together_told(together)} for platform, together in found.platforms.items()],
        "by_source": [
            {
                "source": each.source,
                "platform": each.platform,
                "covered": each.covered,
                "states": dict(each.shares),
                "holes": [hole_told(hole) for hole in each.holes],
            }
            for each in found.sources
        ],
    }


def volume_told(found: ScopeVolume) -> dict[str, Any]:
    """The object `coverage` in what `monitor stats --coverage --json` prints."""
    volume, interval = found.volume, found.volume.interval
    return {
        **found.covered.told,
        "sentence": found.sentence,
        "posts_counted": volume.counted,
        "missing_hours": volume.missing_hours,
        "posts_estimated": volume.posts,
        "posts_interval": None if interval is None else [interval.low, interval.high],
        "too_little_known": list(found.unknown),
    }


def hole_told(hole: Hole) -> dict[str, Any]:
    """A hole in `--json`."""
    return {
        "from": moment(hole.from_at),
        "to": moment(hole.to_at),
        "seconds": hole.length.total_seconds(),
        "state": hole.state,
        "reason": hole.reason,
    }


def length_told(length: timedelta) -> str:
    """A length of time in its two largest units, such as `2 d 4 h`."""
    seconds = round(length.total_seconds())
    for unit, size, smaller, part in (("d", 86_400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if seconds >= size:
            rest = seconds % size // part
            return f"{seconds // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{seconds} s"


def clock_told(at: datetime, zone: ZoneInfo) -> str:
    """A moment by the clocks of a zone, to the minute."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _recaptured(pair: Pair, found: Recapture) -> dict[str, Any]:
    return {
        "ways": list(pair.ways),
        "first": pair.first,
        "second": pair.second,
        "both": pair.both,
        "posts": found.posts,
        "interval": None if found.interval is None else [found.interval.low, found.interval.high],
    }


# ---- on the terminal


def _print(scope: Scope, covered: ScopeCoverage) -> None:
    console, zone, found = Console(width=1000), ZoneInfo(scope.zone), covered.coverage
    begin, end = (clock_told(at, zone) for at in (found.period.start, found.period.end))
    chosen = f", the last {DEFAULT_DAYS} days of it, since the scope has no from=" if covered.assumed_begin else ""
    console.print(Text(f"{begin} to {end} ({zone.key}){chosen}"))
    console.print(Text(covered.sentence, style="bold"))
    console.print(Text(covered.about))
    if not found.sources:
        click.echo("Make sources with: monitor track WORD", err=True)
        return
    console.print()
    table = _table("covered", "", "holes", "source")
    for each in found.sources:
        table.add_row(percent(each.covered), bar(found.period, each.holes), str(len(each.holes)), Text(plain(each.source)))
    console.print(table)
    console.print(legend())
    console.print()
    table = _table("platform", "sources", "by every source", "by one at least", "of the time of its sources")
    for platform, together in found.platforms.items():
        states = ", ".join(f"{state} {percent(share)}" for state, share in together.shares.items())
        row = (platform, str(together.sources), percent(together.every), percent(together.any), Text(plain(states)))
        table.add_row(*row)
    console.print(table)
    _print_holes(console, covered, zone)


def _print_holes(console: Console, covered: ScopeCoverage, zone: ZoneInfo) -> None:
    holes = [(hole, each.source) for each in covered.coverage.sources for hole in each.holes]
    if not holes:
        return
    holes.sort(key=lambda pair: pair[0].length, reverse=True)
    console.print()
    table = _table("hole from", "to", "length", "state", "reason", "source")
    for hole, source in holes[:MOST_HOLES]:
        begin, end = clock_told(hole.from_at, zone), clock_told(hole.to_at, zone)
        table.add_row(
            begin, end, length_told(hole.length), *(Text(plain(told)) for told in (hole.state, hole.reason or "-", source))
        )
    console.print(table)
    if len(holes) > MOST_HOLES:
        click.echo(f"These are the longest of {len(holes)} holes; --json has all. To fill them: monitor backfill", err=True)


def _print_recall(estimates: list[tuple[Pair, Recapture]]) -> None:
    console = Console(width=1000)
    console.print()
    if not estimates:
        console.print(Text("No estimate of what was missed: these posts came by one way each, and two are needed."))
        console.print(Text("Ways are told apart by platform and server, such as two servers of Mastodon."))
        return
    table = _table("by the first", "the second", "both", "there were about", "ways")
    for pair, found in estimates:
        ways = Text(plain(" and ".join(pair.ways)))
        table.add_row(f"{pair.first:,}", f"{pair.second:,}", f"{pair.both:,}", _estimate(found), ways)
    console.print(table)
    console.print(Text(ASSUMPTION))


def _estimate(found: Recapture) -> str:
    if found.posts is None or found.interval is None:
        return f"not told: fewer than {FEWEST_SEEN_TWICE} in common"
    return f"{found.posts:,.0f} ({found.interval.low:,.0f} to {found.interval.high:,.0f})"


def _table(*headings: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    right = {
        "covered",
        "holes",
        "sources",
        "by every source",
        "by one at least",
        "by the first",
        "the second",
        "both",
        "length",
    }
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", no_wrap=True)
    return table


def plain(text: str) -> str:
    """One line of what a platform or a person named, without what would move the cursor or turn the line around."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in " ".join(text.split()))
