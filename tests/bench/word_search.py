"""What a search for words costs, the matcher included, against a text index of MongoDB: the newest 50 posts of seven days.

`python tests/bench/word_search.py [POSTS]`: 1,000,000 over 30 days without an argument. Words follow Zipf's law over a vocabulary of
200,000. The text index knows no language, which is the quickest that it can be, and finds just the same.
"""

import asyncio
import itertools
import random
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import pymongo

from monitor.config import Config, load
from monitor.errors import RetryLater
from monitor.mongod.private import acquire, stop
from monitor.query.parse import parse_search
from monitor.stages.indexing import index_waiting
from monitor.store.connection import Store, bare, open_store
from monitor.store.schema import make_all
from monitor.store.search import Search
from monitor.store.word_index import WordIndex

POSTS, BATCH, ROUNDS, PROCESSES, NEWEST = 1_000_000, 5_000, 5, 2, 50
LEAST_RATIO = 10
LONGEST_S = 3600  # for what the product never does, and so has no time for
END = datetime(2026, 11, 1, tzinfo=UTC)
SPAN, SEARCHED = timedelta(days=30), timedelta(days=7)
VOCABULARY, WORDS = 200_000, range(8, 45)
# In one post of 20, in one of 30, and in one of 10,000.
COMMON, SECOND, RARE = "w40x", "w60x", "w20000x"
# What is asked, as a search and as the text index takes it; whether the bar holds for it.
ASKED = (
    ("common word", COMMON, COMMON, True),
    ("two words", f"{COMMON} {SECOND}", f'"{COMMON}" "{SECOND}"', True),
    ("rare word", RARE, RARE, False),
    ("phrase", f'"{COMMON} {SECOND}"', f'"{COMMON} {SECOND}"', False),
)


def posts(rng: random.Random, first: int, count: int, words: list[str], weights: list[float]) -> list[dict[str, Any]]:
    """As they are stored."""
    return [
        {
            "_id": f"x:{number}", "platform": "mastodon", "native_id": str(number), "kind": "post",
            "created_at": END - timedelta(milliseconds=int(rng.random() * SPAN.total_seconds() * 1000) + 1), "fetched_at": END,
            "first_seen": END, "text": " ".join(rng.choices(words, cum_weights=weights, k=rng.choice(WORDS))),
            "author": {"id": f"author{rng.randrange(50_000)}"}, "language": "en", "writes": 1,
        }
        for number in range(first, first + count)
    ]  # fmt: skip


async def fill(uri: str, first: int, count: int) -> None:
    words = [f"w{rank}x" for rank in range(1, VOCABULARY + 1)]
    weights = list(itertools.accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))
    rng = random.Random(first)
    async with bare(configured(uri)) as database:
        for begin in range(first, first + count, BATCH):
            made = posts(rng, begin, min(BATCH, first + count - begin), words, weights)
            with pymongo.timeout(LONGEST_S):
                await database["posts"].insert_many(made, ordered=False)


async def index(uri: str) -> None:
    done = False
    async with bare(configured(uri)) as database:
        while not done:
            with suppress(RetryLater):  # a busy server that did not answer in time; `monitor index --follow` goes on just so
                await index_waiting(WordIndex(database))
                done = True


async def opened(uri: str) -> Store:
    return await open_store(configured(uri))


def configured(uri: str) -> Config:
    return load({"MONGODB_URI": uri, "MONITOR_DATABASE": "bench"})


def in_process(work: Callable[..., Awaitable[None]], *told: Any) -> None:
    async def run() -> None:
        await work(*told)

    asyncio.run(run())


async def timed(ask: Callable[[], Awaitable[list[datetime]]]) -> tuple[float, list[datetime]]:
    """Milliseconds, the median, and what was found; once before, so that both find their data in memory."""
    found = await ask()
    spent = []
    for _ in range(ROUNDS):
        begun = perf_counter()
        found = await ask()
        spent.append(1000 * (perf_counter() - begun))
    return statistics.median(spent), found


async def by_words(store: Store, asked: str) -> list[datetime]:
    query = parse_search(f"{asked} since:{(END - SEARCHED).isoformat()}")
    page = await Search(store.database).page(query, limit=NEWEST)
    return [post.created_at for post in page.posts]


async def by_text_index(store: Store, asked: str) -> list[datetime]:
    wanted = {"$text": {"$search": asked}, "created_at": {"$gte": END - SEARCHED}}
    found = store.database["posts"].find(wanted).sort("created_at", -1).limit(NEWEST)
    with pymongo.timeout(LONGEST_S):
        return [post["created_at"] for post in await found.to_list()]


async def measure(uri: str, count: int) -> bool:
    """Returns whether a bar was missed."""
    store = await opened(uri)
    begun = perf_counter()
    await store.database["posts"].drop_indexes()  # to make them afterwards takes a fraction of the time
    share = -(-count // PROCESSES)
    with ProcessPoolExecutor(PROCESSES) as pool:
        parts = [(first, min(share, count - first)) for first in range(0, count, share)]
        list(pool.map(in_process, *zip(*((fill, uri, *part) for part in parts), strict=True)))
        with pymongo.timeout(LONGEST_S):
            await make_all(store.database)
        print(f"search: {count:,} posts inserted in {perf_counter() - begun:.0f} s", flush=True)
        begun = perf_counter()
        await WordIndex(store.database).prepare()
        await store.database["search"].drop_indexes()
        list(pool.map(in_process, [index] * PROCESSES, [uri] * PROCESSES))
        with pymongo.timeout(LONGEST_S):
            await make_all(store.database)
    entries = await store.database["search"].estimated_document_count()
    print(f"search: {entries:,} posts indexed by {PROCESSES} processes in {perf_counter() - begun:.0f} s", flush=True)
    searched = [await timed(lambda asked=asked: by_words(store, asked)) for _, asked, _, _ in ASKED]  # type: ignore[misc]
    begun = perf_counter()
    with pymongo.timeout(LONGEST_S):
        # A document's own field `language` would be taken for one of MongoDB's languages.
        await store.database["posts"].create_index(
            [("text", "text")], default_language="none", language_override="no_such_field"
        )
    print(f"search: text index made in {perf_counter() - begun:.0f} s", flush=True)
    missed = entries != count
    for (name, _, asked, held), (words_ms, found) in zip(ASKED, searched, strict=True):
        text_ms, expected = await timed(lambda asked=asked: by_text_index(store, asked))  # type: ignore[misc]
        missed |= found != expected or (held and text_ms / words_ms < LEAST_RATIO)
        bar = f" (at least {LEAST_RATIO} at {POSTS:,} posts)" if held else ""
        told = f"{words_ms:.1f} ms, text index {text_ms:.1f} ms, {text_ms / words_ms:.1f} times{bar}"
        equal = "the same" if found == expected else f"{len(expected)} and NOT THE SAME"
        print(f"search: {name}: {told}; {equal} {len(found)} posts")
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
