"""`monitor quarantine`: the rows that could not become posts, why, and another try."""

import json
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from monitor.cli.opened import opened, run, say_if_simulated
from monitor.crawl.exported import moment
from monitor.crawl.platforms import platform as platform_named
from monitor.crawl.platforms import platforms as all_platforms
from monitor.crawl.raw import unpack
from monitor.errors import MonitorError, UsageError
from monitor.stages.replay import Replayed
from monitor.stages.replay import replay as replay_rows
from monitor.store.connection import Store
from monitor.store.quarantine import Kept
from monitor.text.tolerant import Unreadable

_PARTIAL = 6  # the exit code for "done, but not all of it"


@click.group()
def quarantine() -> None:
    """Raw posts that could not be normalised or stored, each with its reason; nothing is dropped in silence."""


@quarantine.command("list")
@click.option("--platform", metavar="NAME", help="Only those of one platform.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many, last met first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
def list_rows(platform: str | None, limit: int, as_json: bool) -> None:
    """List what is in quarantine: where each row came from, why it was refused, how often and when it was last met."""
    rows, count = run(_rows(platform, limit))
    if platform is not None and not rows:
        platform_named(platform)  # refuses a name that there is not; of a file that was imported there may be any
    if as_json:
        click.echo(json.dumps([_told(row) for row in rows], ensure_ascii=False))
        return
    if not rows:
        click.echo("The quarantine is empty.", err=True)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("id", "times", "last met", "source", "reason"):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        told = _told(row)
        table.add_row(told["id"], str(told["times"]), told["last_at"], told["source"], told["reason"])
    Console(markup=False, width=1000).print(table)  # a narrow terminal wraps by itself; a cut id would be useless
    click.echo(
        f"{len(rows)} of {count}. One whole: monitor quarantine show ID. Another try: monitor quarantine replay", err=True
    )


@quarantine.command()
@click.argument("row_id", metavar="ID")
def show(row_id: str) -> None:
    """Print the raw row ID as JSON, as it came from the platform."""
    row = run(_row(row_id))
    try:
        raw = unpack(row.refused.raw)
    except ValueError:
        raise MonitorError(f"The row {row_id} was too large to be kept whole; what is kept of it cannot be read.") from None
    click.echo(json.dumps(raw, ensure_ascii=True, indent=2, default=_unreadable))


@quarantine.command()
@click.option("--platform", metavar="NAME", help="Only those of one platform.")
@click.argument("row_ids", metavar="[ID]...", nargs=-1)
def replay(platform: str | None, row_ids: Sequence[str]) -> None:
    """Try rows again as posts: those with these IDs, or all. What is stored now leaves the quarantine.

    Exit code: 0 all were stored, 6 some are still refused.
    """
    if platform is not None and row_ids:
        raise UsageError("Give either --platform or the IDs of rows, not both.")
    done = run(_replayed(platform, row_ids))
    if platform is not None and not done.stored + done.refused + done.dropped:
        platform_named(platform)  # refuses a name that there is not
    dropped = f", dropped {done.dropped} that were removed on purpose" if done.dropped else ""
    click.echo(f"replayed {done.stored}, still refused {done.refused}{dropped}")
    if done.refused:
        click.echo("Why: monitor quarantine list", err=True)
        sys.exit(_PARTIAL)


async def _rows(platform: str | None, limit: int) -> tuple[list[Kept], int]:
    async with opened() as store:
        await say_if_simulated(store)
        rows = await store.quarantine.list_newest(platform=platform, limit=limit)
        return rows, await store.quarantine.count(platform=platform)


async def _row(row_id: str) -> Kept:
    async with opened() as store:
        await say_if_simulated(store)
        return await _found(store, row_id)


async def _replayed(platform: str | None, row_ids: Sequence[str]) -> Replayed:
    readers = {name: spider() for name, spider in all_platforms().items()}
    async with opened() as store:
        rows = (
            _these([await _found(store, row_id) for row_id in row_ids]) if row_ids else store.quarantine.each(platform=platform)
        )
        return await replay_rows(store, readers, rows)


async def _these(rows: Sequence[Kept]) -> AsyncIterator[Kept]:
    for row in rows:
        yield row


async def _found(store: Store, row_id: str) -> Kept:
    row = await store.quarantine.find(row_id)
    if row is None:
        raise UsageError(f"There is no row {row_id!r} in quarantine: `monitor quarantine list` shows the ids.")
    return row


def _told(row: Kept) -> dict[str, Any]:
    return {
        "id": row.id,
        "platform": row.refused.platform,
        "source": row.refused.source_id,
        "post": row.refused.post_id,
        "kind": row.refused.kind,
        "reason": row.refused.reason,
        "times": row.times,
        "first_at": moment(row.first_at),
        "last_at": moment(row.last_at),
    }


def _unreadable(value: Any) -> str:
    """A value that nothing could decode, told by what is wrong with it."""
    return f"(unreadable: {value.reason})" if isinstance(value, Unreadable) else f"(unreadable: {type(value).__name__})"
