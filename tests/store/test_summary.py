"""Both ways to a summary say the same."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.post import Post
from monitor.query.parse import parse_search
from monitor.store.connection import Store
from monitor.store.search import Search
from monitor.store.summary import Summaries, counted
from monitor.store.volumes import Freshness
from monitor.store.window import Window

BEGIN = datetime(2026, 10, 23, 6, tzinfo=UTC)
END = BEGIN + timedelta(days=4)
KATHMANDU = ZoneInfo("Asia/Kathmandu")
BERLIN = ZoneInfo("Europe/Berlin")  # where the clocks go back within these days
WINDOW = Window(from_at=BEGIN + timedelta(hours=5, minutes=20), to_at=END - timedelta(hours=3, minutes=7))


@pytest.mark.parametrize(
    ("topic", "platforms", "asked", "zone"),
    [
        (None, (), "", KATHMANDU),
        ("tea", (), " topic:tea", BERLIN),
        ("milk", ("bluesky",), " topic:milk platform:bluesky", KATHMANDU),
        (None, ("bluesky", "mastodon"), " platform:(bluesky OR mastodon)", BERLIN),
    ],
)
async def test_rollups_and_posts__say_the_same(
    store: Store,
    many_posts: Callable[..., list[Post]],
    roll_up: Callable[[], Awaitable[Any]],
    topic: str | None,
    platforms: tuple[str, ...],
    asked: str,
    zone: ZoneInfo,
) -> None:
    await store.posts.upsert(many_posts(random.Random(5), 200, BEGIN, END))
    await roll_up()
    window = replace(WINDOW, topic=topic, platforms=platforms)
    rolled = await Summaries(store.database).rolled(window, zone, limit=5)
    period = f"since:{WINDOW.from_at:%Y-%m-%dT%H:%M:%SZ} until:{WINDOW.to_at:%Y-%m-%dT%H:%M:%SZ}"
    told = await counted(Search(store.database).posts(parse_search(period + asked)), window, zone, limit=5)
    assert rolled.freshness == Freshness(dirty=0, waiting=0)
    assert replace(rolled, freshness=None) == told
    assert told.whole.posts > 20
    assert sum(figures.posts for figures in told.by_platform.values()) == told.whole.posts


async def test_counted__no_post__is_nothing_on_every_day() -> None:
    async def none() -> AsyncIterator[Post]:
        for post in ():
            yield post

    told = await counted(none(), WINDOW, KATHMANDU, limit=5)
    assert (told.whole.posts, told.by_platform, len(told.by_day)) == (0, {}, len(told.cuts) - 1)
