"""`monitor purge`: remove posts for good, by their age or by their author; they do not come back."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from monitor import clock
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.config import Config, load
from monitor.crawl.arguments import moment as read_moment
from monitor.crawl.exported import moment
from monitor.errors import MonitorError, UsageError
from monitor.retention import horizon, length, told
from monitor.stages import purge as stage
from monitor.stages.purge import Person
from monitor.store.connection import Store
from monitor.store.horizon import Horizon
from monitor.store.removal import Counts, Removal

# What people read of a collection, in the order in which it is told.
_WORDS = {
    "posts": "posts, with their raw rows, versions and scores",
    "shared": "posts by which others share them",
    "search": "entries of the word index",
    "labels": "labels",
    "quarantine": "rows in quarantine",
    "roll_hour": "figures of hours",
    "roll_top_hour": "top lists of hours",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What was typed."""

    before: str | None
    author: str | None
    retention: bool
    dry_run: bool
    yes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What is there (`dry_run`), or was removed."""

    counts: Counts
    dry_run: bool
    at: datetime | None = None
    horizon: Horizon | None = None


@click.command()
@click.option(
    "--before", metavar="WHEN", help="All posts written before: 2025-10-26, 2025-10-26T08:00:00Z, or an age such as 400d."
)
@click.option(
    "--author", metavar="PLATFORM:NAME", help="All posts of one author, by id or handle; who is remembered as a digest."
)
@click.option("--retention", is_flag=True, help="What is older than defaults.retention says. For cron: does not ask.")
@click.option("--dry-run", is_flag=True, help="Only say how much would be removed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def purge(before: str | None, author: str | None, retention: bool, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Remove posts for good, with all that is kept of them, by age or by author. What was removed is not stored again.

    Whole hours (UTC) are removed, so that figures stay those of the posts that are left. May be stopped and run again at any moment.
    """
    if (before is not None) + (author is not None) + retention != 1:
        raise UsageError("Say what is to be removed by one of --before WHEN, --author PLATFORM:NAME and --retention.")
    wish = _Wish(before=before, author=author, retention=retention, dry_run=dry_run, yes=yes)
    done = run(_purged(wish, load()))
    for line in [json.dumps(_told(done), ensure_ascii=False)] if as_json else _lines(done):
        click.echo(line)
    if not done.dry_run and done.counts.get("posts"):
        click.echo("Hours that lost posts are counted anew by: monitor rollup", err=True)


async def _purged(wish: _Wish, config: Config) -> _Done:
    async with opened(config) as store:
        await say_if_simulated(store)
        if wish.author is not None:
            return await _erased(store, wish, config, wish.author)
        at, why = await _asked(store, wish, config)
        if wish.dry_run or not (wish.yes or wish.retention):
            counts = await Removal(store.database).count_before(at)
            if wish.dry_run:
                return _Done(counts=counts, dry_run=True, at=at)
            _ask(counts, f"Remove all posts written before {at:%Y-%m-%d %H:%M} UTC for good?")
        moved, counts = await stage.before(store, at, why=why)
        return _Done(counts=counts, dry_run=False, at=moved.at, horizon=moved)


async def _asked(store: Store, wish: _Wish, config: Config) -> tuple[datetime, str]:
    """The horizon that is wished for, and why. Raises UsageError."""
    if wish.before is None:
        if config.retention is None:
            raise UsageError("No retention is set: write defaults.retention into monitor.yaml, or set MONITOR_RETENTION.")
        return await stage.older_than(store, config.retention), f"older than {told(config.retention)}"
    now, age = clock.now(), length(wish.before.removeprefix("-"))
    try:
        at = horizon(read_moment(wish.before, now=now) if age is None else now - age)
    except OverflowError:
        raise UsageError(f"--before {wish.before} lies before all time.") from None
    except UsageError:
        raise UsageError(
            f"--before {wish.before} is no time that has passed: use an age such as 400d, or 2025-10-26, or 2025-10-26T08:00:00Z."
        ) from None
    return at, f"written before {at:%Y-%m-%d %H:%M} UTC" if age is None else f"older than {told(age)}"


async def _erased(store: Store, wish: _Wish, config: Config, author: str) -> _Done:
    platform, _, name = author.partition(":")
    if not (platform and name.strip().removeprefix("@")):
        raise UsageError(f"{author!r} names no author: write PLATFORM:ID or PLATFORM:HANDLE, such as mastodon:ann@example.org.")
    person = await stage.find_person(store, config, platform, name.strip())
    if wish.dry_run or not wish.yes:
        counts = await stage.count_of(store, person)
        if wish.dry_run:
            return _Done(counts=counts, dry_run=True)
        _ask(counts, f"Remove all posts of {person.label} on {platform} for good, and store none of them again?")
    counts = await stage.erase(store, person)
    _say_unknown(person)
    return _Done(counts=counts, dry_run=False)


def _say_unknown(person: Person) -> None:
    if not person.known:
        click.echo(
            f"No stored post is of {person.label} on {person.platform}. It is remembered as an id: if it is a handle, name the id that "
            "the platform has for it, since posts are known by that.",
            err=True,
        )


def _ask(counts: Counts, question: str) -> None:
    """Raises UsageError where nobody can be asked, MonitorError for a no."""
    if not asks():
        raise UsageError(
            "Nobody can be asked here, since this is no terminal: give --yes to remove them, or --dry-run to look first."
        )
    for line in _amounts(counts):
        click.echo(line, err=True)
    if not click.confirm(question, err=True):
        raise MonitorError("Nothing was changed.")


def asks() -> bool:
    """Whether there is somebody to be asked."""
    return sys.stdin.isatty()


def _amounts(counts: Counts) -> Iterator[str]:
    for name, words in _WORDS.items():
        if counts.get(name):
            yield f"{counts[name]:>12,} {words}"


def _lines(done: _Done) -> Iterator[str]:
    yield from _amounts(done.counts)
    if done.dry_run:
        yield "Nothing was changed." if any(done.counts.values()) else "There is nothing to remove."
    else:
        yield "Removed." if any(done.counts.values()) else "There was nothing to remove."
    if done.horizon is not None:
        yield done.horizon.sentence


def _told(done: _Done) -> dict[str, Any]:
    return {
        "dry_run": done.dry_run,
        "before": None if done.at is None else moment(done.at),
        "counts": {name: done.counts[name] for name in _WORDS if name in done.counts},
    }
