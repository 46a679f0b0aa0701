"""Which writes mark which minutes, and which stretches of time lie between the marks."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.post import Counts, Post, Score
from monitor.store.connection import Store
from monitor.store.posts import Posts
from monitor.store.stretches import Stretch, Stretches
from monitor.store.unindexed import Unindexed

HOUR = datetime(2026, 11, 20, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def marked(store: Store) -> dict[str, set[str]]:
    return {f"{hour['_id']:%H}": set(hour["minutes"]) async for hour in store.database["unindexed"].find()}


async def test_marks_of_many_processes_in_one_hour_are_all_kept(store: Store) -> None:
    await asyncio.gather(*(Unindexed(store.database).mark({HOUR + number * MINUTE}) for number in range(16)))
    assert await marked(store) == {"08": set(map(str, range(16)))}


async def test_what_changes_words_is_marked__and_nothing_else(store: Store, a_post: Callable[..., Post]) -> None:
    async def written(**changes: Any) -> dict[str, set[str]]:
        await store.database["unindexed"].delete_many({})
        await Posts(store.database, store.dirty).upsert([a_post(1, created_at=HOUR + 7.5 * MINUTE, **changes)])
        return await marked(store)

    later = HOUR + timedelta(days=1)
    assert await written() == {"08": {"7"}}
    assert await written() == {}
    assert await written(fetched_at=later, counts=Counts(likes=3)) == {}
    assert await written(fetched_at=later, counts=Counts(likes=3), sentiment=Score(scorer="s", label="neutral")) == {}
    assert await written(fetched_at=later + MINUTE, text="Milk first.", edited_at=later) == {"08": {"7"}}
    assert await written(fetched_at=later + 2 * MINUTE, text="", deleted_at=later) == {"08": {"7"}}


async def test_last_before__stretches_from_the_newest_down(store: Store) -> None:
    at = [HOUR + minutes * MINUTE for minutes in (-1, 0, 1, 5)]
    await Unindexed(store.database).mark(set(at))
    stretches, told, upper = Stretches(store.database), [], HOUR + 60 * MINUTE
    while upper > HOUR - 60 * MINUTE:
        stretch = await stretches.last_before(upper, lower=HOUR - 60 * MINUTE)
        assert stretch.lower is not None
        told.append(((stretch.lower - HOUR) // MINUTE, stretch.indexed))
        upper = stretch.lower
    assert told == [(6, True), (5, False), (2, True), (-1, False), (-60, True)]
    half = HOUR + 0.5 * MINUTE
    assert await stretches.last_before(half, lower=None) == Stretch(HOUR - MINUTE, indexed=False)
    assert await stretches.last_before(None, lower=half) == Stretch(HOUR + 6 * MINUTE, indexed=True)
    assert (await stretches.is_indexed(half), await stretches.is_indexed(HOUR + 2 * MINUTE)) == (False, True)
