"""How many posts of a scope there were: what is stored exactly, what fell into holes estimated, each platform by itself."""

import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.analysis.bucket import Period
from monitor.analysis.coverage import Hole, coverage
from monitor.analysis.interval import Interval as Bounds
from monitor.analysis.volume import Volume
from monitor.bookmark import Bookmark, Interval
from monitor.post import Post
from monitor.scope import Scope
from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.progress import Move
from monitor.store.scope_coverage import ScopeCoverage
from monitor.store.scope_volume import ScopeVolume, inner_hours, platform_volumes, scope_volume

HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
WEEKS = 8 * 168


def hour(number: float) -> datetime:
    return MONDAY + number * HOUR


def over(begin: float, end: float) -> Period:
    return Period(start=hour(begin), end=hour(end))


def known(period: Period, asked: Mapping[str, tuple[tuple[float, float], ...]]) -> ScopeCoverage:
    """What sources cover, by names such as `mastodon` or `mastodon/2`."""
    told = {
        name: [Hole(from_at=hour(begin), to_at=hour(end), state="covered") for begin, end in stretches]
        for name, stretches in asked.items()
    }
    found = coverage(period, told, {name: name.partition("/")[0] for name in asked})
    return ScopeCoverage(coverage=found, about="", assumed_begin=False, paces={})


def by_hour(begin: int, end: int, count: int = 10) -> dict[datetime, int]:
    return {hour(number): count for number in range(begin, end)}


# ---- pure


@pytest.mark.parametrize(
    ("begin", "end", "inner"),
    [
        (0, 5, (0, 5)),
        (0.5, 5, (1, 5)),
        (0, 4.5, (0, 4)),
        (0.5, 4.5, (1, 4)),
        (0.5, 1.5, None),
        (0.5, 0.75, None),
        (1, 1.5, None),
        (0.5, 2, (1, 2)),
    ],
)
def test_inner_hours__are_the_full_ones(begin: float, end: float, inner: tuple[float, float] | None) -> None:
    assert inner_hours(over(begin, end)) == (None if inner is None else over(*inner))


def test_all_is_covered__is_counted_and_a_point() -> None:
    period = over(0, 24)
    found = platform_volumes(
        {"mastodon": by_hour(0, 24)}, known(period, {"mastodon": ((0, 24),)}), period, period, zone=UTC_ZONE
    )  # fmt: skip
    assert found == {"mastodon": Volume(counted=240, missing_hours=0, posts=240, interval=Bounds(low=240, high=240))}


def test_a_hole__is_estimated_from_the_weeks_before_and_only_on_its_platform() -> None:
    period = over(0, 24)
    counts = {"mastodon": by_hour(-WEEKS, 24) | by_hour(6, 10, 0), "feeds": by_hour(-WEEKS, 24, 3)}
    of_sources = {"mastodon": ((-WEEKS, 6), (10, 24)), "feeds": ((-WEEKS, 24),)}
    found = platform_volumes(counts, known(over(-WEEKS, 24), of_sources), period, period, zone=UTC_ZONE)
    assert (found["mastodon"].counted, found["mastodon"].missing_hours, found["mastodon"].posts) == (200, 4, 240)
    interval = found["mastodon"].interval
    assert interval is not None
    assert 200 <= interval.low < 240 < interval.high
    assert (found["feeds"].posts, found["feeds"].missing_hours) == (72, 0)


def test_two_sources_of_a_platform__an_hour_that_one_lacks_is_a_hole_with_what_the_other_brought() -> None:
    period = over(0, 24)
    counts = {"mastodon": by_hour(-WEEKS, 24) | {hour(6): 4}}
    of_sources = {"mastodon": ((-WEEKS, 24),), "mastodon/2": ((-WEEKS, 6), (7, 24))}
    found = platform_volumes(counts, known(over(-WEEKS, 24), of_sources), period, period, zone=UTC_ZONE)
    assert (found["mastodon"].counted, found["mastodon"].missing_hours, found["mastodon"].posts) == (234, 1, 240)


def test_edges__parts_of_hours__are_counted_and_not_estimated() -> None:
    period = over(0.5, 23.25)
    counts = {"mastodon": by_hour(-WEEKS, 0) | by_hour(1, 23) | {hour(0): 5, hour(23): 2}}
    of_sources = {"mastodon": ((-WEEKS, 10), (12, 23.25))}
    counts["mastodon"] |= by_hour(10, 12, 0)
    found = platform_volumes(
        counts, known(over(-WEEKS, 23.25), of_sources), inner_hours(period), period, zone=UTC_ZONE
    )  # fmt: skip
    assert (found["mastodon"].counted, found["mastodon"].missing_hours) == (207, 2)
    assert found["mastodon"].posts == pytest.approx(227)


def test_first_hour_counted_in_part__is_no_hour_to_learn_from() -> None:
    """The hole lies a week behind the begin, at the same hour of the week."""
    period = over(0.5, 200)
    counts = {"mastodon": by_hour(-WEEKS, 0) | by_hour(1, 168) | by_hour(169, 200) | {hour(0): 1}}
    of_sources = {"mastodon": ((-WEEKS, 168), (169, 200))}
    found = platform_volumes(
        counts, known(over(-WEEKS, 200), of_sources), inner_hours(period), period, zone=UTC_ZONE
    )  # fmt: skip
    assert found["mastodon"].posts == pytest.approx(1 + 199 * 10)


