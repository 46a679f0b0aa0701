"""`monitor trends`: what happens in a scope: volume, spikes, change, what rises, and who and what is behind it."""

import json

import click
from rich.console import Console

from monitor import clock
from monitor.analysis.spike import Sensitivity
from monitor.cli.opened import opened, run, say_if_removed, say_if_simulated
from monitor.cli.scoped import scope_of
from monitor.cli.table_csv import echo_csv
from monitor.cli.trend_tables import print_trends
from monitor.errors import UsageError
from monitor.trends.gathering import SECTIONS
from monitor.trends.hours import Interval
from monitor.trends.told import COLUMNS, json_of, rows_of
from monitor.trends.trends import LIMIT, Asked, Trends, read_trends


@click.command()
@click.argument("scope_text", metavar="[SCOPE]", default="")
@click.option(
    "--interval", type=click.Choice(["1h", "1d"]), default="1h", show_default=True, help="Width of the volume's bars."
)
@click.option("--only", metavar="SECTIONS", help=f"Sections, separated by commas: {', '.join(SECTIONS)}.")
@click.option(
    "--sensitivity",
    type=click.Choice(["low", "normal", "high"]),
    default="normal",
    show_default=True,
    help="Of spikes and drops.",
)
@click.option("--limit", type=click.IntRange(1, 100), default=LIMIT, show_default=True, help="Rows of each list.")
@click.option(
    "--coverage", "with_coverage", is_flag=True, help="Judge only hours that all sources cover, and say how much that is."
)
@click.option("--json", "form", flag_value="json", type=click.Choice(["json", "csv"]), help="One JSON object on stdout.")
@click.option("--csv", "form", flag_value="csv", help="One table of all sections on stdout.")
def trends(
    scope_text: str,
    interval: Interval,
    only: str | None,
    sensitivity: Sensitivity,
    limit: int,
    with_coverage: bool,
    form: str | None,
) -> None:
    """Show what happens in SCOPE: volume with what is usual, spikes, change, what rises, top lists, stories, topics, coordination.

    The period is widened to full hours. Volume, spikes, change and rhythm come from rollups where these answer the scope.
    """
    now = clock.now()
    asked = Asked(
        scope=scope_of(scope_text, now=now),
        now=now,
        sections=_sections(only),
        interval=interval,
        sensitivity=sensitivity,
        limit=limit,
        with_coverage=with_coverage,
    )
    found = run(_read(asked))
    if found is None or not (found.hours.posts or found.read):
        click.echo(f"No stored post is in the scope {str(asked.scope) or 'of all posts'}.", err=True)
    if found is None:
        click.echo("null") if form == "json" else echo_csv(COLUMNS, ()) if form == "csv" else None
        return
    if form == "json":
        click.echo(json.dumps(json_of(found), ensure_ascii=False))
    elif form == "csv":
        echo_csv(COLUMNS, rows_of(found))
    else:
        print_trends(found, Console())
        if found.covered is not None:
            click.echo(f"\n{found.covered.sentence}")
    _warn(found)


async def _read(asked: Asked) -> Trends | None:
    async with opened() as store:
        await say_if_simulated(store)
        await say_if_removed(store, asked.scope, now=asked.now)
        return await read_trends(store, asked)


def _sections(only: str | None) -> tuple[str, ...]:
    if only is None:
        return SECTIONS
    chosen = [name.strip() for name in only.split(",") if name.strip()]
    strange = [name for name in chosen if name not in SECTIONS]
    if strange or not chosen:
        what = f"There is no section {', '.join(strange)}." if strange else "--only names no section."
        raise UsageError(f"{what} The sections are {', '.join(SECTIONS)}.")
    return tuple(name for name in SECTIONS if name in chosen)


def _warn(found: Trends) -> None:
    fresh = found.hours.freshness
    if fresh is not None and fresh.waiting:
        click.echo(f"{fresh.waiting} hours are not counted yet. To count them: monitor rollup", err=True)
    if found.hours.missing_hours:
        click.echo(f"{found.hours.missing_hours} hours of the period are not known to be collected, and not judged.", err=True)
