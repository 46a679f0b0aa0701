"""What trends and a comparison of generated posts cost in time and memory.

`python tests/bench/trends.py [POSTS]`: 60,000 over three weeks without an argument, all of them in the period that is asked for.
"""

import asyncio
import random
import resource
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from time import perf_counter

from monitor.config import load
from monitor.mongod.private import acquire, stop
from monitor.post import Author, Match, Post, Score
from monitor.store.connection import open_store
from monitor.text.signature import signature
from monitor.trends.comparison import compare
from monitor.trends.sides import named, named_or_topic, sides_of
from monitor.trends.trends import Asked, read_trends

POSTS, BATCH = 60_000, 2_000
MOST_S, MOST_MB = 144, 900  # with room for a busy machine
END = datetime(2026, 11, 1, tzinfo=UTC)
SPAN = timedelta(weeks=3)


def made(rng: random.Random, number: int) -> Post:
    at = (END - rng.random() * SPAN).replace(microsecond=0)
    topic = rng.randrange(12)
    own = [f"topic{topic}word{min(int(rng.expovariate(0.12)), 29)}" for _ in range(6)]
    text = " ".join([*own, *(f"the{min(int(rng.expovariate(0.1)), 60)}" for _ in range(10)), f"n{rng.randrange(30_000)}"])
    label = rng.choice(("positive", "neutral", "negative"))
    return Post(
        id=f"https://x.example/{number}", native_id=str(number), platform=rng.choice(("mastodon", "bluesky")), url=None, text=text,
        created_at=at, fetched_at=at, author=Author(id=f"a{min(int(rng.paretovariate(0.5)), 50_000)}"), language="en",
        tags=(f"tag{min(int(rng.paretovariate(0.7)), 3000)}",), link_ids=(f"https://news.example/{rng.randrange(40_000)}",),
        domains=("news.example",), topics=(Match(id=rng.choice(("tea", "milk")), version=1),), seen_on=("x",),
        signature=signature(text), sentiment=Score(scorer="x", version="1", label=label, compound=0.0),
    )  # fmt: skip


async def measure(uri: str, count: int) -> bool:
    store = await open_store(load({"MONGODB_URI": uri, "MONITOR_DATABASE": "bench"}))
    rng = random.Random(1)
    for begin in range(0, count, BATCH):
        await store.posts.upsert([made(rng, number) for number in range(begin, min(begin + BATCH, count))])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    within = named(f"from={END - SPAN:%Y-%m-%d}&to={END:%Y-%m-%d}", now=END)
    scope = within.scope
    begun = perf_counter()
    found = await read_trends(store, Asked(scope=scope, now=END + timedelta(days=1)))
    trends_s = perf_counter() - begun
    assert found is not None
    topics = len(found.clusters.clusters) if found.clusters else 0
    begun = perf_counter()
    await compare(
        store,
        sides_of([named_or_topic("tea", now=END), named_or_topic("milk", now=END)], within),
        scope,
        now=END + timedelta(days=1),
    )
    compare_s = perf_counter() - begun
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    print(f"trends: {found.read:,} posts, all sections in {trends_s:.0f} s, {topics} topics (at most {MOST_S} s)")
    print(f"compare: the same posts in two topics in {compare_s:.0f} s; both took {grown:.0f} MB (at most {MOST_MB} MB)")
    await store.close()
    return max(trends_s, compare_s) > MOST_S or grown > MOST_MB


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else POSTS
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as home:
        config = load({"MONITOR_HOME": home})
        try:
            with acquire(config) as private:
                missed = asyncio.run(measure(private.uri, count))
        finally:
            stop(config)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
