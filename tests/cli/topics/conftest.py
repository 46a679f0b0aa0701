"""Posts and a topic in this test's database."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.crawl.enrich import enrich
from monitor.post import Author, Post
from monitor.query.parse import parse
from monitor.query.watch import Watch
from monitor.store.connection import Store
from monitor.topic import Topic

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.fixture
def add_posts(with_store: Callable[..., Any]) -> Callable[..., None]:
    """Store a post of each text, a minute apart, matched with the stored topics as a crawl does."""

    def added(*texts: str, platform: str = "hackernews", **changes: Any) -> None:
        async def work(store: Store) -> None:
            watch = Watch((topic, parse(topic.query)) for topic in await store.topics.list_all())
            begin = await store.posts.count()
            made = [
                Post(
                    id=f"{platform}:{number}",
                    platform=platform,
                    native_id=str(number),
                    url=None,
                    created_at=MORNING + timedelta(minutes=number),
                    text=text,
                    author=Author(id="ann"),
                    language="en",
                    fetched_at=MORNING,
                    seen_on=(platform,),
                    **changes,
                )
                for number, text in enumerate(texts, start=begin)
            ]
            await store.posts.upsert([enrich(post, watch.on(platform)) for post in made])

        with_store(work)

    return added


@pytest.fixture
def add_topic(with_store: Callable[..., Any]) -> Callable[..., Topic]:
    """Store a topic that watches Hacker News, or the platforms that are named."""

    def added(topic_id: str, query: str, *, platforms: tuple[str, ...] = ("hackernews",)) -> Topic:
        topic = Topic(id=topic_id, name=topic_id.title(), query=query, platforms=platforms)
        made: Topic = with_store(lambda store: store.topics.add(topic))
        return made

    return added
