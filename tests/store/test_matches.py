"""Reading the posts that could be a topic's, and writing matches."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from monitor.post import Match, Post
from monitor.store import matches as matches_of_store
from monitor.store.connection import Store
from monitor.store.matches import Matches
from monitor.topic import Topic

Make = Callable[..., Post]


@pytest.fixture
def matches(store: Store, monkeypatch: pytest.MonkeyPatch) -> Matches:
    """With batches so small that several are needed."""
    monkeypatch.setattr(matches_of_store, "BATCH", 3)
    return Matches(store.database, store.dirty)


async def test_newest__many_of_one_moment__each_once_and_newest_first(store: Store, matches: Matches, a_post: Make) -> None:
    begin = a_post().created_at
    posts = [a_post(number, created_at=begin + timedelta(minutes=number // 8)) for number in range(1, 20)]
    await store.posts.upsert(posts)
    found = [post async for post in matches.newest(None, limit=100)]
    assert sorted(post.id for post in found) == sorted(post.id for post in posts)
    assert [post.created_at for post in found] == sorted((post.created_at for post in posts), reverse=True)


async def test_newest__limit__is_kept(store: Store, matches: Matches, a_post: Make) -> None:
    await store.posts.upsert([a_post(number) for number in range(1, 8)])
    assert len([post async for post in matches.newest(None, limit=4)]) == 4
    assert await matches.count(None) == 7


async def test_newest__of_a_topic__its_platforms_and_what_has_it(store: Store, matches: Matches, a_post: Make) -> None:
    topic = Topic(id="tea", name="Tea", query="tea", platforms=("bluesky",))
    mine, matched, foreign = (
        a_post(1, platform="bluesky"),
        a_post(2, topics=(Match(id="tea", version=1),)),
        a_post(3),
    )
    await store.posts.upsert([mine, matched, foreign])
    assert {post.id async for post in matches.newest(topic, limit=9)} == {mine.id, matched.id}
    assert await matches.count(topic) == 2


async def test_batch__by_id_from_where_the_last_one_ended(store: Store, matches: Matches, a_post: Make) -> None:
    topic = Topic(id="tea", name="Tea", query="tea")
    await store.posts.upsert([a_post(number) for number in range(1, 6)])
    first = await matches.batch(topic, after=None, since=None)
    second = await matches.batch(topic, after=first[-1].post.id, since=None)
    ids = [stored.post.id for stored in (*first, *second)]
    assert (len(first), len(second), ids) == (3, 2, sorted(ids))


async def test_write__post_changed_meanwhile__is_told_and_left_alone(store: Store, matches: Matches, a_post: Make) -> None:
    await store.posts.upsert([a_post(1)])
    (stored,) = await matches.batch(Topic(id="tea", name="Tea", query="tea"), after=None, since=None)
    await store.database["posts"].update_one({"_id": stored.post.id}, {"$inc": {"writes": 1}})
    assert await matches.write("tea", [(stored, Match(id="tea", version=1))]) == [stored.post.id]
    after = await store.posts.find(stored.post.id)
    assert after is not None
    assert after.topics == ()
