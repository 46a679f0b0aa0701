"""The indexing stage on the real mongod: killed, shared, overtaken."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.errors import Fatal
from monitor.post import Author, Post
from monitor.stages import indexing
from monitor.stages.indexing import Tally, index_waiting
from monitor.store.connection import Store
from monitor.store.word_index import Build, HourClaim, Timing, WordIndex

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)
AT_ONCE = Timing(settle_s=0)


def a_post(number: int, text: str = "cup", **changes: Any) -> Post:
    return Post(
        id=f"x:{number}", platform="x", native_id=str(number), url=None, created_at=MORNING + timedelta(hours=number), text=text,
        author=Author(id="ann"), fetched_at=changes.get("edited_at", MORNING), seen_on=("x",), **changes,
    )  # fmt: skip


async def terms(store: Store) -> dict[str, list[str]]:
    return {entry["_id"]: entry["terms"] async for entry in store.database["search"].find().sort("_id", 1)}


async def test_two_processes_share_the_hours__and_nothing_is_left(store: Store) -> None:
    await WordIndex(store.database).prepare()
    await store.posts.upsert([a_post(number) for number in range(20)])
    assert await index_waiting(WordIndex(store.database)) == Tally()  # writes may be under way
    tallies = await asyncio.gather(*(index_waiting(WordIndex(store.database, AT_ONCE)) for _ in range(2)))
    assert tallies[0] + tallies[1] == Tally(hours=20, posts=20)
    assert set(map(tuple, (await terms(store)).values())) == {("cup",)}
    assert await store.database["unindexed"].find_one({}) is None


async def test_a_process_that_slept_overwrites_nothing_newer(store: Store) -> None:
    """Its lease ran out between reading and writing, an edit came, and another process indexed that."""
    await store.posts.upsert([a_post(1)])
    slow = WordIndex(store.database, Timing(settle_s=0, lease_s=0))
    build = await slow.prepare()
    claim = await slow.claim(owner="slow")
    assert claim is not None
    read = slow._put

    async def slept(entries: Any) -> int:
        await store.posts.upsert([a_post(1, "milk", edited_at=MORNING + timedelta(hours=9))])
        quick = WordIndex(store.database, AT_ONCE)
        assert await index_waiting(quick) == Tally(hours=1, posts=1)
        return await read(entries)

    slow._put = slept  # type: ignore[method-assign]
    assert await slow.index(claim, build) == 0
    assert await slow.settle(claim) == "lost"
    assert await terms(store) == {"x:1": ["milk"]}


async def test_a_minute_that_is_marked_again_while_it_is_indexed_stays_marked(store: Store) -> None:
    words = WordIndex(store.database, AT_ONCE)
    build = await words.prepare()
    await store.posts.upsert([a_post(1)])
    store.posts._unindexed._marked.clear()  # as in another process
    claim = await words.claim(owner="first")
    assert claim is not None
    await words.index(claim, build)
    await asyncio.sleep(0.002)  # the server's clock has milliseconds
    await store.posts.upsert([a_post(1, "milk", edited_at=MORNING + timedelta(hours=9))])
    assert await words.settle(claim) == "done"
    assert await words.count_marked() == 1
    await index_waiting(words)
    assert await terms(store) == {"x:1": ["milk"]}


async def test_another_release_begins_its_own__this_one_stops(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await store.posts.upsert([a_post(1)])
    words = WordIndex(store.database, AT_ONCE)
    await words.prepare()
    await store.database["meta"].update_one({"_id": "word_index"}, {"$set": {"version": "other"}})
    with pytest.raises(Fatal, match="another release"):
        await index_waiting(words)
    assert await terms(store) == {}
    await words.prepare()
    assert (await index_waiting(words)).posts == 1


async def test_whenever_it_is_killed__the_next_run_ends_with_the_same(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ended at a random command of its own, twenty times, while posts are written and edited."""
    rng = random.Random(7)
    monkeypatch.setattr(indexing, "LOOK_S", 0.01)
    words = WordIndex(store.database, Timing(settle_s=0, lease_s=0.01))
    await words.prepare()
    said: dict[int, str] = {}
    for turn in range(20):
        store.posts._unindexed._marked.clear()
        for number in rng.sample(range(12), 3):
            said[number] = f"word{turn}"
            await store.posts.upsert([a_post(number, said[number], edited_at=MORNING + timedelta(days=1, hours=turn))])
        run = asyncio.create_task(index_waiting(words))
        await asyncio.sleep(rng.uniform(0, 0.03))
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
    await words.claims.retry_set_aside()
    await index_waiting(words)
    assert await terms(store) == {
        f"x:{number}": [text] for number, text in sorted(said.items(), key=lambda each: f"x:{each[0]}")
    }
    assert await store.database["unindexed"].find_one({}) is None


def test_stretches__neighbours_are_read_together() -> None:
    marks = dict.fromkeys(("0", "1", "2", "30", "59"), MORNING)
    claim = HourClaim(hour=MORNING, owner="x", attempts=1, marks=marks, due=frozenset({"0", "1", "30", "59"}))
    told = [((begin - MORNING).seconds // 60, (end - MORNING).seconds // 60) for begin, end in claim.stretches]
    assert told == [(0, 2), (30, 31), (59, 60)]
    assert Build(number=1, version="other", complete=True).usable is False
