"""Posts of a search come whole, once and in order, whatever the pages; an outage is told."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.errors import StoreUnavailableError
from monitor.post import Post
from monitor.query.parse import parse_search
from monitor.store import search as search_module
from monitor.store.connection import Store
from monitor.store.search import Search

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=3)


async def found(store: Store, text: str | None = None, **how: Any) -> list[Post]:
    query = None if text is None else parse_search(text)
    return [post async for post in Search(store.database).posts(query, **how)]


@pytest.fixture
def pages_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_module, "PAGE", 3)


@pytest.mark.parametrize("text", [None, "platform:bluesky -is:reply", "tea lang:en", "from:author3 OR #milk", "coffee"])
async def test_posts__just_those_that_match__newest_first(
    store: Store, many_posts: Callable[..., list[Post]], pages_of_three: None, text: str | None
) -> None:
    posts = many_posts(random.Random(3), 40, BEGIN, END)
    await store.posts.upsert(posts)
    stored = [post async for post in store.posts.each()]
    expected = [post.id for post in stored if text is None or parse_search(text).find(post) is not None]
    assert [post.id for post in await found(store, text)] == expected


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 7, 11])
async def test_posts__many_of_one_moment__each_once_and_by_id(
    store: Store, a_post: Callable[..., Post], pages_of_three: None, count: int
) -> None:
    """Feeds know days and not hours; more posts of one moment than a page holds must neither be lost nor repeat."""
    later, earlier = a_post(90, created_at=END), a_post(91, created_at=BEGIN - timedelta(days=1))
    same = [a_post(number, created_at=BEGIN) for number in range(count)]
    await store.posts.upsert([earlier, *reversed(same), later])
    told = [post.id for post in await found(store)]
    assert told == [later.id, *sorted(post.id for post in same), earlier.id]


async def test_posts__stored_by__leaves_out_what_came_later(store: Store, a_post: Callable[..., Post]) -> None:
    await store.posts.upsert([a_post(1, fetched_at=BEGIN), a_post(2, fetched_at=END)])
    for text in (None, "lang:und", "tea"):
        assert [post.native_id for post in await found(store, text, stored_by=BEGIN)] == ["1"]


async def test_posts__a_post_that_comes_meanwhile__repeats_none(
    store: Store, a_post: Callable[..., Post], pages_of_three: None
) -> None:
    await store.posts.upsert([a_post(number, created_at=BEGIN + timedelta(hours=number)) for number in range(9)])
    told = []
    async for post in Search(store.database).posts(None):
        told.append(post.native_id)
        if len(told) == 2:
            await store.posts.upsert([a_post(50, created_at=END + timedelta(hours=1))])
    assert told == [str(number) for number in reversed(range(9))]


async def test_posts__raw_is_left_where_it_is(store: Store, a_post: Callable[..., Post]) -> None:
    await store.posts.upsert([a_post(1, raw=b"packed")])
    (post,) = await found(store)
    assert post.raw is None


async def test_newest_first__is_read_from_an_index(store: Store, a_post: Callable[..., Post]) -> None:
    """A sort of all posts for each page would make an export quadratic."""
    await store.posts.upsert([a_post(number, created_at=BEGIN + timedelta(hours=number)) for number in range(9)])
    asked = {"created_at": {"$lt": END}, "platform": "mastodon"}
    plan = await store.database["posts"].find(asked).sort([("created_at", -1)]).limit(3).explain()
    assert "SORT" not in str(plan["queryPlanner"]["winningPlan"]).replace("SORT_MERGE", "")


async def test_ends__the_first_and_the_last_moment(store: Store, a_post: Callable[..., Post]) -> None:
    search = Search(store.database)
    assert await search.ends(None) is None
    await store.posts.upsert([a_post(number, created_at=BEGIN + timedelta(hours=number)) for number in range(3)])
    await store.posts.upsert([a_post(9, created_at=END, language="en")])
    assert await search.ends(None) == (BEGIN, END)
    assert await search.ends(parse_search("lang:en")) == (END, END)
    assert await search.ends(parse_search("lang:de")) is None


async def test_posts__mongodb_is_away__is_told(
    faulty: Store, fail: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver repeats the read as long as a page may take."""
    monkeypatch.setattr(search_module, "PAGE_S", 0.5)
    fail("find", errorCode=11600)
    with pytest.raises(StoreUnavailableError, match="is tried again"):
        await found(faulty)
