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
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import pymongo
from word_search import configured, in_process, opened

from monitor.config import load
from monitor.mongod.private import acquire, stop
from monitor.stages.rollup import roll_up_waiting
from monitor.store.connection import Store, bare
from monitor.store.rebuild import Rebuild
from monitor.store.recount import Recount
from monitor.store.rollups import Rollups
from monitor.store.schema import make_all
from monitor.store.tops import Tops
from monitor.store.volumes import Volumes
from monitor.store.window import Window, days, hours, minutes

POSTS, BATCH, ROUNDS, PROCESSES = 1_000_000, 10_000, 5, 2
# At ten times fewer posts the aggregation is ten times quicker and the rollups are not: the target is for the whole.
LEAST_RATIO, MOST_MS, MOST_GROWTH = 50, 50, 1.3
LONGEST_S = 3600  # for what the product never does at once, and so has no time for
END = datetime(2026, 11, 1, tzinfo=UTC)
SPAN = timedelta(days=30)
PLATFORMS = ("mastodon", "bluesky", "hackernews", "feeds")
BERLIN = ZoneInfo("Europe/Berlin")
Asked = Callable[[], Awaitable[Any]]


def truncated(unit: str, **zone: str) -> dict[str, Any]:
    return {"$dateTrunc": {"date": "$created_at", "unit": unit, **zone}}


MINUTES, HOURS, DAYS = truncated("minute"), truncated("hour"), truncated("day", timezone="Europe/Berlin")
PLATFORM_HOURS = {"platform": "$platform", "hour": HOURS}


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


async def insert(uri: str, first: int, count: int) -> None:
    rng = random.Random(first)
    async with bare(configured(uri)) as database:
        for begin in range(first, first + count, BATCH):
            with pymongo.timeout(LONGEST_S):
                await database["posts"].insert_many(posts(rng, begin, min(BATCH, first + count - begin)), ordered=False)


async def roll_up(uri: str) -> None:
    async with bare(configured(uri)) as database:
        await roll_up_waiting(Rollups(database))


async def filled(store: Store, pool: ProcessPoolExecutor, uri: str, first: int, count: int) -> float:
    """Insert, make the indexes, mark every hour, count; returns how many seconds the counting took."""
    await store.database["posts"].drop_indexes()  # to make them afterwards takes a fraction of the time
    share = -(-count // PROCESSES)
    parts = [(begin, min(share, first + count - begin)) for begin in range(first, first + count, share)]
    list(pool.map(in_process, *zip(*((insert, uri, *part) for part in parts), strict=True)))
    with pymongo.timeout(LONGEST_S):
        await make_all(store.database)
        # One covers the panels by platform, the other those by language.
        for last in ("platform", "language"):
            keys = ("created_at", last, "sentiment.label", "sentiment.compound")
            await store.database["posts"].create_index([(key, 1) for key in keys])
    await Rebuild(store.database).mark_all()
    begun = perf_counter()
    list(pool.map(in_process, [roll_up] * PROCESSES, [uri] * PROCESSES))
    return perf_counter() - begun


def panels(store: Store) -> dict[str, tuple[Asked, Asked]]:
    """Hour panels from rollups and from posts: the same figures, asked for in the same process."""
    volumes = Volumes(store.database)
    week, month = (Window(from_at=END - timedelta(days=length), to_at=END) for length in (7, 30))
    topic = Window(from_at=month.from_at, to_at=END, topic="topic1")
    berlin = days(month, BERLIN)
    return {
        "hours of a week by platform": (lambda: volumes.by_platform(week, hours(week)), raw(store, week, PLATFORM_HOURS)),
        "hours of a week": (lambda: volumes.series(week, hours(week)), raw(store, week, HOURS)),
        "hours of a month": (lambda: volumes.series(month, hours(month)), raw(store, month, HOURS)),
        "local days of a month": (lambda: volumes.series(month, berlin), raw(store, month, DAYS)),
        "hours of a topic, month": (lambda: volumes.series(topic, hours(topic)), raw(store, topic, HOURS)),
        "total of a month": (lambda: volumes.total(month), raw(store, month, None)),
        "languages of a week": (lambda: volumes.languages(week), raw(store, week, "$language")),
    }


def others(store: Store) -> dict[str, tuple[Asked, Asked]]:
    """What is not counted by the hour, or by lists that grow up to a limit; shown, and held to no target."""
    volumes, recount, tops = Volumes(store.database), Recount(store.database), Tops(store.database)
    day, week = (Window(from_at=END - timedelta(days=length), to_at=END) for length in (1, 7))
    return {
        "minutes of a day": (lambda: volumes.series(day, minutes(day)), raw(store, day, MINUTES)),
        "top tags of a week": (lambda: tops.ranking(week, "tags"), lambda: recount.tops(week, "tags")),
        "top authors of a week": (lambda: tops.ranking(week, "authors"), lambda: recount.tops(week, "authors")),
    }


def raw(store: Store, window: Window, by: object) -> Asked:
    """The panel as one would ask for it without rollups: posts, mean and labels, over the index that the server chooses."""
    wanted: dict[str, Any] = {"created_at": {"$gte": window.from_at, "$lt": window.to_at}}
    if window.topic:
        wanted["topics.id"] = window.topic
    labels = {
        label: {"$sum": {"$cond": [{"$eq": ["$sentiment.label", label]}, 1, 0]}}
        for label in ("positive", "neutral", "negative")
    }
    group = {"_id": by, "posts": {"$sum": 1}, "mean": {"$avg": "$sentiment.compound"}} | labels

    async def ask() -> list[Any]:
        with pymongo.timeout(LONGEST_S):
            return await (await store.database["posts"].aggregate([{"$match": wanted}, {"$group": group}])).to_list()

    return ask


async def median_ms(asked: Asked, rounds: int) -> float:
    took = []
    for _ in range(rounds):
        begun = perf_counter()
        await asked()
        took.append((perf_counter() - begun) * 1000)
    return statistics.median(took)


async def measure(uri: str, count: int) -> bool:
    store, tenth = await opened(uri), count // 10
    with ProcessPoolExecutor(PROCESSES) as pool:
        await filled(store, pool, uri, 0, tenth)
        few = {name: await median_ms(rolled, ROUNDS) for name, (rolled, _) in (panels(store) | others(store)).items()}
        counted_s = await filled(store, pool, uri, tenth, count - tenth)
    print(f"rollups: {count:,} posts of 30 days counted by {PROCESSES} processes in {counted_s:.0f} s")
    missed = False
    for name, (rolled, from_posts) in (panels(store) | others(store)).items():
        rolled_ms, raw_ms = await median_ms(rolled, ROUNDS), await median_ms(from_posts, 3)
        growth, held = rolled_ms / few[name], name in panels(store)
        missed |= held and (raw_ms / rolled_ms < LEAST_RATIO or rolled_ms > MOST_MS or growth > MOST_GROWTH)
        print(
            f"{'panels' if held else 'others'}: {name}: {rolled_ms:.1f} ms, from posts {raw_ms:.0f} ms, "
            f"{raw_ms / rolled_ms:.0f} times (at least {LEAST_RATIO} at {POSTS:,} posts, at most {MOST_MS} ms)"
        )
        print(f"growth: {name}: {growth:.2f} times as long as with {tenth:,} posts (at most {MOST_GROWTH})")
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
