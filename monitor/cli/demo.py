"""`monitor demo`: the whole way of a post on simulated platforms, in a database of its own, checked against what was shown."""

import asyncio
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import click
from rich.console import Console

from monitor import clock
from monitor.analysis.bucket import Period
from monitor.cli.demo_findings import Findings, Shown, find, told
from monitor.cli.demo_summary import FAULTS, show_summary
from monitor.cli.opened import opened, run
from monitor.config import Config, load
from monitor.crawl.process import joined_exit_code, start, supervised
from monitor.errors import MonitorError
from monitor.mongod.private import acquire
from monitor.query.native import compile_query
from monitor.query.parse import parse
from monitor.query.query import Query
from monitor.simulator.comparison import compare
from monitor.simulator.people import LOCAL_HOST
from monitor.simulator.process import log_of, simulated, truth_of
from monitor.source import Source
from monitor.stages.rollup import roll_up_waiting
from monitor.store.connection import bare
from monitor.store.rollups import Rollups
from monitor.store.simulated import Simulated
from monitor.topic import Topic, slug

DATABASE = "monitor_demo"
FEED_HOST = "https://feeds.example"
DAYS = 28
POSTS = 8200  # of which about 7,000 are still there to be shown at the end
QUERIES = ("python", "#climate", '"electric cars"', "coffee", "rust", "gardening", "trains")
# The simulator has no public to be polite to.
SETTINGS = {"MONITOR_PACE_S": "0", "LOG_LEVEL": "WARNING", "MONITOR_PAGES_PER_POLL": "2000", "MONITOR_INTERVAL_S": "5"}
LOOK_S = 0.5
ROLLED_AT_ONCE = 4


@click.command()
@click.option("--once", is_flag=True, help="End after the first collection.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the summary (implies --once).")
@click.option("--seed", type=int, default=1, show_default=True, help="Which simulated world.")
def demo(once: bool, as_json: bool, seed: int) -> None:
    """Collect from simulated platforms into the database monitor_demo, and find in it what was planted there.

    What is stored and what is counted is compared with what the platforms showed; a difference is a failure.

    Needs no credentials and no network. All posts are invented. Goes on collecting until Ctrl-C, or, without a terminal,
    ends by itself.
    """
    config = dataclasses.replace(load(), database=DATABASE)
    console = Console(stderr=True)
    began = time.monotonic()
    with acquire(config), simulated(["--seed", str(seed), "--days", str(DAYS), "--posts", str(POSTS)]) as addresses:
        period = run(_prepare(config, addresses))
        console.print("[bold]Social Monitor demo[/] - simulated data, invented people and posts", highlight=False)
        code = _collect(config, addresses, console)
        if code:
            raise MonitorError(f"A crawl of the demo ended with exit code {code}; its messages are above.")
        with console.status("Counting, and comparing with what was shown ..."):
            result, findings = run(_result(config, addresses, period))
        result |= {"seconds": round(time.monotonic() - began, 1)}
        if as_json:
            click.echo(json.dumps(result))
        else:
            show_summary(findings, result, Console())
        if not (once or as_json) and sys.stdin.isatty() and sys.stdout.isatty():
            _follow(config, addresses, console)
    if any(result[name] for name in FAULTS):
        raise MonitorError("What is stored is not what the simulated platforms showed; this is a fault of Social Monitor.")
    if wrong := [check.name for check in findings.checks if not check.exact]:
        raise MonitorError(f"What was counted is not the truth: {', '.join(wrong)}; this is a fault of Social Monitor.")


async def _prepare(config: Config, addresses: Mapping[str, Any]) -> Period:
    """An empty demo database with topics and sources; returns the period that these are to cover, up to now."""
    with acquire(config) as private:
        async with bare(config, uri=private.uri) as database:  # that of an earlier release is emptied as well
            await Simulated(database).begin()
    async with opened(config) as store:
        now = clock.now()
        since = now - timedelta(days=DAYS)
        for query in QUERIES:
            parsed = parse(query)
            topic = await store.topics.add(Topic(id=slug(query), name=query.strip('"'), query=query))
            for source in _sources(parsed, topic, addresses):
                await store.sources.ensure(dataclasses.replace(source, since=since))
        return Period(start=since, end=now)


