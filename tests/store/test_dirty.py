"""Marks on hours."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from monitor.config import Config
from monitor.store.connection import Store, open_store
from monitor.store.dirty import MARKED_FOR_S, SETTLE_S, Dirty, hour_of

HOUR = datetime(2026, 11, 20, 8, tzinfo=UTC)


async def marks(store: Store) -> dict[datetime, datetime]:
    return {mark["_id"]: mark["marked_at"] async for mark in store.database["dirty"].find()}


async def test_an_hour_is_marked_by_the_servers_clock(store: Store) -> None:
    await store.dirty.mark({HOUR, HOUR + timedelta(hours=1)})
    found = await marks(store)
    assert sorted(found) == [HOUR, HOUR + timedelta(hours=1)]


async def test_one_process_marks_an_hour_once_in_a_while(store: Store) -> None:
    await store.dirty.mark({HOUR})
    await store.database["dirty"].delete_many({})
    await store.dirty.mark({HOUR})
    assert await marks(store) == {}
    store.dirty._marked[HOUR] -= MARKED_FOR_S
    await store.dirty.mark({HOUR})
    assert sorted(await marks(store)) == [HOUR]


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
