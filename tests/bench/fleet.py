"""The fleet: how long the planner's round takes with 10,000 sources, and how 1, 2 and 4 nodes share the waiting for platforms.

The simulator answers after a fixed delay, so that a crawl waits most of its time, as in life; what scales is waiting, not cores. Each
node runs one shift at a time, of the one egg that was deployed for all. Prints a line each; exit 1 where a bar is missed.

    python tests/bench/fleet.py [round|scaling]
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from monitor import clock
from monitor.cli.fleet.planner import planner_of, rules_of
from monitor.config import Config, load
from monitor.fleet.allowed import PROJECT
from monitor.fleet.deploy import deploy
from monitor.fleet.own_egg import own_egg
from monitor.mongod.private import acquire, stop
from monitor.mongod.server import free_port
from monitor.simulator.people import LOCAL_HOST
from monitor.simulator.process import log_of, simulated
from monitor.source import Source
from monitor.store.connection import Store, open_store
from monitor.store.eggs import Eggs
from monitor.store.jobs import Jobs
from monitor.store.synchronous import connect

SOURCES, ROUNDS, ROUND_S = 10_000, 7, 1.0
PLATFORMS = ("bluesky", "devto", "discourse", "feeds", "github", "hackernews", "lemmy", "mastodon", "stackexchange")
NODES, WALKS, DELAY_MS = (1, 2, 4), 4, 1000
TAGS, WARM_S, WINDOW_S = 96, 3.0, 15.0
SCALES = 3.2
SETTINGS = {"MONITOR_PACE_S": "0", "MONITOR_INTERVAL_S": "0.001", "MONITOR_WALKS": str(WALKS), "LOG_LEVEL": "WARNING"}


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


async def rounds(config: Config) -> int:
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


async def make_sources(config: Config) -> None:
    store = await open_store(config)
    for number in range(TAGS):
        parameters = {"instance": LOCAL_HOST, "tag": f"none{number}"}
        await store.sources.ensure(Source(platform="mastodon", kind="tag", parameters=parameters, topics=("t",)))
    await store.close()


@dataclass
class Nodes:
    """Nodes that are started one after the other, each with room for one shift; they and their shifts go on until the end."""

    config: Config
    addresses: Mapping[str, Any]
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def grow(self, count: int) -> None:
        """Start nodes until there are so many, and queue a shift for each; whose it is, its requests tell."""
        for number in range(len(self.started), count):
            command = [sys.executable, "-P", "-m", "monitor", "fleet", "node", "--name", f"node{number}"]
            command += ["--port", str(free_port()), "--max-proc", "1"]
            with (self.config.home / f"node{number}.log").open("wb") as log:
                self.started.append(subprocess.Popen(command, env=self.config.environment, stdout=log, stderr=log))
            Jobs(connect(self.config)).add(
                f"shift{number}",
                project=PROJECT,
                spider="mastodon",
                args={"shift": "10m", "base_url": self.addresses["mastodon"]},
                settings={**SETTINGS, "USER_AGENT": f"shift {number}"},
            )

    def requests_per_s(self) -> float:
        """Requests a second that they make together, once all of them are at work."""
        since = self._last()
        while len({entry["user_agent"] for entry in log_of(self.addresses, since=since)["requests"]}) < len(self.started):
            assert all(node.poll() is None for node in self.started), "a node ended by itself"
            time.sleep(0.5)
        time.sleep(WARM_S)
        first, began = self._last(), time.perf_counter()
        time.sleep(WINDOW_S)
        return (self._last() - first) / (time.perf_counter() - began)

    def end(self) -> None:
        for node in self.started:
            node.terminate()
        for node in self.started:
            node.wait()  # it kills what does not end

    def _last(self) -> int:
        return int(log_of(self.addresses, since=2**31)["last"])


def scaling(config: Config) -> int:
    asyncio.run(make_sources(config))
    deploy(own_egg(), project=PROJECT, version="1", config=config, eggs=Eggs(connect(config)))
    with simulated(["--seed", "1", "--posts", "200", "--delay", str(DELAY_MS)]) as addresses:
        nodes, found = Nodes(config, addresses), {}
        try:
            for count in NODES:
                nodes.grow(count)
                found[count] = nodes.requests_per_s()
        finally:
            nodes.end()
    times = found[4] / found[1]
    told = ", ".join(f"{count}: {per_s:.2f}/s ({per_s / found[1]:.2f}x)" for count, per_s in found.items())
    print(
        f"nodes on one MongoDB, replies after {DELAY_MS / 1000:.0f} s, {WALKS} sources at a time each: {told} (bar {SCALES}x at 4)"
    )
    return 0 if times >= SCALES else 1


def main(what: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as home:
        own = load({**os.environ, "MONITOR_HOME": home})
        try:
            with acquire(own) as private:
                code, here = 0, {**os.environ, "MONGODB_URI": private.uri, "MONITOR_HOME": home, "MONITOR_CONFIG": os.devnull}
                if "round" in what:
                    code |= asyncio.run(rounds(load({**here, "MONITOR_DATABASE": "bench_planner"})))
                if "scaling" in what:
                    code |= scaling(load({**here, "MONITOR_DATABASE": "bench_nodes"}))
                return code
        finally:
            stop(own)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["round", "scaling"]))
