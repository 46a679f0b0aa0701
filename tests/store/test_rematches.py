"""The place of a re-match, kept with its topic."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.store.connection import Store
from monitor.store.rematches import Place, Rematches
from monitor.topic import Topic

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.fixture
async def topic(store: Store) -> Topic:
    return await store.topics.add(Topic(id="tea", name="Tea", query="tea"))


async def test_begin__same_words__go_on_with_the_moment_that_they_meant_first(store: Store, topic: Topic) -> None:
    rematches = Rematches(store.database)
    first = await rematches.begin(topic, since=MORNING, said="-7d")
    assert await rematches.keep(topic, replace(first, after="x:1"))
    later = MORNING + timedelta(hours=1)
    assert await rematches.begin(topic, since=later, said="-7d") == Place(after="x:1", since=MORNING)
    assert await rematches.begin(topic, since=later, said="-1d") == Place(since=later)


async def test_begin__after_it_was_done__begins_anew(store: Store, topic: Topic) -> None:
    rematches = Rematches(store.database)
    await rematches.keep(topic, replace(await rematches.begin(topic, since=None, said=None), after="x:1", done=True))
    assert await rematches.begin(topic, since=None, said=None) == Place()


async def test_keep__topic_edited_or_removed__is_told(store: Store, topic: Topic) -> None:
    rematches = Rematches(store.database)
    place = await rematches.begin(topic, since=None, said=None)
    await store.topics.edit("tea", query="chai")
    assert not await rematches.keep(topic, place)
    await store.topics.remove("tea")
    assert not await rematches.keep(topic, place)
