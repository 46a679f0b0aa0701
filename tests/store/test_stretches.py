"""Which stretches of time the word index knows: walked from the newest down, they are just the minutes without a mark."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from monitor.store import stretches as module
from monitor.store.connection import Store
from monitor.store.stretches import Stretch, Stretches
from monitor.store.unindexed import Unindexed

HOUR = datetime(2026, 11, 20, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def minute(number: float) -> datetime:
    return HOUR + number * MINUTE


async def walked(store: Store, upper: datetime | None, lower: datetime) -> list[tuple[float, float | None, bool]]:
    """All stretches down to `lower`: from, to (in minutes, None: open), and whether they are indexed."""
    told: list[tuple[float, float | None, bool]] = []
    end = upper
    while end is None or end > lower:
        stretch = await Stretches(store.database).last_before(end, lower=lower)
        assert stretch.lower is not None
        assert end is None or stretch.lower < end
        told.append(((stretch.lower - HOUR) / MINUTE, None if end is None else (end - HOUR) / MINUTE, stretch.indexed))
        end = stretch.lower
    return told


async def test_walk__each_minute_is_indexed_just_where_it_has_no_mark(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether few or most are marked, and whatever number of hours is looked at in one go."""
    for share, at_once in ((0.02, 1), (0.02, 2), (0.5, 48), (0.95, 1), (0.95, 48)):
        monkeypatch.setattr(module, "_AT_ONCE", at_once)
        rng = random.Random(f"{at_once}{share}")
        marks = {number for number in range(-200, 200) if rng.random() < share}
        await store.database["unindexed"].delete_many({})
        await Unindexed(store.database).mark({minute(number) for number in marks})
        begin, end = -90, 150
        said: dict[int, bool] = {}
        for lower, upper, indexed in await walked(store, minute(end), minute(begin)):
            assert upper is not None
            said |= dict.fromkeys(range(int(lower), int(upper)), indexed)
        assert said == {number: number not in marks for number in range(begin, end)}, (share, at_once)


async def test_no_marks__all_is_one_indexed_stretch(store: Store) -> None:
    stretches = Stretches(store.database)
    assert await stretches.last_before(None, lower=None) == Stretch(None, indexed=True)
    assert await stretches.last_before(minute(5), lower=minute(1)) == Stretch(minute(1), indexed=True)


async def test_last_before__marks_on_3_and_8_to_10(store: Store) -> None:
    await Unindexed(store.database).mark({minute(number) for number in (3, 8, 9, 10)})
    cases = [
        (None, None, (11, True)),
        (11, None, (8, False)),
        (10.5, None, (8, False)),
        (8, None, (4, True)),
        (4, None, (3, False)),
        (3, None, (None, True)),
        # the end that was asked about lies within
        (10.5, 9.5, (9.5, False)),
        (7, 5, (5, True)),
        (None, 20, (20, True)),
        # within a marked minute, that minute is not indexed
        (8.25, 8.1, (8.1, False)),
        (3.5, None, (3, False)),
    ]
    for upper, lower, (begin, indexed) in cases:
        found = await Stretches(store.database).last_before(
            None if upper is None else minute(upper), lower=None if lower is None else minute(lower)
        )
        assert found == Stretch(None if begin is None else minute(begin), indexed=indexed), (upper, lower)


async def test_neighbouring_hours__are_one_stretch_and_a_gap_of_hours_is_another(store: Store) -> None:
    await Unindexed(store.database).mark({minute(number) for number in (59, 60, 61, 300)})
    assert await walked(store, minute(301), minute(0)) == [(300, 301, False), (62, 300, True), (59, 62, False), (0, 59, True)]


async def test_hour_whose_marks_have_gone__counts_as_indexed(store: Store) -> None:
    await store.database["unindexed"].insert_one({"_id": HOUR, "minutes": {}})
    assert await Stretches(store.database).last_before(minute(30), lower=minute(0)) == Stretch(minute(0), indexed=True)


async def test_is_indexed__of_the_minute_of_a_moment(store: Store) -> None:
    await Unindexed(store.database).mark({minute(3)})
    told = {at: await Stretches(store.database).is_indexed(minute(at)) for at in (2.99, 3, 3.99, 4, 63)}
    assert told == {2.99: True, 3: False, 3.99: False, 4: True, 63: True}
