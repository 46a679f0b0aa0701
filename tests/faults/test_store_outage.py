"""MongoDB away while a real crawl collects: nothing is asked that cannot be kept, nothing is lost, memory stays, work goes on.

The server is one of the test's own, started anew for each outage: stopped for 20 s (it hangs, and its connections stay), or
killed and started again (they break, and it recovers from its journal).
"""

import asyncio
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

from monitor.config import load
from monitor.mongod.binary import find
from monitor.simulator.comparison import compare
from monitor.simulator.people import LOCAL_HOST
from monitor.source import Source
from monitor.store.connection import open_store

STOPPED_S, STOPPED_SOAKED_S, DEAD_S = 20.0, 600.0, 3.0
WARM_S = 4.0
CATCHES_UP_S = 120.0
SAMPLE_S = 0.25
FLAT_MIB = 10.0
FRESH_S = 10.0
MOST_CLAIMS = 4  # at the start, after the outage, by the crawl that looks for fresh posts, and one for a slow machine
SINCE = timedelta(seconds=120)
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


async def ensure_sources(uri: str, database: str) -> None:
    store = await open_store(load({"MONGODB_URI": uri, "MONITOR_DATABASE": database}))
    now = datetime.now(UTC)
    for name, parameters in SOURCES.items():
        kind, since = ("tag", SINCE) if name == "tag" else ("public", timedelta(days=28))
        place = {"instance": LOCAL_HOST, **parameters}
        await store.sources.ensure(Source(platform="mastodon", kind=kind, parameters=place, since=now - since, topics=("all",)))
    await store.close()


def asked(entry: dict[str, Any]) -> str:
    """The source that a request belongs to."""
    found = re.search(r"local|remote", entry["query"])
    return "tag" if "/tag/" in entry["path"] else found[0] if found else "public"


def holes(stored: list[dict[str, Any]]) -> int:
    """Posts of #endless are numbered: what is missing between the oldest and the newest stored was skipped."""
    found = [re.match(r"Post (\d+), id", post["text"]) for post in stored if "endless" in post.get("tags", ())]
    numbers = [int(match[1]) for match in found if match]
    return max(numbers) - min(numbers) + 1 - len(set(numbers))


@pytest.mark.parametrize(
    ("begin", "end", "away_s", "away_soaked_s"),
    [
        pytest.param(stop, go_on, STOPPED_S, STOPPED_SOAKED_S, id="stopped"),
        pytest.param(kill, Mongod.start, DEAD_S, DEAD_S, id="killed"),
    ],
)
def test_outage__of_mongodb_while_a_crawl_collects__nothing_lost_little_asked_and_caught_up(
    begin: Callable[[Mongod], None],
    end: Callable[[Mongod], None],
    away_s: float,
    away_soaked_s: float,
    mongod,
    own_database,
    simulate,
    crawl,
    until,
    seed,
    soak,
):
    away_s = away_soaked_s if soak else away_s
    platforms = simulate("--seed", str(seed), "--posts", "8000", "--delay", "100", "--endless", "40,6000")
    database = own_database(mongod.uri)
    asyncio.run(ensure_sources(database.uri, database.name))
    shifts = [crawl("shift-0", database, shift="60m", base_url=platforms.mastodon)]
    platforms.await_ask(shifts[0])
    time.sleep(WARM_S)
    stored_before = database.count()
    open_before = sum(bool(source["bookmark"]["gaps"]) for source in database.sources().values())

    began_at, rss = datetime.now(UTC), [shifts[0].rss_mib()]
    begin(mongod)
    while datetime.now(UTC) < began_at + timedelta(seconds=away_s):
        time.sleep(SAMPLE_S)
        rss.append(shifts[0].rss_mib())
    ended_at, asked_last = datetime.now(UTC), platforms.last()
    end(mongod)

    def caught_up() -> bool:
        if not shifts[-1].running():  # as `monitor collect --follow` would
            shifts.append(crawl(f"shift-{len(shifts)}", database, shift="60m", base_url=platforms.mastodon))
        polled = [
            source["last_polled_at"] is not None and not source["bookmark"]["gaps"] and source["lease"]["owner"] is None
            for source in database.sources().values()
        ]
        return all(polled)

    caught_up_s = until(caught_up, within_s=CATCHES_UP_S, what="every source is caught up")
    rss_after = shifts[-1].rss_mib()
    shifts[-1].process.terminate()
    code = shifts[-1].ended(within_s=20)
    back = crawl("back", database, tag="endless", instance=LOCAL_HOST, base_url=platforms.mastodon)
    fresh = {"tags": "endless", "created_at": {"$gt": datetime.now(UTC)}}
    fresh_s = until(lambda: database.has(fresh), within_s=60, what="a fresh post is stored")
    codes = [shift.process.returncode for shift in shifts[:-1]] + [code, back.ended(within_s=60)]

    log, stored = platforms.log(), database.posts()
    during = Counter(
        asked(entry) for entry in log["requests"] if entry["number"] <= asked_last and entry["at"] > began_at.isoformat()
    )
    compared = compare(log["posts"], stored)
    claims = max(source["lease"]["epoch"] for source in database.sources().values())
    print(
        f"\nseed {seed}: {begin.__name__}, away {(ended_at - began_at).total_seconds():.1f} s with {open_before} sources being "
        f"walked, {stored_before} posts stored before; asked meanwhile {dict(during)}; memory {rss[0]:.0f} MiB at its begin, "
        f"{min(rss):.0f} to {max(rss):.0f} meanwhile, {rss_after:.0f} when caught up, {caught_up_s:.0f} s after its end\n"
        f"crawls that it took {len(shifts)}, exit codes {codes}, most claims of a source {claims}; rows shown "
        f"{len(log['posts'])}, posts shown {compared.shown}, stored {compared.stored}, missing {compared.missing}, invented "
        f"{compared.invented}, doubled {compared.doubled}, different {compared.different}, skipped {holes(stored)}; a fresh post "
        f"after {fresh_s:.1f} s"
    )
    assert compared.exact, compared.examples
    assert holes(stored) == 0
    assert open_before >= len(SOURCES) - 1
    assert set(during) <= set(SOURCES)
    assert max(during.values(), default=0) <= 1
    assert max(rss) - rss[0] <= FLAT_MIB
    assert abs(rss_after - rss[0]) <= FLAT_MIB
    assert compared.stored > stored_before + 1000
    assert fresh_s <= FRESH_S
    assert claims <= MOST_CLAIMS
    assert len(shifts) == 1
    assert codes == [130, 0]
