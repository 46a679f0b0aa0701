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
from monitor.cli.export_file import Form, Hashed, form_of, write, write_file
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.scoped import scope_of
from monitor.cursor import Cursor, read
from monitor.post import Post
from monitor.scope import Scope
from monitor.store import schema
from monitor.store.connection import Store
from monitor.store.search import Search
from monitor.store.simulated import Simulated

ROWS = 20  # of a table without --limit: what a screen holds
LONGEST_SHOWN = 300  # characters of a text in the table; a terminal cuts it shorter


@click.command()
@click.argument("scope_text", metavar="[SCOPE]", default="")
@click.option("--limit", type=click.IntRange(1), help=f"At most so many, newest first; a table shows {ROWS} without it.")
@click.option("--after", "after_text", metavar="CURSOR", help="Go on behind the page that ended with this cursor.")
@click.option("--json", "form", flag_value="json", type=click.Choice(["json", "jsonl", "csv"]), help="One JSON array.")
@click.option("--jsonl", "form", flag_value="jsonl", help="One JSON object per line.")
@click.option("--csv", "form", flag_value="csv", help="A table for spreadsheets, which cannot run as formulas.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file, and a manifest beside it.")
def posts(scope_text: str, limit: int | None, after_text: str | None, form: Form | None, out: Path | None) -> None:
    """Show the stored posts of SCOPE, newest first; all of them, with --json, --jsonl, --csv or --out.

    SCOPE is the query string of a page's address, such as 'topic=climate&lang=en&from=-7d'. Without it: every post. With --limit,
    the cursor of the next page is told on stderr, as `next: CURSOR`, where there is one.
    """
    now = clock.now()
    after = None if after_text is None else read(after_text)
    scope = scope_of(scope_text, now=now)
    frozen = scope.frozen(now)
    if out is not None:
        count = run(_to_file(scope, _Selection(frozen, limit, after), form or form_of(out), out))
        click.echo(f"{count} posts in {out}, described in {out.name}.manifest.json", err=True)
    elif form is not None:
        count = run(_to_stdout(_Selection(frozen, limit, after), form))
    else:
        count = run(_to_table(_Selection(frozen, limit or ROWS, after)))
    if not count:
        click.echo(f"No stored post is in the scope {str(scope) or 'of all posts'}.", err=True)


class _Selection:
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


async def _to_file(scope: Scope, selection: _Selection, form: Form, out: Path) -> int:
    frozen = selection.frozen
    async with opened() as store:
        await say_if_simulated(store)
        versions = await _topics(store, scope)
        query = frozen.asks(clock.now())
        about: dict[str, Any] = {
            "scope": str(scope),
            "frozen": str(frozen),
            "query": None if query is None else str(query),
            "limit": selection.limit,
            "after": None if selection.after is None else str(selection.after),
            "as_of": frozen.as_of,
            "versions": {"monitor": __version__, "schema": schema.VERSION, "topics": versions},
            "simulated": await Simulated(store).is_marked(),
        }
        written = await write_file(selection.posts(store), form, out, about)
    selection.tell_next()
    return written.posts


async def _to_stdout(selection: _Selection, form: Form) -> int:
    async with opened() as store:
        await say_if_simulated(store)
        await _topics(store, selection.frozen)
        written = await write(selection.posts(store), form, Hashed(sys.stdout.buffer))
    selection.tell_next()
    return written.posts


async def _to_table(selection: _Selection) -> int:
    async with opened() as store:
        await say_if_simulated(store)
        await _topics(store, selection.frozen)
        shown = [post async for post in selection.posts(store)]
    if shown:
        Console().print(_table(shown, ZoneInfo(selection.frozen.zone)))
    if selection.next is not None:
        click.echo(f"There are more than these {selection.limit}: raise --limit, or write all with --out FILE.", err=True)
    selection.tell_next()
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
    """One line of a stranger's text, without what would move the cursor or turn the line around."""
    line = " ".join(text.split())[:LONGEST_SHOWN]
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line)
