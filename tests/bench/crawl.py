"""Whole crawls against a naive project, side by side: same pages, same mongod, same documents, same sentiment.

Eight tags of a Mastodon server, majority and journal, retries on. `fresh`: nothing is known yet. `second`: another process polls
again after the counters of 5 % of the posts changed on every page. `reshift`: the same within one shift. `client`: our CPU per
post against an asyncio script without a framework. `page`: what Scrapy costs by itself. Each line is the median of several runs,
a run of each taking turns.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

from pymongo import MongoClient

from monitor.config import load
from monitor.crawl.raw import unpack
from monitor.mongod.private import acquire
from monitor.source import Source
from monitor.store.connection import open_store

HERE = Path(__file__).parent / "crawls"
PAGES, PAGE, TAGS = 25, 40, 8
POSTS = PAGES * PAGE * TAGS
ROUNDS = 3
SHIFTS_S = (25, 75, 225)
LEAST = {"fresh": 8.0, "second": 10.0, "reshift": 20.0}
MOST_CLIENT = 1.7
MOST_PAGE_MS = 1.3
# What a project keeps for itself, or writes at its own moment.
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
OWN = ("fetched_at", "first_seen", "digests", "digest", "writes", "raw")
OWN_OF_SCORE = ("scorer", "version")


class Bench:
    """A mongod and a page server for the runs of a round; each run has a database of its own unless it polls again."""

    def __init__(self, uri: str, address: str, home: str) -> None:
        self.uri, self.address = uri, address
        self.client: MongoClient[dict[str, Any]] = MongoClient(uri, tz_aware=True)
        self.environment = {**os.environ, "MONGODB_URI": uri, "MONITOR_HOME": home, "PYTHONPATH": str(HERE)}

    def prepared(self, database: str) -> str:
        """An empty database with our collections and indexes, for all of them alike, and our eight sources."""
        self.client.drop_database(database)
        asyncio.run(self._prepare(database))
        return database

    async def _prepare(self, database: str) -> None:
        store = await open_store(load({**self.environment, "MONITOR_DATABASE": database}))
        for number in range(TAGS):
            parameters = {"instance": "m.example", "tag": f"bench{number}"}
            await store.sources.ensure(
                Source(platform="mastodon", kind="tag", parameters=parameters, topics=("bench",), since=LONG_AGO)
            )
        await store.close()

    def ours(self, database: str, *arguments: object) -> dict[str, Any]:
        self.client[database]["sources"].update_many({}, {"$set": {"next_due": LONG_AGO}})
        return self._run("ours.py", self.address, *arguments, MONITOR_DATABASE=database)

    def naive(self, database: str) -> dict[str, Any]:
        return self._run("naive.py", self.address, self.uri, database)

    def script(self, database: str) -> dict[str, Any]:
        return self._run("script.py", self.address, self.uri, database)

    def _run(self, name: str, *arguments: object, **environment: str) -> dict[str, Any]:
        command = [sys.executable, str(HERE / name), *map(str, arguments)]
        ran = subprocess.run(command, env=self.environment | environment, stdout=subprocess.PIPE, check=True, text=True)
        told: dict[str, Any] = json.loads(ran.stdout)
        return told

    def page_ms(self) -> float:
        """CPU milliseconds that Scrapy takes for a page beyond fetching and decoding it."""
        ours, bare = self._run("fetch.py", self.address), self._run("script.py", self.address)
        return (float(ours["bursts"][0][2]) - float(bare["cpu_s"])) / (PAGES * TAGS) * 1000

    def turn(self) -> None:
        urlopen(f"{self.address}/turn").read()

    def documents(self, database: str) -> dict[str, Any]:
        """What was stored, without what each project keeps for itself."""
        return {stored["_id"]: _compared(stored) for stored in self.client[database]["posts"].find()}


def _compared(stored: dict[str, Any]) -> dict[str, Any]:
    raw = stored["raw"]
    kept = {name: value for name, value in stored.items() if name not in OWN}
    kept["sentiment"] = {name: value for name, value in kept["sentiment"].items() if name not in OWN_OF_SCORE}
    return kept | {"row": unpack(raw)}


def _without_rows(documents: dict[str, Any]) -> dict[str, Any]:
    """We keep the row of the last change of words; counters that count on are read from the post."""
    return {post_id: stored | {"row": None} for post_id, stored in documents.items()}


def same(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Stop the benchmark where two projects did not store the same: their speeds say nothing then."""
    if len(one) != POSTS or one.keys() != other.keys():
        sys.exit(f"crawl: {len(one)} and {len(other)} posts were stored, of {POSTS}")
    for post_id, document in one.items():
        if document != other[post_id]:
            different = sorted(name for name in document | other[post_id] if document.get(name) != other[post_id].get(name))
            sys.exit(f"crawl: {post_id} differs in {', '.join(different)}")


