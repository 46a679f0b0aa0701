"""The recount by the server against a count of the posts one by one."""

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from monitor.post import Post
from monitor.store.connection import Store
from monitor.store.recount import Recount
from monitor.store.window import Window, minutes

BEGIN, END = datetime(2026, 11, 20, 6, 30, tzinfo=UTC), datetime(2026, 11, 20, 9, 15, tzinfo=UTC)


def inside(post: Post, window: Window) -> bool:
    return (
        window.from_at <= post.created_at < window.to_at
        and (not window.platforms or post.platform in window.platforms)
        and (window.topic is None or window.topic in {match.id for match in post.topics})
    )


async def test_a_recount_is_what_counting_one_by_one_gives(store: Store, many_posts: Callable[..., list[Post]]) -> None:
    rng = random.Random(5)
    await store.posts.upsert(many_posts(rng, 300, BEGIN - timedelta(hours=1), END + timedelta(hours=1)))
    stored = [post async for post in store.posts.each()]
    recount = Recount(store.database)
    for platforms, topic in (((), None), (("mastodon",), None), ((), "tea"), (("mastodon", "bluesky"), "milk")):
        window = Window(from_at=BEGIN, to_at=END, platforms=platforms, topic=topic)
        posts = [post for post in stored if inside(post, window)]
        labels = Counter((post.platform, post.sentiment.label if post.sentiment else None) for post in posts)
        series = await recount.series(window, minutes(window))
        assert sum(figures.posts for each in series.values() for figures in each) == len(posts) > 20
        for platform, each in series.items():
            cuts = Counter(bisect_right(minutes(window), post.created_at) - 1 for post in posts if post.platform == platform)
            assert {place: figures.posts for place, figures in enumerate(each) if figures.posts} == cuts
            assert sum(figures.positive for figures in each) == labels[platform, "positive"]
            assert sum(figures.unscored for figures in each) == labels[platform, None]
            compounds = [
                round(post.sentiment.compound * 1e6)
                for post in posts
                if post.platform == platform and post.sentiment and post.sentiment.compound is not None
            ]
            assert sum(figures.compound for figures in each) == sum(compounds)
        languages = await recount.languages(window)
        assert {key: figures.posts for key, figures in languages.items()} == Counter(
            post.language or "unknown" for post in posts
        )
        assert sum(figures.deleted for figures in languages.values()) == sum(post.deleted_at is not None for post in posts)


async def test_recounted_tops_are_what_counting_one_by_one_gives(store: Store, many_posts: Callable[..., list[Post]]) -> None:
    await store.posts.upsert(many_posts(random.Random(6), 200, BEGIN, END))
    posts = [post async for post in store.posts.each()]
    recount, window = Recount(store.database), Window(from_at=BEGIN, to_at=END)
    assert await recount.tops(window, "tags") == Counter(("", tag) for post in posts for tag in post.tags)
    written = [post for post in posts if post.deleted_at is None and post.kind != "repost"]
    assert await recount.tops(window, "authors") == Counter((post.platform, post.author.id) for post in written)
    sites = {"https://www.Tea.example/x": "tea.example", "http://milk.example:80": "milk.example"}
    assert await recount.tops(window, "domains") == Counter(
        ("", sites[link]) for post in posts for link in post.links if link in sites
    )
