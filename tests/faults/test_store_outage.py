"""MongoDB away while a real crawl collects: nothing is asked that cannot be kept, nothing is lost, memory stays, work goes on.

The server is one of the test's own, started anew for each outage: stopped for 20 s (it hangs, and its connections stay), or
killed and started again (they break, and it recovers from its journal).
"""

import os
import re
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from monitor.mongod.binary import find
from monitor.simulator.comparison import compare
from monitor.simulator.people import LOCAL_HOST
from monitor.source import Source

STOPPED_S, STOPPED_SOAKED_S, DEAD_S = 20.0, 600.0, 3.0
WARM_S = 4.0
WARM_POSTS, WARM_AT_MOST_S = 1000, 60.0  # a slow machine takes longer until its memory is warm
CATCHES_UP_S = 120.0
SAMPLE_S = 0.25
FLAT_MIB = 10.0
FRESH_S, FRESH_SOAKED_S = (
    10.0,
    60.0,
)  # though all of the timeline so far is within the overlap, and is read again after the look
RATE, RATE_SOAKED = 40, 4  # posts a second: what comes in ten minutes has to be read again in one poll
INTERRUPTED = 130  # one shift, which outlives the outage, and ends when it is told to
EVER = datetime(2005, 1, 1, tzinfo=UTC)
MOST_CLAIMS = 4  # at the start, after the outage, by the crawl that looks for fresh posts, and one for a slow machine
BACKLOG = 4800
SOURCES = {
    "tag": {"tag": "endless"},
    "public": {},
    "local": {"community": "local"},
    "remote": {"community": "remote"},
}


