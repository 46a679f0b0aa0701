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
WARM_S = 6.0
CATCHES_UP_S = 120.0
SAMPLE_S = 0.25
FLAT_MIB = 10.0
SINCE = timedelta(seconds=240)
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


def stopped(server: Mongod, away_s: float) -> None:
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(away_s)
    server.process.send_signal(signal.SIGCONT)


def killed(server: Mongod, away_s: float) -> None:
    server.process.kill()
    server.process.wait()
    time.sleep(away_s)
    server.start()


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


@pytest.mark.parametrize(
    ("outage", "away_s", "away_soaked_s"), [(stopped, STOPPED_S, STOPPED_SOAKED_S), (killed, DEAD_S, DEAD_S)]
)
def test_outage__of_mongodb_while_a_crawl_collects__nothing_lost_little_asked_and_caught_up(
    outage: Callable[[Mongod, float], None], away_s: float, away_soaked_s: float, mongod, simulate, crawl, until, seed, soak,
    own_database,
):  # fmt: skip
    away_s = away_soaked_s if soak else away_s
    platforms = simulate("--seed", str(seed), "--posts", "12000", "--delay", "100", "--endless", "40,12000")
    database = own_database(mongod.uri)
    asyncio.run(ensure_sources(database.uri, database.name))
    shifts = [crawl("shift-0", database, shift="10m", base_url=platforms.mastodon)]
    until(lambda: platforms.requests("shift-0"), within_s=60, what="the first ask")
    time.sleep(WARM_S)
    before = database.count()
    rss = [shifts[0].rss_mib()]
    began_at = datetime.now(UTC)
    outage(mongod, away_s)
    ended_at = datetime.now(UTC)
    rss.append(shifts[0].rss_mib())
    begun = time.monotonic()
    while time.monotonic() - begun < 60:
        time.sleep(1)
        print(round(time.monotonic()-begun), shifts[0].process.poll(), shifts[0].rss_mib(), database.count(), {k:(v["state"],len(v["bookmark"]["gaps"]),v["lease"]["owner"]) for k,v in database.sources().items()})
    print(before, rss, began_at, ended_at)
    log = platforms.log()
    print(Counter(asked(e) for e in log["requests"] if began_at.isoformat() < e["at"] < ended_at.isoformat()))
    print(shifts[0].said())