def test_posts_before_the_period__are_learned_from_and_not_counted() -> None:
    period = over(0, 24)
    found = platform_volumes(
        {"mastodon": by_hour(-WEEKS, 24)}, known(over(-WEEKS, 24), {"mastodon": ((-WEEKS, 24),)}), period, period, zone=UTC_ZONE
    )
    assert found["mastodon"].counted == 240


def test_no_source_any_more__what_came_is_all_that_is_known() -> None:
    period = over(0, 24)
    found = platform_volumes({"feeds": by_hour(0, 24)}, known(period, {}), period, period, zone=UTC_ZONE)
    assert (found["feeds"].posts, found["feeds"].missing_hours) == (240, 0)


def test_no_full_hour__is_counted() -> None:
    period = over(0.25, 0.75)
    found = platform_volumes({"feeds": {hour(0): 4}}, known(period, {"feeds": ()}), None, period, zone=UTC_ZONE)
    assert (found["feeds"].posts, found["feeds"].missing_hours) == (4, 0)


def test_too_little_is_known__is_no_estimate() -> None:
    period = over(0, 24)
    found = platform_volumes(
        {"feeds": by_hour(0, 24)}, known(period, {"feeds": ((0, 6), (8, 24))}), period, period, zone=UTC_ZONE
    )  # fmt: skip
    assert (found["feeds"].posts, found["feeds"].interval, found["feeds"].missing_hours) == (None, None, 2)


def bounds(low: float, high: float) -> Bounds:
    return Bounds(low=low, high=high)


@pytest.mark.parametrize(
    ("volume", "unknown", "told"),
    [
        (
            Volume(counted=1234, missing_hours=0, posts=1234, interval=bounds(1234, 1234)), (),
            "1,234 posts counted; 50.0 % of the time is covered",
        ),
        (
            Volume(counted=1234, missing_hours=3, posts=None, interval=None), ("feeds", "x"),
            "1,234 posts counted; 50.0 % of the time is covered; no estimate: too little is known of feeds, x",
        ),
        (
            Volume(counted=9, missing_hours=3, posts=1300.4, interval=bounds(1250, 1350.6)), (),
            "9 posts counted; 50.0 % of the time is covered; estimated 1,300 (1,250 to 1,351)",
        ),
    ],
)  # fmt: skip
def test_sentence(volume: Volume, unknown: tuple[str, ...], told: str) -> None:
    covered = known(over(0, 24), {"feeds": ((0, 12),)})
    assert ScopeVolume(covered=covered, volume=volume, unknown=unknown).sentence == told


# ---- from the store


@pytest.fixture
async def collected(store: Store, many_posts: Callable[..., list[Post]]) -> list[Post]:
    """Posts of the same sixteen hours of nine weeks, by a source each of two platforms; one was away for three of the last ones."""
    rng, posts = random.Random(5), list[Post]()
    for week in range(-8, 1):
        begin = 168 * week + 46
        posts += many_posts(rng, 50, hour(begin), hour(begin + 16), first=1000 * (9 + week))
    posts = [post for post in posts if not (post.platform == "mastodon" and hour(50) <= post.created_at < hour(53))]
    await store.posts.upsert(posts)
    for platform, stretches in (("mastodon", ((-WEEKS, 50), (53, 168))), ("bluesky", ((-WEEKS, 168),))):
        source = Source(platform=platform, kind="tag", parameters={"tag": "tea"}, topics=("tea",))
        await store.sources.ensure(source)
        claim = await store.leases.claim(source.id, owner="test")
        assert claim is not None
        intervals = tuple(
            Interval(from_at=hour(begin), to_at=hour(end), state="covered", asked_at=hour(168)) for begin, end in stretches
        )
        move = Move(source_id=source.id, epoch=claim.epoch, run="r", bookmark=Bookmark(version=1), intervals=intervals)
        assert await store.progress.move([move]) == [None]
    return posts


def about_tea(posts: list[Post], begin: float, end: float) -> int:
    return sum("tea" in {match.id for match in post.topics} and hour(begin) <= post.created_at < hour(end) for post in posts)


async def test_scope__rollups_and_posts_say_the_same__with_holes_and_without(
    store: Store, collected: list[Post], roll_up: Callable[[], Awaitable[Any]]
) -> None:
    await roll_up()
    tea = Scope(topics=("tea",))
    for begin, end in ((0, 49), (53, 168), (53.5, 60.25), (55.25, 55.75)):
        counted = about_tea(collected, begin, end)
        for by_rollups in (True, False):
            found = await scope_volume(store.database, tea, over(begin, end), by_rollups=by_rollups, now=hour(200))
            assert (found.volume.counted, found.volume.posts, found.volume.missing_hours) == (counted, counted, 0)
            assert (found.unknown, found.covered.coverage.whole.every) == ((), 1)
    rolled, by_posts = [
        (await scope_volume(store.database, tea, over(46.5, 61), by_rollups=how, now=hour(200))).volume for how in (True, False)
    ]
    assert rolled == by_posts
    assert (by_posts.counted, by_posts.missing_hours) == (about_tea(collected, 46.5, 61), 3)
    assert by_posts.posts is not None
    assert by_posts.posts > by_posts.counted


async def test_scope__of_the_platform_that_was_not_away__has_no_hole(store: Store, collected: list[Post]) -> None:
    scope = Scope(topics=("tea",), platforms=("bluesky",))
    found = await scope_volume(store.database, scope, over(40, 60), by_rollups=False, now=hour(200))
    assert (found.volume.missing_hours, found.volume.posts) == (0, found.volume.counted)
