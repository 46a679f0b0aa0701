"""`monitor sources`: what is polled, how it stands and how far it is proven read; and what a person decides about a source."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from shlex import quote
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from monitor import clock
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.crawl.platforms import platform as platform_named
from monitor.errors import MonitorError, UsageError
from monitor.source import IMPORT
from monitor.store.connection import Store
from monitor.store.sources import Standing


@click.group(invoke_without_command=True)
@click.option("--platform", metavar="NAME", help="Only those of one platform.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
@click.pass_context
def sources(context: click.Context, platform: str | None, as_json: bool) -> None:
    """List the sources: state, last poll, next poll, open gaps and the topics they serve."""
    if context.invoked_subcommand is not None:
        if platform is not None or as_json:
            raise UsageError(f"--platform and --json are for the list of sources, not for {context.invoked_subcommand}.")
        return
    standings = run(_standings(platform))
    if platform is not None and not standings:
        platform_named(platform)  # refuses a name that there is not
    if as_json:
        click.echo(json.dumps([_told(standing) for standing in standings], ensure_ascii=False))
        return
    if not standings:
        click.echo(
            f"There are no sources{f' of {platform}' if platform else ''} yet. Make some with: monitor track WORD", err=True
        )
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("state", "last", "next", "every", "new/call", "gaps", "source"):
        table.add_column(heading, no_wrap=True, justify="right" if heading in {"every", "new/call", "gaps"} else "left")
    now = clock.now()
    for standing in standings:
        told = _told(standing)
        last = "never" if standing.last_polled_at is None else f"{age(now - standing.last_polled_at)} ago"
        due = (
            "-"
            if standing.source.imported
            else "on demand"
            if not standing.source.topics
            else "-"
            if standing.state == "paused"
            else "now"
            if standing.next_due <= now
            else f"in {age(standing.next_due - now)}"
        )
        every = "" if told["interval_s"] is None else age(timedelta(seconds=told["interval_s"]))
        new = "" if told["new_per_call"] is None else f"{told['new_per_call']:.1f}"
        table.add_row(told["state"], last, due, every, new, str(told["gaps"]), told["source"])
        if told["topics"]:
            table.add_row("", "", "", "", "", "", f"[dim]for {', '.join(told['topics'])}[/]")
        if told["reason"]:
            table.add_row("", "", "", "", "", "", f"[dark_orange]{escape(told['reason'])}[/]")
    # A narrow terminal wraps by itself; cutting an id would make it useless.
    Console(width=1000).print(table)


@sources.command()
@click.argument("source_id", metavar="ID")
@click.option("--reason", default="a person asked for it", show_default=True, help="Shown beside its state.")
def pause(source_id: str, reason: str) -> None:
    """Poll the source ID no more until it is resumed. A poll under way is not cut short."""
    _refuse_file(source_id)
    _decide(source_id, lambda store: store.sources.pause(source_id, reason))
    click.echo(f"{source_id} is paused. To have it polled again: monitor sources resume {quote(source_id)}", err=True)


@sources.command()
@click.argument("source_id", metavar="ID")
def resume(source_id: str) -> None:
    """Have the source ID polled again, from where it was left, as soon as somebody collects."""
    _refuse_file(source_id)
    _decide(source_id, lambda store: store.sources.resume(source_id))
    click.echo(f"{source_id} is due now.", err=True)


@sources.command()
@click.argument("source_id", metavar="ID")
def remove(source_id: str) -> None:
    """Forget the source ID, how far it was read and what its ledger proves. Its posts stay."""
    _decide(source_id, lambda store: store.sources.remove(source_id))
    click.echo(f"{source_id} is removed; its posts stay. Named again, it begins anew with its newest page.", err=True)


def _refuse_file(source_id: str) -> None:
    if source_id.partition("?")[0].endswith(f"/{IMPORT}"):
        raise UsageError(f"{source_id} is a file that was imported: nothing polls it. To read it again: monitor import FILE")


def _decide(source_id: str, act: Callable[[Store], Awaitable[bool]]) -> None:
    """Do something with one source. Raises MonitorError where there is none of that id."""

    async def done() -> bool:
        async with opened() as store:
            await say_if_simulated(store)
            return await act(store)

    if not run(done()):
        raise MonitorError(
            f"There is no source {source_id!r}. `monitor sources` lists the ids; put one in quotes: it holds ? and &."
        )


def age(length: timedelta) -> str:
    """A length of time in its largest whole unit, such as `14m`."""
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{max(0, seconds)}s"


async def _standings(platform: str | None) -> list[Standing]:
    async with opened() as store:
        await say_if_simulated(store)
        return await store.sources.list_all(platform=platform)


def _told(standing: Standing) -> dict[str, Any]:
    due = standing.source.topics and not standing.source.imported and standing.state != "paused"
    rate = standing.rate
    return {
        "source": standing.source.id,
        "platform": standing.source.platform,
        "state": standing.word(clock.now()),
        "reason": standing.state_reason,
        "last_poll": None if standing.last_polled_at is None else f"{standing.last_polled_at:%Y-%m-%d %H:%M:%SZ}",
        "next_poll": f"{standing.next_due:%Y-%m-%d %H:%M:%SZ}" if due else None,
        "interval_s": rate.interval_s if rate else None,
        "new_per_call": round(rate.per_call, 3) if rate else None,
        "new_per_hour": round(rate.per_hour, 3) if rate else None,
        "gaps": len(standing.bookmark.gaps),
        "topics": list(standing.source.topics),
    }
