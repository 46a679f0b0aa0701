"""`monitor backfill`: have the holes of a scope read, as far as platforms still show that time, within a number of calls."""

import json
import sys
from datetime import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor import clock
from monitor.backfill import NEXT_POLL, Fill
from monitor.cli.coverage import clock_told, hole_told, length_told, plain
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.scoped import scope_of
from monitor.crawl.exported import moment
from monitor.crawl.platforms import platforms
from monitor.crawl.spider import PlatformSpider
from monitor.scope import Scope
from monitor.source import Source
from monitor.stages.backfill import Look, Paging, Planned, carry_out, plan
from monitor.store.scope_coverage import ScopeCoverage, scope_coverage

CALLS = 100
_PARTIAL = 6  # the exit code for "done, but not all of it"


@click.command()
@click.argument("scope_text", metavar="[SCOPE]", default="")
@click.option("--calls", type=click.IntRange(1), default=CALLS, show_default=True, help="At most so many pages are asked for.")
@click.option("--dry-run", is_flag=True, help="Only say what could be filled, and at how many calls.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def backfill(scope_text: str, *, calls: int, dry_run: bool, as_json: bool) -> None:
    """Have the holes in the time of SCOPE read by the next polls of its sources, the newest first.

    Nothing is asked here: holes become gaps of bookmarks, which `monitor collect` reads after fresh posts. May be repeated:
    what is being read already is left as it is. Exit code: 0, or 6 where a source was being read at this moment.
    """
    now = clock.now()
    scope = scope_of(scope_text, now=now)
    covered, planned, busy = run(_filled(scope, calls=calls, dry_run=dry_run, now=now))
    if as_json:
        click.echo(json.dumps(_told(scope, covered, planned, busy, calls=calls, dry_run=dry_run), ensure_ascii=False))
    else:
        _print(scope, covered, planned)
    _say(planned, busy, dry_run=dry_run)
    if busy:
        sys.exit(_PARTIAL)


async def _filled(
    scope: Scope, *, calls: int, dry_run: bool, now: datetime
) -> tuple[ScopeCoverage, tuple[Planned, ...], tuple[str, ...]]:
    async with opened() as store:
        await say_if_simulated(store)
        covered = await scope_coverage(store.database, scope, now=now)
        if covered.removed:
            click.echo(covered.removed, err=True)
        planned = await plan(store, covered, _look(), calls=calls, now=now)
        owner = f"backfill:{uuid4().hex}"
        busy = () if dry_run else await carry_out(store, planned, owner=owner, now=now)
        return covered, planned, busy


def _look() -> Look:
    """What the installed platforms say of their sources."""
    known: dict[str, PlatformSpider] = {name: spider() for name, spider in platforms().items()}

    def look(source: Source) -> Paging | str:
        spider = known.get(source.platform)
        kind = None if spider is None else spider.kinds.get(source.kind)
        if spider is None or kind is None:
            return f"{source.platform} is no platform that is installed, or has no such sources"
        if kind.live:
            return "a stream is not asked for the past"
        return Paging(rules=spider.rules(source), page_size=spider.page_size)

    return look


def _told(
    scope: Scope, covered: ScopeCoverage, planned: tuple[Planned, ...], busy: tuple[str, ...], *, calls: int, dry_run: bool
) -> dict[str, Any]:
    return {
        "scope": str(scope),
        "from": moment(covered.coverage.period.start),
        "to": moment(covered.coverage.period.end),
        "calls": calls,
        "dry_run": dry_run,
        "planned_calls": sum(each.calls for each in planned),
        "busy": list(busy),
        "holes": [
            {"source": each.source}
            | hole_told(fill.hole)
            | {
                "fill": fill.gap is not None,
                "estimated_calls": fill.calls or None,
                "calls": None if fill.gap is None else fill.gap.calls,
                "why_not": fill.reason,
            }
            for each in planned
            for fill in each.fills
        ],
    }


def _print(scope: Scope, covered: ScopeCoverage, planned: tuple[Planned, ...]) -> None:
    console, zone = Console(width=1000), ZoneInfo(scope.zone)
    begin, end = (clock_told(at, zone) for at in (covered.coverage.period.start, covered.coverage.period.end))
    console.print(Text(f"{begin} to {end} ({zone.key}): {covered.sentence}"))
    holes = [(fill, each.source) for each in planned for fill in each.fills if fill.reason != NEXT_POLL]
    if not holes:
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("hole from", "to", "length", "state", "what", "source"):
        table.add_column(heading, no_wrap=True, justify="right" if heading == "length" else "left")
    for fill, source in holes:
        hole = fill.hole
        begin, end = clock_told(hole.from_at, zone), clock_told(hole.to_at, zone)
        table.add_row(begin, end, length_told(hole.length), hole.state, _what(fill), Text(plain(source)))
    console.print(table)


def _what(fill: Fill) -> str:
    if fill.gap is None:
        return fill.reason or "-"
    return f"about {fill.calls} calls, at most {fill.gap.calls}"


def _say(planned: tuple[Planned, ...], busy: tuple[str, ...], *, dry_run: bool) -> None:
    asked = [each for each in planned if each.calls and each.source not in busy]
    calls, count = sum(each.calls for each in asked), sum(fill.gap is not None for each in asked for fill in each.fills)
    if dry_run:
        click.echo(f"{count} holes can be filled, with at most {calls} calls. Nothing was changed.", err=True)
    elif asked:
        click.echo(f"{count} holes are to be filled, with at most {calls} calls. To read them: monitor collect", err=True)
    else:
        click.echo("No hole was opened for filling.", err=True)
    if busy:
        names = ", ".join(busy[:5]) + (", ..." if len(busy) > 5 else "")
        click.echo(f"Being read at this moment, and left as they are: {names}. Repeat the command for them.", err=True)
