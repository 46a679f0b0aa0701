"""The horizon: where it is, that it only moves forward, and what a ledger says before it."""

import asyncio
from datetime import UTC, datetime, timedelta

from monitor.scope import Scope
from monitor.store.connection import Store
from monitor.store.horizon import Horizons
from monitor.store.ledger import Stretch

AT = datetime(2026, 10, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def test_horizon__only_moves_forward__and_keeps_when_and_why(store: Store) -> None:
    horizons = Horizons(store.database)
    assert await horizons.read() is None
    first = await horizons.advance(AT, why="older than 60d")
    assert (first.at, first.why) == (AT, "older than 60d")
    for earlier in (AT, AT - HOUR):
        assert await horizons.advance(earlier, why="$other") == first
    later = await horizons.advance(AT + HOUR, why="$other")
    assert (later.at, later.why) == (AT + HOUR, "$other")
    assert later.moved_at >= first.moved_at
    assert await horizons.read() == later


async def test_horizon__moved_by_many_at_once__is_the_latest(store: Store) -> None:
    await asyncio.gather(*(Horizons(store.database).advance(AT + number * HOUR, why=f"{number}") for number in range(8)))
    found = await Horizons(store.database).read()
    assert found is not None
    assert (found.at, found.why) == (AT + 7 * HOUR, "7")


async def test_cut__all_before_it_is_removed__and_the_rest_as_it_was(store: Store) -> None:
    horizon = await Horizons(store.database).advance(AT, why="older than 60d")
    told = [
        Stretch(from_at=AT - 2 * HOUR, to_at=AT - HOUR, state="failed", reason="x"),
        Stretch(from_at=AT - HOUR, to_at=AT + HOUR, state="covered"),
    ]
    removed, left = horizon.cut(told)
    assert (removed.to_at, removed.state) == (AT, "removed")
    assert removed.reason == f"removed on {horizon.moved_at:%Y-%m-%d}: older than 60d"
    assert (left.from_at, left.to_at, left.state) == (AT, AT + HOUR, "covered")


async def test_sentence__for_scopes_that_begin_before_it_or_have_no_begin(store: Store) -> None:
    horizons, now = Horizons(store.database), AT + 2 * HOUR
    assert await horizons.sentence(Scope(), now=now) is None
    horizon = await horizons.advance(AT, why="older than 60d")
    asked = [Scope(), Scope(begin="2026-10-01T07:59:59Z"), Scope(begin="2026-10-01T08:00:00Z")]
    told = [await horizons.sentence(each, now=now) for each in asked]
    assert told == [horizon.sentence, horizon.sentence, None]
    assert horizon.sentence.startswith("Posts written before 2026-10-01 08:00 UTC are not kept: removed on ")


async def test_retention__is_due_for_one_of_many_callers_once_an_hour(store: Store) -> None:
    due = await asyncio.gather(*(Horizons(store.database).is_due(every_s=3600) for _ in range(8)))
    assert sum(due) == 1
    assert not await Horizons(store.database).is_due(every_s=3600)
    await store.database["meta"].update_one({"_id": "retention"}, {"$set": {"next_at": datetime.now(UTC) - HOUR}})
    assert await Horizons(store.database).is_due(every_s=3600)
