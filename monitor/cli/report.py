"""`monitor report`: what was said in a scope on one page: on the terminal, or as HTML to print or Markdown to paste."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import click
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from monitor import clock
from monitor.analysis.bucket import HOUR
from monitor.cli.chart import Bar, chart
from monitor.cli.coverage import volume_told
from monitor.cli.methods import methods_of
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.plain import plain
from monitor.cli.posts import NOTHING_FOUND
from monitor.cli.report_file import form_of, write_report
from monitor.cli.scoped import scope_of
from monitor.cli.stats import stats_told, summary_of
from monitor.errors import UsageError
from monitor.methods.gathering import frozen
from monitor.methods.paragraph import json_of as methods_told
from monitor.moment import written
from monitor.report.content import Content, page_of
from monitor.report.content import clock as clock_told
from monitor.report.html import html
from monitor.report.markdown import markdown
from monitor.report.page import Page, Section, Table
from monitor.scope import Scope
from monitor.store.connection import Store
from monitor.store.dirty import hour_of
from monitor.store.scope_volume import scope_volume
from monitor.store.scoped import window_of
from monitor.terms import terms_of
from monitor.trends.told import json_of as trends_told
from monitor.trends.trends import Asked, Trends, read_trends

SECTIONS = ("volume", "spikes", "change", "rising", "posts", "stories")
ROWS = 5  # of each table on the terminal; a file has all
WIDEST = 30  # signs of a column that is never cut
HOURLY = timedelta(hours=72)  # a longer period has a bar for each day
LONGEST_TITLE, LONGEST_NOTE = 200, 4_000


@click.command()
@click.argument("scope_text", metavar="[SCOPE]", default="")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a page to print (.html) or text to paste (.md), and a manifest beside it.",
)
@click.option("--title", help="The title. Default: the topics of the scope.")
@click.option("--note", help="A text under the title, such as what the report is for.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.option("--fail-empty", is_flag=True, help="Exit code 3 when there is no such post.")
def report(scope_text: str, out: Path | None, title: str | None, note: str | None, *, as_json: bool, fail_empty: bool) -> None:
    """Put on one page what SCOPE says: volume, change, sentiment, platforms, spikes, what rises, top posts, coverage, methods.

    All of it is of the posts that are stored now, counted one by one. A page in a file holds no script and loads nothing, so that it
    can be printed, sent and kept.
    """
    _refuse_long(title, note)
    if out is not None:
        form_of(out)
    now = clock.now()
    content = run(_read(scope_of(scope_text, now=now), now, title=title, note=note))
    page = page_of(content)
    if out is not None:
        write_report(out, html(page) if form_of(out) == "html" else markdown(page), _about(content, page))
        click.echo(f"A report on {content.posts:,} posts in {out}, described in {out.name}.manifest.json", err=True)
    if as_json:
        click.echo(json.dumps(_told(content, page), ensure_ascii=False))
    elif out is None:
        _print(content, page)
    if not content.posts:
        click.echo(f"No stored post is in the scope {content.methods.scope!s}.", err=True)
        if fail_empty:
            raise click.exceptions.Exit(NOTHING_FOUND)


async def _read(scope: Scope, now: datetime, *, title: str | None, note: str | None) -> Content:
    still, as_of = frozen(scope, now)
    still = in_whole_hours(still)
    async with opened() as store:
        await say_if_simulated(store)
        methods = await methods_of(store, still)
        window = await window_of(store.database, still, now=as_of) if methods.selection.posts else None
        if window is None:
            return Content(methods=methods, summary=None, trends=None, estimate=None, title=title, note=note)
        return Content(
            methods=methods,
            summary=await summary_of(store, still, window, as_of),
            trends=await _trends(store, still, as_of, window.to_at - window.from_at),
            estimate=await scope_volume(store.database, still, methods.period, by_rollups=False, now=as_of),
            title=title,
            note=note,
        )


def in_whole_hours(still: Scope) -> Scope:
    """The scope with its ends moved apart to full hours of UTC, as which trends are counted: then all figures are of the same posts."""
    begin, end = (None if at is None else datetime.fromisoformat(at) for at in (still.begin, still.end))
    if begin is not None:
        begin = hour_of(begin)
    if end is not None and end != hour_of(end):
        end = hour_of(end) + HOUR
    return replace(still, begin=None if begin is None else written(begin), end=None if end is None else written(end))


async def _trends(store: Store, still: Scope, as_of: datetime, length: timedelta) -> Trends | None:
    interval: Any = "1h" if length <= HOURLY else "1d"
    return await read_trends(store, Asked(scope=still, now=as_of, sections=SECTIONS, interval=interval))


def _refuse_long(title: str | None, note: str | None) -> None:
    for name, text, longest in (("--title", title, LONGEST_TITLE), ("--note", note, LONGEST_NOTE)):
        if text is not None and len(text) > longest:
            raise UsageError(f"{name} has {len(text):,} characters, and {longest:,} are the most: shorten it.")


def _told(content: Content, page: Page) -> dict[str, Any]:
    return {
        "title": page.title,
        "note": page.note,
        "stats": stats_told(content.methods.scope, content.summary),
        "trends": None if content.trends is None else trends_told(content.trends),
        "estimate": None if content.estimate is None else volume_told(content.estimate),
        "methods": methods_told(content.methods),
    }


def _about(content: Content, page: Page) -> dict[str, Any]:
    told = methods_told(content.methods)
    return {
        "title": page.title,
        "frozen": told["scope"],
        **{name: told[name] for name in ("query", "as_of", "from", "to", "tz", "posts", "platforms", "versions", "simulated")},
        "selection_sha256": told["sha256"],
        "terms": terms_of(told["platforms"]),
    }


# ---- on the terminal


def _print(content: Content, page: Page) -> None:
    console = Console()
    console.print(Text(page.title, style="bold"))
    for told in (page.warning, page.lead, page.note):
        if told:
            console.print(Text(plain(told)))
    for section in page.sections:
        console.print(Text(f"\n{section.heading}", style="bold"))
        for sentence in (*section.sentences, *([section.chart.caption] if section.chart else [])):
            console.print(Text(plain(sentence)))
        if section.heading == "Volume" and content.trends is not None:
            console.print(_volume(content, content.trends))
        else:
            _print_tables(console, section)


def _volume(content: Content, trends: Trends) -> RichTable:
    hourly = trends.asked.interval == "1h"
    bars = [
        Bar(
            label=clock_told(one.period.start, content.zone)[: None if hourly else 10],
            count=one.posts,
            band=one.judged.band if one.judged else None,
            mark=None if one.judged is None else "spike" if one.judged.spike else "drop" if one.judged.drop else None,
        )
        for one in trends.volumes
    ]
    return chart(bars[-28:], heading="hour" if hourly else "day")


def _print_tables(console: Console, section: Section) -> None:
    for table in section.tables:
        console.print(_table(table))
        if len(table.rows) > ROWS and section.heading != "At a glance":
            console.print(Text(f"and {len(table.rows) - ROWS} more: --out FILE has them", style="dim"))


def _table(table: Table) -> RichTable:
    """Figures keep their width; what strangers wrote is cut."""
    headed = any(table.headings)
    made = RichTable(box=None, header_style="bold", pad_edge=False, show_header=headed)
    shown = [number for number in range(len(table.headings)) if number not in table.wide]
    rows = table.rows[:ROWS] if headed else table.rows
    for number in shown:
        ours = [len(row[number].text) for row in rows if not row[number].foreign]
        width = max([*ours, len(table.headings[number])], default=0)
        least = width if headed and ours and width <= WIDEST else None
        right: Literal["right", "left"] = "right" if number in table.right else "left"
        made.add_column(table.headings[number], justify=right, no_wrap=headed, overflow="ellipsis", min_width=least)
    for row in rows:
        made.add_row(*(Text(plain(row[number].text), overflow="ellipsis") for number in shown))
    return made
