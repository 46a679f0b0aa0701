"""`monitor sources`: what is polled, how it stands and how far it is proven read."""

import json
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from monitor import clock
from monitor.cli.opened import opened, run
from monitor.store.sources import Standing


@click.command()
@click.option("--platform", metavar="NAME", help="Only those of one platform.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
def sources(platform: str | None, as_json: bool) -> None:
    """List the sources: state, last poll, next poll, open gaps and the topics they serve."""
    standings = run(_standings(platform))
    if as_json:
        click.echo(json.dumps([_told(standing) for standing in standings], ensure_ascii=False))
        return
    if not standings:
        click.echo("There are no sources yet. Make some with: monitor track WORD", err=True)
        return
    table = Table(box=None, header_style="bold")
    for heading in ("source", "state", "last poll", "next poll", "gaps", "topics", "why"):
        table.add_column(heading, overflow="fold")
    for standing in standings:
        told = _told(standing)
        table.add_row(
            told["source"], told["state"], told["last_poll"] or "never", told["next_poll"] or "on demand",
            str(told["gaps"]), " ".join(told["topics"]), told["reason"] or "",
        )  # fmt: skip
    Console().print(table)


async def _standings(platform: str | None) -> list[Standing]:
    async with opened() as store:
        return await store.sources.list_all(platform=platform)


def _told(standing: Standing) -> dict[str, Any]:
    return {
        "source": standing.source.id,
        "platform": standing.source.platform,
        "state": standing.word(clock.now()),
        "reason": standing.state_reason,
        "last_poll": None if standing.last_polled_at is None else f"{standing.last_polled_at:%Y-%m-%d %H:%M:%SZ}",
        "next_poll": f"{standing.next_due:%Y-%m-%d %H:%M:%SZ}" if standing.source.topics else None,
        "gaps": len(standing.bookmark.gaps),
        "topics": list(standing.source.topics),
    }
