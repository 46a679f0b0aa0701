"""The mark of simulated data: only a database that has it, or holds nothing, may be emptied for a demo."""

from collections.abc import Callable
from typing import Any

import pytest

from monitor.errors import ConfigurationError
from monitor.post import Post
from monitor.source import Source
from monitor.store import schema
from monitor.store.connection import Store
from monitor.store.simulated import Simulated
from monitor.topic import Topic

SOURCE = Source(platform="mastodon", kind="tag", parameters={"tag": "tea", "instance": "example.org"})


async def test_begin__empty_database__is_marked(store: Store) -> None:
    assert not await Simulated(store.database).is_marked()
    await Simulated(store.database).begin()
    assert await Simulated(store.database).is_marked()


async def test_begin__marked__is_emptied_and_usable_at_once(store: Store, a_post: Callable[..., Post]) -> None:
    await Simulated(store.database).begin()
    await store.posts.write([a_post(1), a_post(2)])
    await store.sources.ensure(SOURCE)
    await Simulated(store.database).begin()
    assert await store.posts.count() == 0
    assert await store.sources.list_all() == []
    assert await Simulated(store.database).is_marked()
    await schema.prepare(store.database)  # raises for a missing index or version
    await store.posts.write([a_post(1)])
    assert await store.posts.count() == 1


@pytest.mark.parametrize("what", ["post", "source", "topic"])
async def test_begin__data_that_no_demo_made__is_refused_and_kept(store: Store, a_post: Callable[..., Post], what: str) -> None:
    puts: dict[str, Callable[[], Any]] = {
        "post": lambda: store.posts.write([a_post()]),
        "source": lambda: store.sources.ensure(SOURCE),
        "topic": lambda: store.topics.add(Topic(id="tea", name="tea", query="tea")),
    }
    await puts[what]()
    with pytest.raises(ConfigurationError, match=f"{store.database.name} holds data that no demo made"):
        await Simulated(store.database).begin()
    kept = {"post": "posts", "source": "sources", "topic": "topics"}[what]
    assert await store.database[kept].count_documents({}) == 1
    assert not await Simulated(store.database).is_marked()