def _sources(query: Query, topic: Topic, addresses: Mapping[str, Any]) -> list[Source]:
    """What a person would track: search and tag timelines, the instance's public timeline, and all feeds."""
    places: list[tuple[str, Mapping[str, str]]] = [("hackernews", {}), ("mastodon", {"instance": LOCAL_HOST})]
    made = []
    for platform, place in places:
        native = compile_query(query, platform, has_token=False)
        made += [_source(platform, ask.kind, {**place, **ask.parameters}, topic) for ask in native.asks]
    made.append(_source("mastodon", "public", {"instance": LOCAL_HOST}, topic))
    made += [_source("feeds", "url", {"url": FEED_HOST + urlsplit(url).path}, topic) for url in addresses["feeds"]]
    return made


def _source(platform: str, kind: str, parameters: Mapping[str, str], topic: Topic) -> Source:
    return Source(platform=platform, kind=kind, parameters=parameters, topics=(topic.id,))


def _crawls(addresses: Mapping[str, Any], arguments: Mapping[str, str]) -> list[subprocess.Popen[str]]:
    """One real Scrapy process per platform, as `monitor collect` starts them, sent to the simulator."""
    feeds = urlsplit(addresses["feeds"][0])
    servers = {
        "hackernews": addresses["hackernews"],
        "mastodon": addresses["mastodon"],
        "feeds": f"{feeds.scheme}://{feeds.netloc}",
    }
    environment = {**os.environ, "MONITOR_DATABASE": DATABASE}
    return [
        start(platform, arguments={**arguments, "base_url": server}, settings=SETTINGS, environment=environment)
        for platform, server in servers.items()
    ]


def _collect(config: Config, addresses: Mapping[str, Any], console: Console) -> int:
    """Run all platforms once, telling how far they are; returns their joined exit code."""
    crawls: list[subprocess.Popen[str]] = []
    with supervised(crawls), console.status(f"Collecting the past {DAYS} days ...") as status:
        crawls += _crawls(addresses, {})
        while any(crawl.poll() is None for crawl in crawls):
            time.sleep(LOOK_S)
            status.update(f"Collecting the past {DAYS} days: {run(_stored(config)):,} posts stored")
        return joined_exit_code(crawl.wait() for crawl in crawls)


async def _stored(config: Config) -> int:
    async with opened(config) as store:
        return await store.posts.count()


async def _result(config: Config, addresses: Mapping[str, Any], period: Period) -> tuple[dict[str, Any], Findings]:
    """What `--json` prints but for the time it took: what was shown against what is stored, and what was found in it."""
    log = await asyncio.to_thread(log_of, addresses)
    truth = await asyncio.to_thread(truth_of, addresses)
    async with opened(config) as store:
        await roll_up_waiting(Rollups(store.database), at_once=ROLLED_AT_ONCE)
        findings = await find(store, {slug(query): query for query in QUERIES}, Shown.of(log, truth), period)
        stored = [document async for document in store.database["posts"].find({}, {"raw": 0})]
        quarantined = await store.quarantine.count()
    return _conserved(log, stored) | {"quarantined": quarantined} | told(findings), findings


def _conserved(log: Mapping[str, Any], stored: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    comparison = compare(log["posts"], stored)
    scored = sum(document.get("sentiment", {}).get("label") is not None for document in stored)
    return {
        "simulated": True,
        "shown": comparison.shown,
        "stored": comparison.stored,
        "missing": comparison.missing,
        "invented": comparison.invented,
        "doubled": comparison.doubled,
        "different": comparison.different,
        "scored": scored,
        "unscored": len(stored) - scored,
        "platforms": dict(sorted(Counter(document["platform"] for document in stored).items())),
        "examples": {name: found for name, found in comparison.examples.items() if found},
    }


def _follow(config: Config, addresses: Mapping[str, Any], console: Console) -> None:
    """Go on as a running system would, until Ctrl-C."""
    console.print(
        "Going on with what the simulated platforms show from now on, a post every few minutes. Ctrl-C ends the demo."
    )
    crawls: list[subprocess.Popen[str]] = []
    try:
        with supervised(crawls), console.status("") as status:
            while True:
                if all(crawl.poll() is not None for crawl in crawls):
                    crawls[:] = _crawls(addresses, {"shift": "1h"})
                status.update(f"{run(_stored(config)):,} posts stored (simulated data)")
                time.sleep(2 * LOOK_S)
    except KeyboardInterrupt:
        console.print("Ended.")