@contextmanager
def benches() -> Iterator[Iterator[Bench]]:
    """A bench for each round, all on one mongod; each with a page server of its own, whose posts are of the last minutes: in a
    longer time than the overlap a second poll would rightly leave the oldest alone.
    """
    with TemporaryDirectory(ignore_cleanup_errors=True) as home, acquire(load({**os.environ, "MONITOR_HOME": home})) as mongod:
        yield (bench for _ in range(ROUNDS) for bench in served(mongod.uri, home))


def served(uri: str, home: str) -> Iterator[Bench]:
    command = [sys.executable, str(HERE / "pages.py"), str(PAGES)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield Bench(uri, f"http://127.0.0.1:{server.stdout.readline().strip()}", home)


def reshifted(bench: Bench) -> float | None:
    """Wall seconds of one whole poll after the first of a shift; None where not even the longest shift holds one.

    The last burst may have been cut by the end of its shift, so three are needed; where polls take long, a longer shift is tried.
    """
    for shift_s in SHIFTS_S:
        run = bench.ours(bench.prepared("bench_shift"), shift_s)
        polls = [wall_s / items * PAGES * TAGS for items, wall_s, _ in run["bursts"][1:-1] if items]
        if polls:
            return median(polls)
    return None


def main() -> int:
    ratios: dict[str, list[float]] = {"fresh": [], "second": [], "reshift": [], "client": [], "page": []}
    rates: dict[str, float] = {}
    with benches() as rounds:
        for bench in rounds:
            databases = {name: bench.prepared(f"bench_{name}") for name in ("naive", "ours", "script")}
            fresh = {
                "naive": bench.naive(databases["naive"]),
                "ours": bench.ours(databases["ours"]),
                "script": bench.script(databases["script"]),
            }
            ours = bench.documents("bench_ours")
            same(bench.documents("bench_naive"), ours)
            same(bench.documents("bench_script"), ours)
            bench.turn()
            again = {"naive": bench.naive("bench_naive"), "ours": bench.ours("bench_ours")}
            same(_without_rows(bench.documents("bench_naive")), _without_rows(bench.documents("bench_ours")))
            poll_s = reshifted(bench)
            ratios["fresh"].append(fresh["naive"]["wall_s"] / fresh["ours"]["wall_s"])
            ratios["second"].append(again["naive"]["wall_s"] / again["ours"]["wall_s"])
            if poll_s is None:
                print(f"crawl: no shift of up to {SHIFTS_S[-1]} s held a whole poll after its first; reshift is not measured")
                return 1
            ratios["reshift"].append(again["naive"]["wall_s"] / poll_s)
            ratios["page"].append(bench.page_ms())
            ratios["client"].append(fresh["ours"]["cpu_s"] / fresh["script"]["cpu_s"])
            rates = {
                "fresh": POSTS / fresh["ours"]["wall_s"],
                "second": POSTS / again["ours"]["wall_s"],
                "reshift": POSTS / poll_s,
                "client": fresh["ours"]["cpu_s"] / POSTS * 1e6,
            }
    medians = {name: median(told) for name, told in ratios.items()}
    for name, least in LEAST.items():
        print(f"{name}: {medians[name]:.1f} x a naive project ({rates[name]:,.0f} posts/s; at least {least:.0f} x)")
    print(f"client: {medians['client']:.2f} x the CPU of a script ({rates['client']:.0f} us/post; at most {MOST_CLIENT} x)")
    print(f"page: {medians['page']:.2f} ms of Scrapy's for a page, beyond fetching and decoding (at most {MOST_PAGE_MS} ms)")
    slow = any(medians[name] < least for name, least in LEAST.items())
    return 1 if slow or medians["client"] > MOST_CLIENT or medians["page"] > MOST_PAGE_MS else 0


if __name__ == "__main__":
    sys.exit(main())
