"""`monitor compare`: topics or scopes side by side: share of voice, change, sentiment, engagement, and what they have in common."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import click
from rich.console import Console
from rich.text import Text

from monitor import clock
from monitor.analysis.net_sentiment import net_sentiment
from monitor.cli.opened import opened, run, say_if_removed, say_if_simulated
from monitor.cli.plain import plain
from monitor.cli.scoped import scope_of
from monitor.cli.table_csv import echo_csv
from monitor.cli.trend_tables import print_rows
from monitor.config import load
from monitor.scope import Scope
from monitor.trends.compared import COLUMNS, json_of, rows_of
from monitor.trends.comparison import Comparison, Standing
from monitor.trends.comparison import compare as gathered
from monitor.trends.sides import Named, Side, named, named_or_topic, sides_of


@click.command()
@click.argument("compared", metavar="TOPIC-OR-SCOPE...", nargs=-1, required=True)
@click.option("--within", metavar="SCOPE", default="", help="What all have in common, such as 'from=-7d&tz=Europe/Berlin'.")
@click.option(
    "--coverage", "with_coverage", is_flag=True, help="Judge only hours that all sources cover, and say how much that is."
)
@click.option("--json", "form", flag_value="json", type=click.Choice(["json", "csv"]), help="One JSON object on stdout.")
@click.option("--csv", "form", flag_value="csv", help="One table with totals on stdout.")
def compare(compared: tuple[str, ...], within: str, with_coverage: bool, form: str | None) -> None:
    """Compare 2 to 10 topics, by their ids, or scopes: shares, change, sentiment, engagement and overlap, with intervals.

    The period is widened to full hours. A post that belongs to two of them counts for both.
    """
    now = clock.now()
    told = _named(within, now, named)
    sides = sides_of([_named(each, now, named_or_topic) for each in compared], told)
    common = replace(told.scope, zone=sides[0].scope.zone)
    found = run(_read(sides, common, with_coverage=with_coverage))
    if found is None or not any(one.posts for one in found.standings):
        click.echo("No stored post is in any of them.", err=True)
    if found is None:
        click.echo("null") if form == "json" else echo_csv(COLUMNS, ()) if form == "csv" else None
        return
    if form == "json":
        click.echo(json.dumps(json_of(found), ensure_ascii=False))
    elif form == "csv":
        echo_csv(COLUMNS, rows_of(found))
    else:
        _print(found, Console())
        for label, covered in found.covered.items():
            click.echo(plain(f"{label}: {covered.sentence}"))
    for warning in found.warnings:
        click.echo(f"Not equal: {plain(warning)}.", err=True)
    if found.freshness is not None and found.freshness.waiting:
        click.echo(f"{found.freshness.waiting} hours are not counted yet. To count them: monitor rollup", err=True)


def _named(text: str, now: datetime, read: Callable[..., Named]) -> Named:
    """What was typed, be it a saved search, whose printed form says its zone unless that is UTC."""
    if text.lstrip().startswith("@"):
        scope = scope_of(text, now=now)
        return Named(text=text, scope=scope, zoned=scope.zone != "UTC")
    return read(text, now=now, zone=load().zone)


async def _read(sides: tuple[Side, ...], common: Scope, *, with_coverage: bool) -> Comparison | None:
    async with opened() as store:
        await say_if_simulated(store)
        await say_if_removed(store, common, now=clock.now())
        return await gathered(store, sides, common, now=clock.now(), with_coverage=with_coverage)


def _print(found: Comparison, console: Console) -> None:
    begin, end = (f"{at.astimezone(found.zone):%Y-%m-%d %H:%M}" for at in (found.period.start, found.period.end))
    console.print(Text(f"{begin} to {end} ({found.zone.key}); all together {found.whole:,} posts"))
    headings = ("", "posts", "share", "stories", "change")
    print_rows(console, "Share of voice", headings, [_row(found, one) for one in found.standings])
    print_rows(
        console, "Who and how", ("", "authors", "engagement", "net sentiment"), [_manner(one) for one in found.standings]
    )
    rows = [
        (f"{one.first} / {one.second}", _signed(one.net), _signed(one.negative), "yes" if one.differ else "not beyond chance")
        for one in found.differences
    ]
    print_rows(console, "Differences in sentiment", ("", "net sentiment", "negative share", "differ"), rows)
    if found.overlaps is None:
        console.print(Text("\nThere are too many posts to find common ones: narrow the period."))
    else:
        common = [
            (f"{one.first} / {one.second}", f"{one.posts:,}", f"{one.authors:,}", f"{one.jaccard:.3f}", f"{one.lift:.2f}")
            for one in found.overlaps
        ]
        print_rows(console, "In common", ("", "posts", "authors", "Jaccard", "lift"), common)
    speakers = [(one.account, ", ".join(f"{label} {posts:,}" for label, posts in one.posts.items())) for one in found.speakers]
    print_rows(console, f"Accounts in several: {found.several:,}", ("account", "posts in each"), speakers)


def _row(found: Comparison, one: Standing) -> tuple[str, ...]:
    share, unique = found.shares.get(one.side.label), found.unique_shares.get(one.side.label)
    sure = f"{share.share:.1%} ({share.interval.low:.1%} to {share.interval.high:.1%})" if share else "-"
    stories = f"{one.unique:,} ({unique.share:.1%})" if unique else f"{one.unique:,}"
    ratio = one.compared.change.ratio if one.compared else None
    change = "-" if ratio is None else f"{ratio - 1:+.0%}" + ("" if one.compared and one.compared.change.certain else " ?")
    return one.side.label, f"{one.posts:,}", sure, stories, change


def _manner(one: Standing) -> tuple[str, ...]:
    net = net_sentiment(one.labels)
    if net is None:
        sentiment = "-"
    elif net.interval is None:
        sentiment = f"{net.value:+.2f} (few)"
    else:
        sentiment = f"{net.value:+.2f} ({net.interval.low:+.2f} to {net.interval.high:+.2f})"
    return one.side.label, f"{one.authors:,}", f"{one.engagement.total:,}", sentiment


def _signed(interval: object) -> str:
    low, high = getattr(interval, "low", None), getattr(interval, "high", None)
    return "few" if low is None or high is None else f"{low:+.2f} to {high:+.2f}"
