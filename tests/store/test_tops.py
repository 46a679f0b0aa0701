"""Rankings: exact where lists are whole, and within their bounds where they are cut."""

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.post import Author, Post
from monitor.store import hour_count
from monitor.store.connection import Store
from monitor.store.hour_count import TOPS, Top
from monitor.store.recount import Recount
from monitor.store.tops import Frequent, Tops
from monitor.store.window import Window

BEGIN = datetime(2026, 11, 20, 6, tzinfo=UTC)
WINDOW = Window(from_at=BEGIN + timedelta(minutes=20), to_at=BEGIN + timedelta(hours=5, minutes=10))
RollUp = Callable[[], Awaitable[Any]]


@pytest.mark.parametrize("top", TOPS)
@pytest.mark.parametrize("topic", [None, "tea"])
async def test_lists_that_are_whole_rank_as_a_recount(
    store: Store, many_posts: Callable[..., list[Post]], roll_up: RollUp, top: Top, topic: str | None
) -> None:
    await store.posts.upsert(many_posts(random.Random(7), 300, BEGIN, BEGIN + timedelta(hours=6)))
    await roll_up()
    window = Window(from_at=WINDOW.from_at, to_at=WINDOW.to_at, topic=topic)
    counted = await Recount(store.database).tops(window, top)
    ranking = await Tops(store.database).ranking(window, top, limit=2)
    expected = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    assert [((each.platform or "", each.key), each.at_least) for each in ranking.frequent] == expected[:2]
    assert all(each.at_least == each.at_most for each in ranking.frequent)
    assert ranking.others_at_most == (expected[2][1] if len(expected) > 2 else 0)


def by_skewed_authors(rng: random.Random, posts: list[Post]) -> list[Post]:
    drawn = [min(int(rng.paretovariate(0.6)), 400) for _ in posts]
    return [post.filled(author=Author(id=f"a{number}"), deleted_at=None) for post, number in zip(posts, drawn, strict=True)]


async def test_lists_that_are_cut__the_truth_lies_within_the_bounds(
    store: Store, many_posts: Callable[..., list[Post]], roll_up: RollUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hour_count, "MOST_LISTED", 8)
    rng = random.Random(8)
    await store.posts.upsert(by_skewed_authors(rng, many_posts(rng, 900, BEGIN, BEGIN + timedelta(hours=6))))
    await roll_up()
    counted = await Recount(store.database).tops(WINDOW, "authors")
    ranking = await Tops(store.database).ranking(WINDOW, "authors", limit=12)
    told = {(each.platform or "", each.key): each for each in ranking.frequent}
    assert all(each.at_least <= counted[key] <= each.at_most for key, each in told.items())
    assert {each.at_least == each.at_most for each in ranking.frequent} == {True, False}
    others = max(posts for key, posts in counted.items() if key not in told)
    assert 0 < others <= ranking.others_at_most < max(counted.values())


async def test_no_posts__an_empty_ranking(store: Store) -> None:
    ranking = await Tops(store.database).ranking(WINDOW, "tags")
    assert (ranking.frequent, ranking.others_at_most) == ((), 0)


async def test_a_window_within_an_hour_is_counted_from_the_posts(store: Store, a_post: Callable[..., Post]) -> None:
    await store.posts.upsert(
        [a_post(number, created_at=BEGIN + timedelta(minutes=number), tags=("tea",)) for number in range(9)]
    )
    window = Window(from_at=BEGIN + timedelta(minutes=2), to_at=BEGIN + timedelta(minutes=5))
    ranking = await Tops(store.database).ranking(window, "tags")
    assert ranking.frequent == (Frequent(key="tea", platform=None, at_least=3, at_most=3),)
    assert ranking.freshness.waiting == 1
