"""The fleet: how long the planner's round takes with 10,000 sources, and how 1, 2 and 4 workers share the waiting for platforms.

The simulator answers after a fixed delay, so that a worker waits most of its time, as in life; what scales is waiting, not cores. Each
worker is a process that runs shifts against the same MongoDB. Prints a line each; exit 1 where a bar is missed.

    python tests/bench/fleet.py [round|scaling]
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from typing import Any

from monitor import clock
from monitor.cli.fleet.planner import planner_of, rules_of
from monitor.config import load
from monitor.crawl.process import start
from monitor.mongod.private import acquire, stop
from monitor.simulator.people import LOCAL_HOST
from monitor.simulator.process import log_of, simulated
from monitor.source import Source
from monitor.store.connection import Store, open_store
from monitor.store.sources import Sources

SOURCES, ROUNDS, ROUND_S = 10_000, 7, 1.0
PLATFORMS = ("bluesky", "devto", "discourse", "feeds", "github", "hackernews", "lemmy", "mastodon", "stackexchange")
WORKERS, WALKS, DELAY_MS = (1, 2, 4), 4, 1000
TAGS, WARM_S, WINDOW_S = 96, 3.0, 15.0
SCALES = 3.2


async def fill(store: Store) -> None:
    """Sources of nine platforms, on twenty servers where they have servers, a tenth of them due."""
    now = clock.now()
    made: list[dict[str, Any]] = []
    await store.sources.ensure(Source(platform="mastodon", kind="tag", parameters={"tag": "x", "instance": "x"}, topics=("t",)))
    (like,) = await store.database["sources"].find().to_list()
    for number in range(SOURCES):
        platform = PLATFORMS[number % len(PLATFORMS)]
        server = {"instance": f"s{number % 20}.example"} if platform in {"mastodon", "lemmy", "discourse"} else {}
        due = now - timedelta(seconds=number % 60) if number % 10 == 0 else now + timedelta(seconds=number % 900 + 11)
        rate = {"per_hour": 3.0, "per_call": 1.0, "calls": 1.0, "interval_s": 900.0}
        made.append(
            {
                **like, "_id": f"{platform}/tag?tag={number}", "platform": platform, "next_due": due, "rate": rate, "state": "ok",
                "parameters": {**server, "tag": str(number)},
            }
        )  # fmt: skip
    await store.database["sources"].delete_many({})
    await store.database["sources"].insert_many(made)


async def rounds(uri: str) -> int:
    config = load({**os.environ, "MONGODB_URI": uri, "MONITOR_DATABASE": "bench_planner"})
    store = await open_store(config)
    await fill(store)
    planner = planner_of(store, config, rules_of(config), owner="bench")
    took, first = [], None
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = await planner.round()
        took.append(time.perf_counter() - began)
        first = first or found
    await store.close()
    assert first is not None
    assert (first.sources, first.queued) == (SOURCES, first.wanted)
    print(
        f"planner round, {SOURCES:,} sources, {first.due:,} due: the first, which queued {first.queued} shifts, {took[0]:.3f} s; "
        f"then {statistics.median(took[1:]):.3f} s, the longest {max(took[1:]):.3f} s (bar {ROUND_S} s)"
    )
    return 0 if max(took) < ROUND_S else 1


async def make_sources(uri: str, name: str) -> None:
    store = await open_store(load({**os.environ, "MONGODB_URI": uri, "MONITOR_DATABASE": name}))
    sources: Sources = store.sources
    for number in range(TAGS):
        parameters = {"instance": LOCAL_HOST, "tag": f"none{number}"}
        await sources.ensure(Source(platform="mastodon", kind="tag", parameters=parameters, topics=("t",)))
    await store.close()


def requests_per_s(uri: str, addresses: dict[str, Any], workers: int) -> float:
    """Requests a second that so many workers make together, once all of them are at work."""
    name = f"bench_fleet_{workers}"
    asyncio.run(make_sources(uri, name))
    environment = {**os.environ, "MONGODB_URI": uri, "MONITOR_DATABASE": name}
    settings = {
        "MONITOR_PACE_S": "0", "MONITOR_INTERVAL_S": "0.001", "MONITOR_WALKS": str(WALKS), "LOG_LEVEL": "WARNING",
    }  # fmt: skip
    since = int(log_of(addresses, since=2**31)["last"])
    crawls = [
        start(
            "mastodon",
            arguments={"shift": "10m", "base_url": addresses["mastodon"]},
            settings={**settings, "USER_AGENT": f"worker {number}"},
            environment=environment,
        )
        for number in range(workers)
    ]
    try:
        while len({entry["user_agent"] for entry in log_of(addresses, since=since)["requests"]}) < workers:
            assert all(crawl.poll() is None for crawl in crawls), "a worker ended by itself"
            time.sleep(0.5)
        time.sleep(WARM_S)
        first, began = int(log_of(addresses, since=2**31)["last"]), time.perf_counter()
        time.sleep(WINDOW_S)
        made, lasted = int(log_of(addresses, since=2**31)["last"]) - first, time.perf_counter() - began
    finally:
        for crawl in crawls:
            crawl.terminate()
        for crawl in crawls:
            end(crawl)
    return made / lasted


def end(crawl: subprocess.Popen[str]) -> None:
    try:
        crawl.wait(30)
    except subprocess.TimeoutExpired:
        crawl.kill()
        crawl.wait()


def scaling(uri: str) -> int:
    with simulated(["--seed", "1", "--posts", "200", "--delay", str(DELAY_MS)]) as addresses:
        found = {workers: requests_per_s(uri, dict(addresses), workers) for workers in WORKERS}
    times = found[4] / found[1]
    told = ", ".join(f"{workers}: {per_s:.2f}/s ({per_s / found[1]:.2f}x)" for workers, per_s in found.items())
    print(
        f"workers on one MongoDB, replies after {DELAY_MS / 1000:.0f} s, {WALKS} sources at a time each: {told} (bar {SCALES}x at 4)"
    )
    return 0 if times >= SCALES else 1


def main(what: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as home:
        own = load({**os.environ, "MONITOR_HOME": home})
        try:
            with acquire(own) as private:
                uri, code = str(private.uri), 0
                if "round" in what:
                    code |= asyncio.run(rounds(uri))
                if "scaling" in what:
                    code |= scaling(uri)
                return code
        finally:
            stop(own)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["round", "scaling"]))
