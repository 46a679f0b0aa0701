"""Posts by the step: each way of counting them against a count post by post."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from monitor.analysis.bucket import Period
from monitor.post import Post
from monitor.scope import Scope
from monitor.store.connection import Store
from monitor.store.step_counts import HOUR, QUARTER, StepCounter
from monitor.store.volumes import Freshness

BEGIN = datetime(2026, 11, 20, tzinfo=UTC)
NOW = BEGIN + timedelta(days=5)
PERIOD = Period(start=BEGIN + 2 * HOUR, end=BEGIN + 20 * HOUR)
# By rollups, by what MongoDB groups, and by the matcher.
ROLLED = (Scope(), Scope(topics=("tea",)), Scope(platforms=("mastodon",)), Scope(topics=("milk",), platforms=("bluesky",)))
GROUPED = (Scope(languages=("en",)), Scope(topics=("!tea",)), Scope(kinds=("reply",), platforms=("mastodon",)))
MATCHED = (Scope(query="first -#milk"), Scope(query="tea", languages=("de",)))

Counted = dict[datetime, int]


@pytest.fixture
async def posts(store: Store, many_posts: Callable[..., list[Post]]) -> list[Post]:
    """A day of posts, some at the very edges of steps, of which every third was first seen three days later."""
    made = many_posts(random.Random(11), 400, BEGIN, BEGIN + timedelta(days=1))
    edges = [
        PERIOD.start,
        PERIOD.end,
        BEGIN + 5 * HOUR,
        BEGIN + 5 * HOUR + QUARTER,
        BEGIN + 5 * HOUR - timedelta(milliseconds=1),
    ]
    made += [
        replace(post, created_at=edge, text="Edges of tea first.", language="en")
        for post, edge in zip(many_posts(random.Random(12), len(edges), BEGIN, PERIOD.end, first=9000), edges, strict=True)
    ]
    made = [
        replace(post, fetched_at=NOW - timedelta(days=1) if number % 3 == 0 else post.created_at)
        for number, post in enumerate(made)
    ]
    await store.posts.upsert(made)
    return [post async for post in store.posts.each()]  # what was deleted says nothing any more


def by_hand(posts: list[Post], scope: Scope, step: timedelta, *, stored_by: datetime = NOW) -> Counted:
    query = scope.asks(NOW)
    counts = {PERIOD.start + number * step: 0 for number in range(int((PERIOD.end - PERIOD.start) / step))}
    for post in posts:
        known = post.first_seen is not None and post.first_seen <= stored_by
        if known and PERIOD.start <= post.created_at < PERIOD.end and (query is None or query.find(post) is not None):
            counts[max(moment for moment in counts if moment <= post.created_at)] += 1
    return counts


async def counted(store: Store, scope: Scope, step: timedelta) -> Counted:
    return dict((await StepCounter(store.database).count(scope, PERIOD, step=step, now=NOW)).counts)


async def test_count__equals_a_count_by_hand__whichever_way_is_taken(
    store: Store, posts: list[Post], roll_up: Callable[[], Awaitable[Any]]
) -> None:
    await roll_up()
    for scope, step in product((*ROLLED, *GROUPED, *MATCHED), (HOUR, QUARTER)):
        expected = by_hand(posts, scope, step)
        assert sum(expected.values()) > 0
        assert await counted(store, scope, step) == expected, (str(scope), step)


async def test_count__the_scopes_own_period_is_none_of_its_business(store: Store, posts: list[Post]) -> None:
    for scope in (*GROUPED, *MATCHED):
        narrow = replace(scope, begin="2026-11-20T05:00:00Z", end="2026-11-20T06:00:00Z")
        assert await counted(store, narrow, HOUR) == by_hand(posts, scope, HOUR)


async def test_count__as_of__leaves_out_what_came_later_and_takes_no_rollups(
    store: Store, posts: list[Post], roll_up: Callable[[], Awaitable[Any]]
) -> None:
    await roll_up()
    as_of = NOW - timedelta(days=2)
    for scope in (ROLLED[0], ROLLED[1], GROUPED[0], MATCHED[0]):
        then = replace(scope, as_of=as_of.isoformat())
        found = await StepCounter(store.database).count(then, PERIOD, step=HOUR, now=NOW)
        assert dict(found.counts) == by_hand(posts, scope, HOUR, stored_by=as_of)
        assert found.freshness is None


async def test_freshness__is_told_of_rollups_alone(store: Store, posts: list[Post]) -> None:
    counter = StepCounter(store.database)
    stale = await counter.count(Scope(), PERIOD, step=HOUR, now=NOW)
    assert (stale.freshness, sum(stale.counts.values())) == (Freshness(dirty=18, waiting=18), 0)
    assert (await counter.count(GROUPED[0], PERIOD, step=HOUR, now=NOW)).freshness is None


async def test_count__of_nothing__has_every_step(store: Store) -> None:
    for scope in (ROLLED[1], GROUPED[0], MATCHED[0]):
        found = await counted(store, scope, QUARTER)
        assert (len(found), set(found.values())) == (72, {0}), str(scope)
