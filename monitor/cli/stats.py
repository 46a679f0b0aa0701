"""`monitor stats`: the figures of a scope: posts per day, platforms, sentiment, and the most frequent tags, authors and domains."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor import clock
from monitor.analysis.bucket import Period
from monitor.analysis.interval import Interval
from monitor.analysis.net_sentiment import Labels, net_sentiment
from monitor.analysis.share import Share, shares
from monitor.cli.coverage import volume_told
from monitor.cli.opened import opened, run, say_if_removed, say_if_simulated
from monitor.cli.plain import plain
from monitor.cli.posts import NOTHING_FOUND
from monitor.cli.scoped import scope_of
from monitor.crawl.exported import moment
from monitor.moment import written
from monitor.scope import Scope
from monitor.store.connection import Store
from monitor.store.figures import Figures
from monitor.store.scope_coverage import period_of
from monitor.store.scope_volume import ScopeVolume, scope_volume
from monitor.store.scoped import answered_by_rollups, window_of
from monitor.store.search import Search
from monitor.store.summary import Summaries, Summary, counted
from monitor.store.window import Window

ROWS = 10  # of the most frequent of each kind
_WIDEST_BAR = 40


@click.command()
@click.argument("scope_text", metavar="[SCOPE]", default="")
@click.option(
    "--coverage", "with_coverage", is_flag=True, help="Also how much of the time was read, and an estimate of the rest."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.option("--fail-empty", is_flag=True, help="Exit code 3 when there is no such post.")
def stats(scope_text: str, *, with_coverage: bool, as_json: bool, fail_empty: bool) -> None:
    """Count the stored posts of SCOPE by day and platform, with net sentiment, and its top tags, authors and domains.

    Days are those of the scope's tz. Scopes of one topic, platforms and a period are answered from rollups, others by counting posts.
    """
    now = clock.now()
    scope = scope_of(scope_text, now=now)
    summary, volume = run(_read(scope, now, with_coverage=with_coverage))
    if as_json:
        coverage = {} if volume is None else {"coverage": volume_told(volume)}
        click.echo(json.dumps(stats_told(scope, summary) | coverage, ensure_ascii=False))
    elif summary is None or not summary.whole.posts:
        click.echo(f"No stored post is in the scope {str(scope) or 'of all posts'}.", err=True)
    else:
        _print(scope, summary)
    if volume is not None and not as_json:
        click.echo(volume.sentence)
    if summary is not None and summary.freshness is not None and summary.freshness.waiting:
        click.echo(f"{summary.freshness.waiting} hours are not counted yet. To count them: monitor rollup", err=True)
    waits = summary is not None and summary.freshness is not None and summary.freshness.waiting
    if fail_empty and not waits and (summary is None or not summary.whole.posts):  # what is not counted yet may be posts
        raise click.exceptions.Exit(NOTHING_FOUND)


async def _read(scope: Scope, now: datetime, *, with_coverage: bool) -> tuple[Summary | None, ScopeVolume | None]:
    """The summary (None: there is no such post, and so no period where the scope has an open end), and what was read of its time."""
    async with opened() as store:
        await say_if_simulated(store)
        await say_if_removed(store, scope, now=now)
        window = await window_of(store.database, scope, now=now)
        summary = None if window is None else await summary_of(store, scope, window, now)
        if not with_coverage:
            return summary, None
        frozen = scope.frozen(now)
        if window is None or window.from_at >= now:
            period = period_of(frozen, now=now)[0]
        else:
            period = Period(start=window.from_at, end=min(window.to_at, now))  # what is to come is no hole
        by_rollups = answered_by_rollups(scope)
        return summary, await scope_volume(store.database, frozen, period, by_rollups=by_rollups, now=now)


async def summary_of(store: Store, scope: Scope, window: Window, now: datetime) -> Summary:
    zone = ZoneInfo(scope.zone)
    if answered_by_rollups(scope):
        return await Summaries(store.database).rolled(window, zone, limit=ROWS)
    within = replace(scope.frozen(now), begin=written(window.from_at), end=written(window.to_at))
    posts = Search(store.database).posts(within.asks(now), stored_by=within.stored_by())
    return await counted(posts, window, zone, limit=ROWS)


def stats_told(scope: Scope, summary: Summary | None) -> dict[str, Any]:
    told: dict[str, Any] = {"scope": str(scope), "tz": scope.zone}
    if summary is None:
        empty: dict[str, Any] = {name: [] for name in ("days", "platforms", "tags", "authors", "domains")}
        return (
            told
            | {"from": None, "to": None, "answered_by": None, "dirty_hours": None, "waiting_hours": None}
            | _figures(Figures())
            | empty
        )
    fresh = summary.freshness
    told |= {
        "from": moment(summary.cuts[0]),
        "to": moment(summary.cuts[-1]),
        "answered_by": "posts" if fresh is None else "rollups",
        "dirty_hours": None if fresh is None else fresh.dirty,
        "waiting_hours": None if fresh is None else fresh.waiting,
        **_figures(summary.whole),
        "days": [
            {"from": moment(begin), "to": moment(end), **_figures(figures)}
            for begin, end, figures in zip(summary.cuts, summary.cuts[1:], summary.by_day, strict=False)
        ],
        "platforms": [
            {"platform": share.key, "share": share.share, "share_interval": _ends(share.interval)}
            | _figures(summary.by_platform[share.key])
            for share in _shares(summary)
        ],
    }
    for top, frequent in summary.tops.items():
        told[top] = [
            {"key": each.key, "platform": each.platform, "at_least": each.at_least, "at_most": each.at_most}
            for each in frequent
        ]
    return told


def _figures(figures: Figures) -> dict[str, Any]:
    estimate = net_sentiment(_labels(figures))
    return {
        "posts": figures.posts,
        "deleted": figures.deleted,
        "positive": figures.positive,
        "neutral": figures.neutral,
        "negative": figures.negative,
        "net_sentiment": None if estimate is None else estimate.value,
        "net_sentiment_interval": None if estimate is None else _ends(estimate.interval),
    }


def _labels(figures: Figures) -> Labels:
    return Labels(negative=figures.negative, neutral=figures.neutral, positive=figures.positive, unscored=figures.unscored)


def _shares(summary: Summary) -> tuple[Share, ...]:
    return shares({platform: figures.posts for platform, figures in summary.by_platform.items()})


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


# ---- on the terminal


def _print(scope: Scope, summary: Summary) -> None:
    console = Console()
    whole, zone = summary.whole, ZoneInfo(scope.zone)
    how = "counted one by one" if summary.freshness is None else f"from rollups, {summary.freshness.dirty} hours of them dirty"
    begin, end = (_clock(at, zone) for at in (summary.cuts[0], summary.cuts[-1]))
    console.print(Text(f"{whole.posts:,} posts from {begin} to {end} ({zone.key})"))
    console.print(Text(how))
    console.print(Text(f"net sentiment {_sentiment(whole)}, of {whole.scored:,} scored posts\n"))
    most = max(figures.posts for figures in summary.by_day)
    table = _table("day", "posts", "net sentiment", "")
    for begin_at, figures in zip(summary.cuts, summary.by_day, strict=False):
        bar = "█" * round(_WIDEST_BAR * figures.posts / most)
        table.add_row(f"{begin_at.astimezone(zone):%Y-%m-%d}", f"{figures.posts:,}", _sentiment(figures), bar)
    console.print(table)
    table = _table("platform", "posts", "share", "net sentiment")
    for share in _shares(summary):
        interval = f"{share.share:.1%} ({share.interval.low:.1%} to {share.interval.high:.1%})"
        table.add_row(share.key, f"{share.posts:,}", interval, _sentiment(summary.by_platform[share.key]))
    console.print(table)
    for top, frequent in summary.tops.items():
        table = _table(top, "posts")
        for each in frequent:
            bounds = f"{each.at_least:,}" + (f" to {each.at_most:,}" if each.at_most > each.at_least else "")
            key = each.key if each.platform is None else f"{each.key} ({each.platform})"
            table.add_row(Text(plain(key)), bounds)
        if frequent:
            console.print(table)


def _table(*headings: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in {"posts", "share", "net sentiment"} else "left", no_wrap=True)
    return table


def _sentiment(figures: Figures) -> str:
    estimate = net_sentiment(_labels(figures))
    if estimate is None:
        return "-"
    if estimate.interval is None:
        return f"{estimate.value:+.2f} (few)"
    return f"{estimate.value:+.2f} ({estimate.interval.low:+.2f} to {estimate.interval.high:+.2f})"


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