@dataclass
class Mongod:
    """A replica set of one, on loopback."""

    command: list[str]
    uri: str
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)

    def end(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()


@pytest.fixture
def mongod(tmp_path: Path) -> Iterator[Mongod]:
    folder = tmp_path / "data"
    folder.mkdir()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    named = os.environ.get("MONITOR_MONGOD")
    binary = find(named=Path(named) if named else None, search=os.environ.get("PATH"), copies=folder)
    command = [
        str(binary), "--dbpath", str(folder), "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket",
        "--replSet", "outage", "--wiredTigerCacheSizeGB", "0.25", "--networkMessageCompressors", "snappy,zstd",
        "--setParameter", "diagnosticDataCollectionEnabled=false",
    ]  # fmt: skip
    server = Mongod(command, f"mongodb://127.0.0.1:{port}/?replicaSet=outage")
    server.start()
    try:
        with MongoClient[Any](f"mongodb://127.0.0.1:{port}/?directConnection=true", serverSelectionTimeoutMS=30_000) as client:
            client.admin.command("replSetInitiate", {"_id": "outage", "members": [{"_id": 0, "host": f"127.0.0.1:{port}"}]})
            while not client.admin.command("hello")["isWritablePrimary"]:
                time.sleep(0.05)
        yield server
    finally:
        server.end()


def stop(server: Mongod) -> None:
    server.process.send_signal(signal.SIGSTOP)


def go_on(server: Mongod) -> None:
    server.process.send_signal(signal.SIGCONT)


def kill(server: Mongod) -> None:
    server.process.kill()
    server.process.wait()


def sources(since: timedelta) -> list[Source]:
    """Four timelines, which take a good while to walk."""
    now = datetime.now(UTC)
    return [
        Source(
            platform="mastodon",
            kind="tag" if name == "tag" else "public",
            parameters={"instance": LOCAL_HOST, **parameters},
            since=now - (since if name == "tag" else timedelta(days=28)),
            topics=("watched",),
        )
        for name, parameters in SOURCES.items()
    ]


def asked(entry: dict[str, Any]) -> str:
    """The source that a request belongs to."""
    found = re.search(r"local|remote", entry["query"])
    return "tag" if "/tag/" in entry["path"] else found[0] if found else "public"


@dataclass
class Collecting:
    """A shift on four sources, and what was seen of it before, during and after the outage."""

    platforms: Any
    database: Any
    crawl: Callable[..., Any]
    since: timedelta
    shifts: list[Any] = field(default_factory=list)
    rss: list[float] = field(default_factory=list)
    rss_after: float = 0.0
    stored_before: int = 0
    walked_before: int = 0
    began_at: datetime = EVER
    asked_last: int = 0

    def begin(self) -> None:
        """Start, and go on until memory is warm and every source has much to read."""
        self.database.ensure(sources(self.since))
        self.next_shift()
        self.platforms.await_ask(self.shifts[0])
        time.sleep(WARM_S)
        until = time.monotonic() + WARM_AT_MOST_S
        while self.database.count() < WARM_POSTS and time.monotonic() < until:
            time.sleep(SAMPLE_S)
        self.stored_before = self.database.count()
        self.walked_before = sum(bool(source["bookmark"]["gaps"]) for source in self.database.sources().values())

    def next_shift(self) -> None:
        name = f"shift-{len(self.shifts)}"
        self.shifts.append(self.crawl(name, self.database, shift="60m", base_url=self.platforms.mastodon))

    def watch(self, away_s: float) -> None:
        """Look at memory while MongoDB is away."""
        self.began_at, self.rss = datetime.now(UTC), [self.shifts[0].rss_mib()]
        while datetime.now(UTC) < self.began_at + timedelta(seconds=away_s):
            time.sleep(SAMPLE_S)
            self.rss.append(self.shifts[0].rss_mib())
        self.asked_last = self.platforms.last()

    def caught_up(self) -> bool:
        """Whether every source was walked to its end; a shift that ended is followed by the next, as by `collect --follow`."""
        if not self.shifts[-1].running():
            self.next_shift()
        self.rss_after = self.shifts[-1].rss_mib() or 0.0
        standing = self.database.sources().values()
        return all(source["last_polled_at"] and not source["bookmark"]["gaps"] for source in standing)

    def end(self) -> list[int]:
        """Exit codes of all shifts, the last one told to end."""
        self.shifts[-1].process.terminate()
        return [shift.ended(within_s=20) for shift in self.shifts]

    def asked_meanwhile(self, log: dict[str, Any]) -> Counter[str]:
        entries = (entry for entry in log["requests"] if entry["number"] <= self.asked_last)
        return Counter(asked(entry) for entry in entries if entry["at"] > self.began_at.isoformat())


@pytest.mark.parametrize(
    ("begin", "end", "away_s", "away_soaked_s"),
    [
        pytest.param(stop, go_on, STOPPED_S, STOPPED_SOAKED_S, id="stopped"),
        pytest.param(kill, Mongod.start, DEAD_S, DEAD_S, id="killed"),
    ],
)
def test_outage__of_mongodb_while_a_crawl_collects__nothing_lost_little_asked_and_caught_up(
    begin, end, away_s, away_soaked_s, mongod, own_database, simulate, crawl, until, seed, soak
):
    rate = RATE_SOAKED if soak else RATE
    platforms = simulate("--seed", str(seed), "--posts", "8000", "--delay", "100", "--endless", f"{rate},{BACKLOG + 1200}")
    database = own_database(mongod.uri)
    collecting = Collecting(platforms, database, crawl, since=timedelta(seconds=BACKLOG / rate))
    collecting.begin()
    begin(mongod)
    collecting.watch(away_soaked_s if soak else away_s)
    end(mongod)
    caught_up_s = until(collecting.caught_up, within_s=CATCHES_UP_S, what="every source is caught up")
    codes = collecting.end()
    back = crawl("back", database, tag="endless", instance=LOCAL_HOST, base_url=platforms.mastodon)
    fresh = {"tags": "endless", "created_at": {"$gt": datetime.now(UTC)}}
    platforms.await_ask(back)  # how long a process takes to start is the machine's affair
    fresh_s = until(lambda: database.has(fresh), within_s=60, what="a fresh post is stored")
    codes.append(back.ended(within_s=60))

    log, rss = platforms.log(), collecting.rss
    compared, meanwhile = compare(log["posts"], database.posts()), collecting.asked_meanwhile(log)
    claims = max(source["lease"]["epoch"] for source in database.sources().values())
    print(
        f"\nseed {seed}: {begin.__name__}, {collecting.walked_before} sources being walked and {collecting.stored_before} posts "
        f"stored before; asked meanwhile {dict(meanwhile)}; memory {rss[0]:.0f} MiB at its begin, {min(rss):.0f} to "
        f"{max(rss):.0f} meanwhile, {collecting.rss_after:.0f} when caught up, {caught_up_s:.0f} s after its end\n"
        f"exit codes of shifts and the crawl after them {codes}, most claims of a source {claims}; rows shown "
        f"{len(log['posts'])}, posts shown {compared.shown}, stored {compared.stored}, missing {compared.missing}, invented "
        f"{compared.invented}, doubled {compared.doubled}, different {compared.different}, skipped {database.skipped()}; "
        f"a fresh post {fresh_s:.1f} s after the first reply"
    )
    assert compared.exact, compared.examples
    assert database.skipped() == 0
    assert collecting.walked_before >= len(SOURCES) - 1
    assert set(meanwhile) <= set(SOURCES)
    assert max(meanwhile.values(), default=0) <= 1
    assert max(abs(each - rss[0]) for each in (*rss, collecting.rss_after)) <= FLAT_MIB
    assert compared.stored > collecting.stored_before + 1000
    assert codes == [INTERRUPTED, 0]
    assert claims <= MOST_CLAIMS
    assert fresh_s <= (FRESH_SOAKED_S if soak else FRESH_S)
