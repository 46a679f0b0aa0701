"""Which hours of a scope count as collected, by what the ledger says of its sources."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from monitor.analysis.bucket import Period
from monitor.bookmark import Bookmark, Interval, State
from monitor.scope import Scope
from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.progress import Move
from monitor.store.window import Window
from monitor.trends.collected import collected

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
WINDOW = Window(from_at=MONDAY, to_at=MONDAY + timedelta(days=7))
LATER = MONDAY + timedelta(days=30)
TEA = Scope(topics=("tea",))

Covered = Callable[..., Awaitable[None]]


def hour(number: float) -> datetime:
    return MONDAY + timedelta(hours=number)


@pytest.fixture
def covered(store: Store) -> Covered:
    """Let a source that serves tea, made where it is not there, have read a stretch of hours."""

    async def committed(tag: str, begin: float, end: float, state: State = "covered", version: int = 1) -> None:
        parameters = {"tag": tag, "instance": "example.org"}
        source = Source(platform="mastodon", kind="tag", parameters=parameters, topics=("tea",))
        await store.sources.ensure(source)
        claim = await store.leases.claim(source.id, owner=f"{tag}{version}")
        assert claim is not None
        interval = Interval(from_at=hour(begin), to_at=hour(end), state=state, reason=None, posts=1, asked_at=LATER)
        bookmark = Bookmark(version=version)
        move = Move(source_id=source.id, epoch=claim.epoch, run="r", bookmark=bookmark, intervals=(interval,))
        assert await store.progress.move([move]) == [None]
        await store.leases.release(source.id, epoch=claim.epoch)

    return committed


async def hours(store: Store, window: Window = WINDOW, now: datetime = LATER) -> list[float]:
    found = await collected(store, TEA, window, now=now)
    assert found.hours is not None
    return sorted((moment - MONDAY) / timedelta(hours=1) for moment in found.hours)


async def test_no_source__nobody_knows(store: Store) -> None:
    found = await collected(store, TEA, WINDOW, now=LATER)
    assert (found.hours, found.covered.coverage.whole.sources) == (None, 0)


async def test_one_source__its_whole_hours(store: Store, covered: Covered) -> None:
    await covered("cup", 1.5, 4.25)
    assert await hours(store) == [2, 3]


async def test_two_sources__the_hours_that_both_cover(store: Store, covered: Covered) -> None:
    await covered("cup", 1, 6)
    await covered("milk", 3, 9)
    assert await hours(store) == [3, 4, 5]


async def test_hours_that_came_to_nothing__are_not_collected(store: Store, covered: Covered) -> None:
    await covered("cup", 1, 9)
    states: tuple[State, ...] = ("capped", "limited", "failed")
    for number, state in enumerate(states):
        await covered("cup", 2 + 2 * number, 3 + 2 * number, state, version=2 + number)
    assert await hours(store) == [1, 3, 5, 7, 8]


async def test_hours_before_the_period__are_told_and_not_in_its_coverage(store: Store, covered: Covered) -> None:
    """For eight weeks, from which what is usual is learned."""
    eight_weeks = 8 * 168
    await covered("cup", -eight_weeks - 2, 84)
    found = await collected(store, TEA, WINDOW, now=LATER)
    assert await hours(store) == list(range(-eight_weeks, 84))
    assert found.covered.coverage.whole.every == 0.5
    assert found.covered.coverage.period == Period(start=WINDOW.from_at, end=WINDOW.to_at)


async def test_long_period__is_known_as_far_back_as_what_it_is_held_against(store: Store, covered: Covered) -> None:
    ten_weeks = Window(from_at=MONDAY - timedelta(weeks=10), to_at=MONDAY)
    await covered("cup", -30 * 168, 0)
    assert await hours(store, ten_weeks) == list(range(-20 * 168, 0))


async def test_period_that_is_not_over__ends_now(store: Store, covered: Covered) -> None:
    await covered("cup", 0, 10)
    now = hour(5.5)
    found = await collected(store, TEA, WINDOW, now=now)
    assert found.covered.coverage.period == Period(start=MONDAY, end=now)
    assert found.covered.coverage.whole.every == 1
    assert await hours(store, now=now) == [0, 1, 2, 3, 4]


async def test_window_within_hours__is_widened_to_them(store: Store, covered: Covered) -> None:
    await covered("cup", 0, 10)
    found = await collected(store, TEA, Window(from_at=hour(2.5), to_at=hour(3.25)), now=LATER)
    assert found.covered.coverage.period == Period(start=hour(2), end=hour(4))


async def test_period_that_has_not_begun__is_not_covered(store: Store, covered: Covered) -> None:
    await covered("cup", 0, 4)
    for begin in (5, 5.5):
        window = Window(from_at=hour(begin), to_at=hour(9))
        found = await collected(store, TEA, window, now=hour(4.9))
        assert (found.covered.coverage.whole.sources, found.covered.coverage.whole.any) == (1, 0)
        assert await hours(store, window, now=hour(4.9)) == [0, 1, 2, 3]
