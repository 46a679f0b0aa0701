"""`monitor collect`: run what is due, each platform in a Scrapy process of its own."""

import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import click

from monitor import clock
from monitor.cli.opened import opened, run
from monitor.config import load
from monitor.crawl.process import joined_exit_code, start, supervised
from monitor.errors import StoreUnavailableError
from monitor.mongod.private import acquire
from monitor.source import Source

SHIFT = "10m"
# What each page brought is in the run records; the terminal gets what went wrong, and a line at the end.
SETTINGS = {"LOG_LEVEL": "WARNING"}
MOST_TOLD = 50
SELDOM = ("late_missed", "expired", "erased")  # told where there were any
INTERRUPTED = 130
LOOK_S = 5.0  # how soon --follow starts the next shift or a platform that was added


@click.command()
@click.option("--follow", is_flag=True, help="Go on until Ctrl-C: poll each source again whenever it is due.")
@click.option("--dry-run", is_flag=True, help="Only say what would be asked.")
def collect(follow: bool, dry_run: bool) -> None:
    """Ask the sources that are due and store what they answer. Topics of the configuration file are applied before.

    Exit code: 0 all went well, 6 some failed (each is named), or the one code that all failures share.
    """
    if not dry_run and load().file is not None:
        from monitor.cli.topics.apply import apply_present  # loads all platforms

        apply_present()
    due = run(_due())
    if dry_run:
        _say(due)
        return
    if not due and not follow:
        click.echo(
            "Nothing is due. `monitor sources` shows when each source is; `monitor track WORD` makes new ones.", err=True
        )
        return
    with acquire(load()):  # keeps one private mongod over all the processes below
        raise click.exceptions.Exit(_follow() if follow else _one_pass({source.platform for source in due}))


async def _due() -> list[Source]:
    async with opened() as store:
        now = clock.now()
        standings = await store.sources.list_all()
        disabled = load().disabled
        return [each.source for each in standings if each.due(now) and each.source.platform not in disabled]


def _say(due: list[Source]) -> None:
    for source in due:
        click.echo(source.id)
    told = ", ".join(f"{platform} {count}" for platform, count in sorted(Counter(source.platform for source in due).items()))
    are = "source is" if len(due) == 1 else "sources are"
    click.echo(f"{len(due)} {are} due{f': {told}' if told else ''}. Nothing was asked.", err=True)


def _one_pass(platforms: set[str]) -> int:
    began, crawls = clock.now(), list[subprocess.Popen[str]]()
    try:
        with supervised(crawls):
            crawls += [start(platform, arguments={}, settings=SETTINGS) for platform in sorted(platforms)]
            code = joined_exit_code(crawl.wait() for crawl in crawls)
    except KeyboardInterrupt:
        code = INTERRUPTED
    run(_tell(crawls, began))
    return code


async def _tell(crawls: Iterable[subprocess.Popen[str]], since: datetime) -> None:
    """A line on stdout for each of these crawls, all started by us at `since` or later; what failed they have said themselves."""
    pids, here = {crawl.pid for crawl in crawls}, socket.gethostname()
    async with opened() as store:
        for made in reversed(await store.runs.list_newest(limit=MOST_TOLD)):
            if made.started_at >= since and made.pid in pids and made.host == here:
                seldom = [name for name in SELDOM if made.stats.get(name)]
                names = ("posts", "new", "changed", "quarantined", *seldom)
                counted = ", ".join(f"{made.stats.get(name, 0):,} {name}" for name in names)
                click.echo(f"{made.platform}: {counted} ({made.reason or 'killed'})")


def _follow() -> int:
    """A shift per platform, and the next when it ends, until Ctrl-C or SIGTERM; the crawls then finish their page."""
    crawls: dict[str, subprocess.Popen[str]] = {}
    began = clock.now()
    try:
        with supervised(crawls.values()):
            while True:
                try:
                    _next_shifts(crawls, began)
                except StoreUnavailableError as away:  # shifts under way outlive that, too
                    click.echo(str(away), err=True)
                time.sleep(LOOK_S)
    except KeyboardInterrupt:
        run(_tell(crawls.values(), began))
        return INTERRUPTED


def _next_shifts(crawls: dict[str, subprocess.Popen[str]], began: datetime) -> None:
    for platform in run(_platforms()):
        before = crawls.get(platform)
        if before is not None and before.poll() is None:
            continue
        if before is not None:
            run(_tell([before], began))
        crawls[platform] = start(platform, arguments={"shift": SHIFT}, settings=SETTINGS)


async def _platforms() -> list[str]:
    async with opened() as store:
        polled = await store.sources.list_all(polled=True)
        return sorted({standing.source.platform for standing in polled if standing.source.topics} - load().disabled)
