"""`monitor posts`: the stored posts of a scope, on the terminal or as a file."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor import __version__, clock
from monitor.cli.export_file import Form, Hashed, Shape, form_of, write, write_file
from monitor.cli.opened import opened, run, say_if_removed, say_if_simulated
from monitor.cli.plain import plain
from monitor.cli.scoped import scope_of
from monitor.crawl.selection import ALL, IDS, Selection, read_selection
from monitor.cursor import Cursor, read
from monitor.errors import UsageError
from monitor.post import Post
from monitor.query.tree_json import tree_json
from monitor.scope import Scope
from monitor.store import schema
from monitor.store.connection import Store
from monitor.store.search import Search
from monitor.store.simulated import Simulated

ROWS = 20  # of a table without --limit: what a screen holds
NOTHING_FOUND = 3  # the exit code, where it was asked for
LONGEST_SHOWN = 300  # characters of a text in the table; a terminal cuts it shorter


@click.command()
@click.argument("scope_text", metavar="[SCOPE]", default="")
@click.option("--limit", type=click.IntRange(1), help=f"At most so many, newest first; a table shows {ROWS} without it.")
@click.option("--after", "after_text", metavar="CURSOR", help="Go on behind the page that ended with this cursor.")
@click.option("--json", "form", flag_value="json", type=click.Choice(["json", "jsonl", "csv"]), help="One JSON array.")
@click.option("--jsonl", "form", flag_value="jsonl", help="One JSON object per line.")
@click.option("--csv", "form", flag_value="csv", help="A table for spreadsheets, which cannot run as formulas.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file, and a manifest beside it; - is stdout.",
)
@click.option("--fields", metavar="A,B,C.D", help="Only these fields of each post.")
@click.option("--ids-only", is_flag=True, help="Only what may be passed on where texts may not: id, platform, native_id.")
@click.option(
    "--formula-guard/--no-formula-guard", "guarded", default=True, help="Whether cells of a table can run as formulas."
)
@click.option("--fail-empty", is_flag=True, help="Exit code 3 when there is no such post.")
def posts(
    scope_text: str,
    limit: int | None,
    after_text: str | None,
    form: Form | None,
    out: Path | None,
    fields: str | None,
    ids_only: bool,
    guarded: bool,
    fail_empty: bool,
) -> None:
    """Show the stored posts of SCOPE, newest first; all of them, with --json, --jsonl, --csv or --out.

    SCOPE is the query string of a page's address, such as 'topic=climate&lang=en&from=-7d'. Without it: every post. With --limit,
    the cursor of the next page is told on stderr, as `next: CURSOR`, where there is one.
    """
    now = clock.now()
    after = None if after_text is None else read(after_text)
    scope = scope_of(scope_text, now=now)
    frozen, selection = scope.frozen(now), _selection(fields, ids_only=ids_only)
    if out is not None and str(out) != "-":
        shape = Shape(form=form or form_of(out), selection=selection, guarded=guarded)
        count = run(_to_file(scope, _Page(frozen, limit, after), shape, out))
        click.echo(f"{count} posts in {out}, described in {out.name}.manifest.json", err=True)
    elif form is not None:
        count = run(_to_stdout(_Page(frozen, limit, after), Shape(form=form, selection=selection, guarded=guarded)))
    elif out is not None or selection.names is not None:
        raise UsageError("Say in which form: --csv, --json or --jsonl, or --out FILE with a name that ends so.")
    else:
        count = run(_to_table(_Page(frozen, limit or ROWS, after)))
    if not count:
        click.echo(f"No stored post is in the scope {str(scope) or 'of all posts'}.", err=True)
        if fail_empty:
            raise click.exceptions.Exit(NOTHING_FOUND)


def _selection(fields: str | None, *, ids_only: bool) -> Selection:
    if fields is not None and ids_only:
        raise UsageError("Give either --fields or --ids-only, not both.")
    return Selection(IDS) if ids_only else ALL if fields is None else read_selection(fields)


class _Page:
    """A page of the posts of a scope, whose moments stand still. `next`, once all were read: the cursor of those behind them."""

    def __init__(self, frozen: Scope, limit: int | None, after: Cursor | None) -> None:
        self.frozen = frozen
        self.limit = limit
        self.after = after
        self.next: Cursor | None = None

    async def posts(self, store: Store) -> AsyncIterator[Post]:
        asked, last, number = self.frozen.asks(clock.now()), self.after, 0
        async for post in Search(store.database).posts(asked, stored_by=self.frozen.stored_by(), after=self.after):
            if number == self.limit:
                self.next = last
                return
            yield post
            last, number = Cursor(post.created_at, post.id), number + 1

    def tell_next(self) -> None:
        if self.next is not None:
            click.echo(f"next: {self.next}", err=True)


async def _to_file(scope: Scope, page: _Page, shape: Shape, out: Path) -> int:
    frozen = page.frozen
    async with opened() as store:
        await say_if_simulated(store)
        await say_if_removed(store, page.frozen, now=clock.now())
        versions = await _topics(store, scope)
        query = frozen.asks(clock.now())
        about: dict[str, Any] = {
            "scope": str(scope),
            "frozen": str(frozen),
            "query": None if query is None else str(query),
            "tree": None if query is None else tree_json(query.tree),
            "limit": page.limit,
            "after": None if page.after is None else str(page.after),
            "as_of": frozen.as_of,
            "versions": {"monitor": __version__, "schema": schema.VERSION, "topics": versions},
            "simulated": await Simulated(store.database).is_marked(),
        }
        written = await write_file(page.posts(store), shape, out, about)
    page.tell_next()
    return written.posts


async def _to_stdout(page: _Page, shape: Shape) -> int:
    async with opened() as store:
        await say_if_simulated(store)
        await say_if_removed(store, page.frozen, now=clock.now())
        await _topics(store, page.frozen)
        written = await write(page.posts(store), shape, Hashed(sys.stdout.buffer))
    page.tell_next()
    return written.posts


async def _to_table(page: _Page) -> int:
    async with opened() as store:
        await say_if_simulated(store)
        await say_if_removed(store, page.frozen, now=clock.now())
        await _topics(store, page.frozen)
        shown = [post async for post in page.posts(store)]
    if shown:
        Console().print(_table(shown, ZoneInfo(page.frozen.zone)))
    if page.next is not None:
        click.echo(f"There are more than these {page.limit}: raise --limit, or write all with --out FILE.", err=True)
    page.tell_next()
    return len(shown)


async def _topics(store: Store, scope: Scope) -> dict[str, int]:
    """The present version of each topic of the scope; one that does not exist is told on stderr."""
    versions = {}
    for name in scope.topics:
        topic = await store.topics.get(name.removeprefix("!"))
        if topic is None:
            click.echo(f"There is no topic {name.removeprefix('!')} now; posts may remember one.", err=True)
        else:
            versions[topic.id] = topic.version
    return versions


def _table(shown: list[Post], zone: ZoneInfo) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in (f"written ({zone.key})", "platform", "author", "sentiment", "post"):
        table.add_column(heading, no_wrap=heading != "post")
    for post in shown:
        score = post.sentiment
        told = "-" if score is None or score.label is None else score.label
        text = " ".join(filter(None, (post.title, post.summary, post.text)))
        table.add_row(
            f"{post.created_at.astimezone(zone):%Y-%m-%d %H:%M}",
            Text(_plain(post.platform)),
            Text(_plain(post.author.handle or post.author.id), overflow="ellipsis", no_wrap=True),
            told,
            Text("(deleted)" if post.deleted_at else _plain(text), overflow="ellipsis", no_wrap=True),
        )
        # What other commands take is never cut.
        table.add_row("", "", "", "", Text(_plain(post.id), style="dim", overflow="fold"))
    return table


def _plain(text: str) -> str:
    """One line of a stranger's text, not longer than a terminal is wide."""
    return plain(" ".join(text.split())[:LONGEST_SHOWN])
