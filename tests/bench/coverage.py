"""How long coverage takes: three hundred sources, thirty days, an entry every quarter of an hour. Prints a line; exit 1 above the bars.

The first look lays the whole ledger flat and may take as long as reading it takes; every later one reads only what is new.

    python tests/bench/coverage.py [SOURCES] [DAYS]
"""

import asyncio
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo

from monitor.config import load
from monitor.mongod.private import acquire, stop
from monitor.scope import parse
from monitor.source import Source
from monitor.store.connection import Store, open_store
from monitor.store.schema import make_all
from monitor.store.scope_coverage import scope_coverage

NOW = datetime.now(UTC).replace(microsecond=0)
QUARTER = timedelta(minutes=15)
AGAIN_S = 0.6  # the bar, for three hundred sources
LONGEST_S = 600  # for what the product never does at once, and so has no time for


async def fill(store: Store, sources: int, polls: int) -> list[str]:
    """Sources that were polled every quarter of an hour, a hundredth of the polls failing."""
    ids: list[str] = []
    for number in range(sources):
        source = Source(
            platform="mastodon", kind="tag", parameters={"tag": f"t{number}", "instance": "x.example"}, topics=("t",)
        )
        await store.sources.ensure(source)
        ids.append(source.id)
    await store.database["ledger"].drop_indexes()  # to make them afterwards takes a fraction of the time
    for source_id in ids:
        entries = [entry(source_id, version, polls) for version in range(1, polls + 1)]
        await store.database["ledger"].insert_many(entries, ordered=False)
    with pymongo.timeout(LONGEST_S):
        await make_all(store.database)
    await store.database["sources"].update_many({}, {"$set": {"bookmark.version": polls}})
    return ids


def entry(source_id: str, version: int, polls: int) -> dict[str, Any]:
    end = NOW - (polls - version) * QUARTER
    failed = version % 100 == 0
    return {
        "_id": f"{source_id}:{version}:0", "source": source_id, "version": version, "n": 0, "epoch": 1, "run": "r",
        "from": end - QUARTER, "to": end, "state": "failed" if failed else "covered", "reason": "no" if failed else None,
        "posts": 3, "asked_at": end,
    }  # fmt: skip


async def measured(store: Store, days: int) -> tuple[float, float]:
    """Seconds of one look, and the share that it found."""
    began = time.perf_counter()
    found = await scope_coverage(store.database, parse(f"topic=t&from=-{days}d", now=NOW), now=NOW)
    return time.perf_counter() - began, found.coverage.whole.every


async def main(uri: str, sources: int, days: int) -> int:
    config = load({**os.environ, "MONGODB_URI": uri, "MONITOR_DATABASE": "bench_coverage"})
    store = await open_store(config)
    polls = days * 96
    ids = await fill(store, sources, polls)
    first, share = await measured(store, days)
    fresh = [entry(source_id, polls + 1, polls) for source_id in ids]
    await store.database["ledger"].insert_many(fresh, ordered=False)
    await store.database["sources"].update_many({}, {"$inc": {"bookmark.version": 1}})
    new, _ = await measured(store, days)
    again, _ = await measured(store, days)
    await store.close()
    print(
        f"coverage of {sources} sources x {days} days ({sources * polls:,} entries): first look {first:.1f} s, with one new entry "
        f"each {new:.2f} s, again {again:.2f} s (bar {AGAIN_S} s); {share:.1%} covered by all"
    )
    return 0 if max(new, again) <= AGAIN_S and 0.98 < share < 1 else 1


if __name__ == "__main__":
    wanted = [int(word) for word in sys.argv[1:]]
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as home:
        own = load({**os.environ, "MONITOR_HOME": home})
        try:
            with acquire(own) as private:
                code = asyncio.run(main(str(private.uri), *(wanted + [300, 30][len(wanted) :])))
        finally:
            stop(own)
    sys.exit(code)
