"""What panels cost from rollups, against the posts themselves with good indexes, and at ten times the posts.

`python tests/bench/rollups.py [POSTS]`: 1,000,000 over 30 days without an argument; growth is measured from a tenth of them. The
collection `posts` gets an index that covers these aggregations, which the product does without, so that the comparison is fair.
"""

import asyncio
import random
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from monitor.config import load
from monitor.mongod.private import acquire, stop
from monitor.stages.rollup import roll_up_waiting
from monitor.store.connection import Store, open_store
from monitor.store.rebuild import Rebuild
from monitor.store.recount import Recount
from monitor.store.rollups import Rollups
from monitor.store.tops import Tops
from monitor.store.volumes import Volumes
from monitor.store.window import Window, days, hours, minutes

POSTS, BATCH, ROUNDS = 1_000_000, 10_000, 5
# At ten times fewer posts the aggregation is ten times quicker and the rollups are not: the target is for the whole.
LEAST_RATIO, MOST_MS, MOST_GROWTH = 50, 50, 1.3
END = datetime(2026, 11, 1, tzinfo=UTC)
SPAN = timedelta(days=30)
PLATFORMS = ("mastodon", "bluesky", "hackernews", "feeds")
Asked = Callable[[], Awaitable[Any]]


def posts(rng: random.Random, first: int, count: int) -> list[dict[str, Any]]:
    """As they are stored, with texts of a usual length; tags, authors and topics follow a skewed law."""
    made = []
    for number in range(first, first + count):
        compound = round(rng.uniform(-1, 1), 4)
        label = "positive" if compound >= 0.05 else "negative" if compound <= -0.05 else "neutral"
        created_at = END - rng.random() * SPAN
        made.append(
            {
                "_id": f"x:{number}", "platform": rng.choice(PLATFORMS), "native_id": str(number), "kind": "post",
                "created_at": created_at.replace(microsecond=0), "fetched_at": END, "first_seen": END, "text": "cup of tea " * 20,
                "author": {"id": f"author{min(int(rng.paretovariate(0.5)), 50_000)}"}, "language": rng.choice(("en", "en", "de", "fr")),
                "tags": [f"tag{min(int(rng.paretovariate(0.7)), 3000)}"], "writes": 1,
                "topics": [{"id": f"topic{min(int(rng.paretovariate(0.8)), 10)}", "version": 1}],
                "sentiment": {"scorer": "x", "version": "1", "label": label, "compound": compound},
            }
        )  # fmt: skip
    return made


async def filled(store: Store, first: int, count: int) -> float:
    """Insert, mark every hour, count; returns how many seconds the counting took."""
    rng = random.Random(first)
    for begin in range(first, first + count, BATCH):
        await store.database["posts"].insert_many(posts(rng, begin, min(BATCH, first + count - begin)), ordered=False)
    await Rebuild(store.database).mark_all()
    begun = perf_counter()
    await roll_up_waiting(Rollups(store.database))
    return perf_counter() - begun


def panels(store: Store) -> dict[str, tuple[Asked, Asked]]:
    """From rollups and from posts: the same figures, asked for in the same process."""
    volumes, recount, tops = Volumes(store.database), Recount(store.database), Tops(store.database)
    day, week, month = (Window(from_at=END - timedelta(days=length), to_at=END) for length in (1, 7, 30))
    topic = Window(from_at=month.from_at, to_at=END, topic="topic1")
    berlin = ZoneInfo("Europe/Berlin")

    def series(window: Window, cuts: tuple[datetime, ...]) -> tuple[Asked, Asked]:
        return lambda: volumes.series(window, cuts), lambda: recount.series(window, cuts)

    return {
        "minutes of a day": series(day, minutes(day)),
        "hours of a week": series(week, hours(week)),
        "hours of a month": series(month, hours(month)),
        "local days of a month": series(month, days(month, berlin)),
        "hours of a topic, month": series(topic, hours(topic)),
        "totals of a month": series(month, (month.from_at, month.to_at)),
        "languages of a week": (lambda: volumes.languages(week), lambda: recount.languages(week)),
        "top tags of a week": (lambda: tops.ranking(week, "tags"), lambda: recount.tops(week, "tags")),
        "top authors of a week": (lambda: tops.ranking(week, "authors"), lambda: recount.tops(week, "authors")),
    }


async def median_ms(asked: Asked, rounds: int) -> float:
    took = []
    for _ in range(rounds):
        begun = perf_counter()
        await asked()
        took.append((perf_counter() - begun) * 1000)
    return statistics.median(took)


async def measure(uri: str, count: int) -> bool:
    store = await open_store(load({"MONGODB_URI": uri, "MONITOR_DATABASE": "bench"}))
    tenth = count // 10
    await filled(store, 0, tenth)
    few = {name: await median_ms(rolled, ROUNDS) for name, (rolled, _) in panels(store).items()}
    counted_s = await filled(store, tenth, count - tenth)
    covering = [("created_at", 1), ("platform", 1), ("sentiment.label", 1), ("sentiment.compound", 1), ("deleted_at", 1)]
    await store.database["posts"].create_index(covering)
    print(f"rollups: {count:,} posts of 30 days counted in {counted_s:.0f} s")
    missed = False
    for name, (rolled, raw) in panels(store).items():
        rolled_ms, raw_ms = await median_ms(rolled, ROUNDS), await median_ms(raw, 3)
        growth = rolled_ms / few[name]
        missed |= raw_ms / rolled_ms < LEAST_RATIO or rolled_ms > MOST_MS or growth > MOST_GROWTH
        print(
            f"panels: {name}: {rolled_ms:.1f} ms, from posts {raw_ms:.0f} ms, {raw_ms / rolled_ms:.0f} times "
            f"(at least {LEAST_RATIO} at {POSTS:,} posts, at most {MOST_MS} ms)"
        )
        print(f"growth: {name}: {growth:.2f} times slower than with {tenth:,} posts (at most {MOST_GROWTH})")
    await store.close()
    return missed


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else POSTS
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as home:
        config = load({"MONITOR_HOME": home})
        try:
            with acquire(config) as private:
                missed = asyncio.run(measure(private.uri, count))
        finally:
            stop(config)
    return int(missed and count >= POSTS)


if __name__ == "__main__":
    sys.exit(main())
