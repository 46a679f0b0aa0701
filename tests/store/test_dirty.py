"""Marks on hours."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from monitor import clock
from monitor.config import Config
from monitor.post import Post
from monitor.store.connection import Store, open_store
from monitor.store.dirty import MARKED_FOR_S, SETTLE_S, Dirty, hour_of
from monitor.store.unindexed import Unindexed

HOUR = datetime(2026, 11, 20, 8, tzinfo=UTC)


async def marks(store: Store) -> dict[datetime, datetime]:
    return {mark["_id"]: mark["marked_at"] async for mark in store.database["dirty"].find()}


async def test_an_hour_is_marked_by_the_servers_clock(store: Store) -> None:
    await store.dirty.mark({HOUR, HOUR + timedelta(hours=1)})
    found = await marks(store)
    assert sorted(found) == [HOUR, HOUR + timedelta(hours=1)]


async def test_one_process_marks_an_hour_once_in_a_while(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await store.dirty.mark({HOUR})
    await store.database["dirty"].delete_many({})
    await store.dirty.mark({HOUR})
    assert await marks(store) == {}
    elapsed_s = clock.elapsed_s
    monkeypatch.setattr(clock, "elapsed_s", lambda: elapsed_s() + MARKED_FOR_S)
    await store.dirty.mark({HOUR})
    assert sorted(await marks(store)) == [HOUR]


@pytest.mark.parametrize("marking", [Dirty, Unindexed])
@pytest.mark.parametrize("told_by", ["the clock that goes on in sleep", "the wall clock alone"])
async def test_a_machine_that_slept_between_two_writes__marks_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, marking: type[Dirty] | type[Unindexed], told_by: str
) -> None:
    """The monotonic clock stood still meanwhile, and the hour was counted and its mark removed."""
    marks_of, collection = marking(store.database), store.database[marking.__name__.lower()]
    await marks_of.mark({HOUR})
    await collection.delete_many({})
    if told_by == "the wall clock alone":
        now = clock.now
        monkeypatch.setattr(clock, "now", lambda: now() + timedelta(minutes=10))
    else:
        elapsed_s = clock.elapsed_s
        monkeypatch.setattr(clock, "elapsed_s", lambda: elapsed_s() + 600)
    await marks_of.mark({HOUR})
    assert [each["_id"] async for each in collection.find()] == [HOUR]


async def test_a_machine_that_slept_between_a_mark_and_its_write__marks_again_behind_it(
    store: Store, a_post: Callable[..., Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever woke first counted the hour without the write that was under way, and took the mark for an old one."""
    elapsed_s, bulk_write, slept_s = clock.elapsed_s, type(store.database["posts"]).bulk_write, [0.0]

    async def sleeps(collection: Any, *given: Any, **named: Any) -> Any:
        if collection.name == "posts":
            slept_s[0] = 600.0
            for marked in ("dirty", "unindexed"):
                await store.database[marked].delete_many({})
        return await bulk_write(collection, *given, **named)

    monkeypatch.setattr(clock, "elapsed_s", lambda: elapsed_s() + slept_s[0])
    monkeypatch.setattr(type(store.database["posts"]), "bulk_write", sleeps)
    await store.posts.upsert([a_post(1, created_at=HOUR)])
    for marked in ("dirty", "unindexed"):
        assert [each["_id"] async for each in store.database[marked].find()] == [HOUR]


async def test_a_mark_that_failed_is_not_remembered(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(type(store.database["dirty"]), "bulk_write", fails)
        with pytest.raises(RuntimeError):
            await store.dirty.mark({HOUR})
    await store.dirty.mark({HOUR})
    assert sorted(await marks(store)) == [HOUR]


async def test_many_that_make_the_first_mark_at_once_all_succeed(store: Store, config: Config) -> None:
    other = await open_store(config)
    hours = {HOUR + timedelta(hours=number) for number in range(50)}
    await asyncio.gather(*(Dirty((store, other)[number % 2].database).mark(hours) for number in range(16)))
    await other.close()
    assert set(await marks(store)) == hours


def test_a_mark_may_go_only_after_every_write_it_announced() -> None:
    from monitor.store.commit import DEADLINE_S

    assert SETTLE_S > MARKED_FOR_S + 2 * DEADLINE_S


def test_hours_are_those_of_utc() -> None:
    assert hour_of(datetime(2026, 11, 20, 9, 59, 59, tzinfo=timezone(timedelta(hours=1, minutes=30)))) == HOUR
