"""The hours of a scope: local intervals against a count post by post, what is compared with what, and what counts as known."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.analysis.bucket import Period
from monitor.analysis.change import Change
from monitor.analysis.interval import Interval
from monitor.post import Post
from monitor.scope import Scope
from monitor.store.connection import Store
from monitor.store.dirty import hour_of
from monitor.store.window import Window
from monitor.trends.hours import Compared, Hours, read_hours, whole_hours

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")


def hours_of(
    known: dict[datetime, int], *, period: Period, until: datetime | None = None, zone: str = "UTC", **changes: Any
) -> Hours:
    steps = {hour: known.get(hour, 0) for hour in moments(period)}
    told = {"step": HOUR, "steps": steps, "complete_until": until or period.end, "freshness": None} | changes
    return Hours(period=period, zone=ZoneInfo(zone), known=known, **told)


def moments(period: Period, step: timedelta = HOUR) -> list[datetime]:
    return [period.start + number * step for number in range(int((period.end - period.start) / step))]


def week(start: datetime, count: int) -> dict[datetime, int]:
    return {start + number * HOUR: count for number in range(168)}


def scattered(rng: random.Random, period: Period, number: int) -> list[datetime]:
    return [period.start + rng.random() * (period.end - period.start) for _ in range(number)]


def by_quarter(posts: Iterable[datetime], period: Period) -> dict[datetime, int]:
    counted = Counter(post.replace(minute=post.minute // 15 * 15, second=0, microsecond=0) for post in posts)
    return {quarter: counted[quarter] for quarter in moments(period, timedelta(minutes=15))}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("interval", ["1h", "1d"])
def test_volumes__any_zone__are_the_posts_of_each_local_interval(zone: str, interval: Any) -> None:
    """Over a change of clocks in most of them; each post is put into its interval by the clock on the wall alone."""
    for begin in (datetime(2026, 3, 27, 5, tzinfo=UTC), datetime(2026, 10, 1, 22, tzinfo=UTC)):
        period = Period(start=begin, end=begin + 4 * DAY)
        posts = scattered(random.Random(f"{zone}{begin}"), period, 300)
        hours = hours_of({}, period=period, zone=zone, step=timedelta(minutes=15), steps=by_quarter(posts, period))
        found = hours.volumes(interval, ())
        assert sum(one.posts for one in found) == hours.posts == 300
        for one in found:
            assert one.posts == sum(one.period.start <= post < one.period.end for post in posts)
            wall = {_wall(post, zone, interval) for post in posts if one.period.start <= post < one.period.end}
            assert len(wall) <= 1
        assert [one.period.end for one in found[:-1]] == [one.period.start for one in found[1:]]
        assert (found[0].period.start, found[-1].period.end) == (period.start, period.end)


def _wall(post: datetime, zone: str, interval: str) -> tuple[Any, ...]:
    there = post.astimezone(ZoneInfo(zone))
    return (there.date(),) if interval == "1d" else (there.date(), there.hour, there.utcoffset())


def test_volumes__parts_of_a_day__are_not_judged() -> None:
    known = {MONDAY - 40 * DAY + number * HOUR: 4 for number in range(42 * 24)}
    hours = hours_of(known, period=Period(start=MONDAY - 12 * HOUR, end=MONDAY + DAY + 6 * HOUR))
    found = hours.volumes("1d", hours.assessed())
    assert [one.posts for one in found] == [48, 96, 24]
    assert [one.judged is not None for one in found] == [False, True, False]


def test_volumes__an_hour_of_many_posts__is_judged_a_spike_and_its_neighbours_are_not() -> None:
    known = {MONDAY - 40 * DAY + number * HOUR: 4 for number in range(41 * 24)}
    known[MONDAY + 5 * HOUR] = 60
    hours = hours_of(known, period=Period(start=MONDAY, end=MONDAY + DAY))
    spikes = [one.period.start for one in hours.volumes("1h", hours.assessed()) if one.judged and one.judged.spike]
    assert spikes == [MONDAY + 5 * HOUR]


def test_assessed__also_judges_the_hours_before_the_period() -> None:
    known = {MONDAY - 3 * DAY + number * HOUR: 4 for number in range(4 * 24)}
    assert [one.start for one in hours_of(known, period=Period(start=MONDAY, end=MONDAY + DAY)).assessed()] == sorted(known)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "Europe/Berlin"])
def test_rhythm__is_of_the_known_hours_by_the_clock_on_the_wall(zone: str) -> None:
    period = Period(start=datetime(2026, 10, 20, tzinfo=UTC), end=datetime(2026, 10, 28, tzinfo=UTC))
    posts = scattered(random.Random(zone), period, 400)
    known = {hour: 1 for number, hour in enumerate(moments(period)) if number % 5}
    hours = hours_of(known, period=period, zone=zone, step=timedelta(minutes=15), steps=by_quarter(posts, period))
    counted = Counter(
        (there.weekday(), there.hour) for post in posts if hour_of(post) in known for there in [post.astimezone(ZoneInfo(zone))]
    )
    assert {(cell.weekday, cell.hour): cell.posts for cell in hours.rhythm() if cell.posts} == counted
    assert sum(cell.hours for cell in hours.rhythm()) == len(known)


def test_compared__a_week__is_held_against_the_week_before() -> None:
    known = week(MONDAY, 6) | week(MONDAY - 7 * DAY, 4) | week(MONDAY - 14 * DAY, 99)
    found = hours_of(known, period=Period(start=MONDAY, end=MONDAY + 7 * DAY)).compared(())
    assert found is not None
    assert (found.change.now, found.change.before, found.change.ratio) == (6 * 168, 4 * 168, 1.5)
    assert (found.hours, found.of, found.dispersion) == (168, 168, 1.0)
    assert found.before == Period(start=MONDAY - 7 * DAY, end=MONDAY)


def test_compared__ten_days__are_held_against_those_of_two_weeks_before() -> None:
    known = {MONDAY - 14 * DAY + number * HOUR: number % 7 for number in range(24 * 24)}
    found = hours_of(known, period=Period(start=MONDAY, end=MONDAY + 10 * DAY)).compared(())
    assert found is not None
    assert found.before == Period(start=MONDAY - 14 * DAY, end=MONDAY - 4 * DAY)
    assert found.change.before == sum(known[MONDAY - 14 * DAY + number * HOUR] for number in range(240))


def test_compared__hours_that_one_of_both_lacks__are_left_out_of_both() -> None:
    known = week(MONDAY, 6) | week(MONDAY - 7 * DAY, 4)
    for number in (3, 50):
        del known[MONDAY + number * HOUR]
    for number in (50, 60, 70):
        del known[MONDAY - 7 * DAY + number * HOUR]
    found = hours_of(known, period=Period(start=MONDAY, end=MONDAY + 7 * DAY)).compared(())
    assert found is not None
    assert (found.hours, found.of) == (164, 168)
    assert (found.change.now, found.change.before) == (6 * 164, 4 * 164)


def test_compared__hours_that_are_not_over__are_not_of_the_comparison() -> None:
    known = {hour: 6 for hour in week(MONDAY, 6) if hour < MONDAY + DAY} | week(MONDAY - 7 * DAY, 4)
    period = Period(start=MONDAY, end=MONDAY + 7 * DAY)
    hours = hours_of(known, period=period, until=MONDAY + DAY + timedelta(minutes=59))
    found = hours.compared(())
    assert found is not None
    assert (found.hours, found.of, found.change.before) == (24, 24, 96)
    assert hours.missing_hours == 0


def test_compared__nothing_before_is_known__is_none() -> None:
    assert hours_of(week(MONDAY, 6), period=Period(start=MONDAY, end=MONDAY + 7 * DAY)).compared(()) is None


def test_compared__clocks_went_back__is_by_the_clocks() -> None:
    """Berlin on 25 October 2026: 20:00 is 18:00 UTC before and 19:00 UTC after."""
    start = datetime(2026, 10, 25, 23, tzinfo=UTC)
    known = {start - 8 * DAY + number * HOUR: 0 for number in range(12 * 24)}
    known |= {datetime(2026, 10, 26, 19, tzinfo=UTC): 30, datetime(2026, 10, 19, 18, tzinfo=UTC): 10}
    period = Period(start=datetime(2026, 10, 26, 19, tzinfo=UTC), end=datetime(2026, 10, 26, 20, tzinfo=UTC))
    found = hours_of(known, period=period, zone="Europe/Berlin").compared(())
    assert found is not None
    assert (found.change.now, found.change.before) == (30, 10)


def test_compared__restless_hours__widen_the_interval() -> None:
    calm = {MONDAY - 40 * DAY + number * HOUR: 10 for number in range(41 * 24)}
    restless = {hour: 1 if number % 2 else 19 for number, hour in enumerate(sorted(calm))}
    period = Period(start=MONDAY, end=MONDAY + DAY)
    found = [one.compared(one.assessed()) for one in (hours_of(calm, period=period), hours_of(restless, period=period))]
    assert all(one is not None and one.change.ratio == 1.0 for one in found)
    widths = [one.change.interval.high - one.change.interval.low for one in found if one is not None]
    assert widths[1] > 2 * widths[0]


@pytest.mark.parametrize(
    ("now", "before", "low", "high", "told"),
    [
        (118, 100, 1.05, 1.334, "+18% (+5% to +33%)"),
        (50, 100, 0.4, 0.6, "-50% (-60% to -40%)"),
        (0, 100, 0.0, 0.04, "-100% (-100% to -96%)"),
        (30, 0, 7.8, inf, "new (at least +680%)"),
        (1, 0, 0.26, inf, "new"),
        (0, 0, 0.0, inf, "none"),
    ],
)
def test_compared__told__is_what_a_person_reads(now: int, before: int, low: float, high: float, told: str) -> None:
    made = Change(now=now, before=before, ratio=now / before if before else None, interval=Interval(low=low, high=high))
    period = Period(start=MONDAY, end=MONDAY + DAY)
    assert Compared(change=made, before=period, hours=24, of=24, dispersion=1.0).told == told


def test_missing_hours__are_those_that_are_over_and_not_known() -> None:
    known = {hour: 1 for hour in week(MONDAY, 1) if hour.hour != 3}
    hours = hours_of(known, period=Period(start=MONDAY, end=MONDAY + 3 * DAY), until=MONDAY + 2 * DAY)
    assert hours.missing_hours == 2


@pytest.mark.parametrize(
    ("begin", "end", "hours"),
    [((8, 0), (9, 0), (8, 9)), ((8, 1), (9, 0), (8, 9)), ((8, 59), (9, 1), (8, 10)), ((8, 20), (8, 21), (8, 9))],
)
def test_whole_hours__hold_the_window(begin: tuple[int, int], end: tuple[int, int], hours: tuple[int, int]) -> None:
    at = [MONDAY.replace(hour=hour, minute=minute) for hour, minute in (begin, end)]
    period = whole_hours(Window(from_at=at[0], to_at=at[1]))
    assert (period.start.hour, period.end.hour) == hours


# ---- read from the store


WINDOW = Window(from_at=MONDAY, to_at=MONDAY + DAY)
ENGLISH = Scope(languages=("en",))


async def test_read__hours_before_the_first_post__are_not_known(store: Store, a_post: Callable[..., Post]) -> None:
    first = MONDAY - 2 * DAY + timedelta(hours=7, minutes=40)
    await store.posts.upsert([a_post(first), a_post(MONDAY + timedelta(minutes=5)), a_post(MONDAY, language="de")])
    hours = await read_hours(store, ENGLISH, WINDOW, now=MONDAY + 9 * DAY)
    assert sorted(hours.known) == moments(Period(start=hour_of(first), end=MONDAY + DAY))
    assert (hours.posts, hours.known[hour_of(first)], hours.known[MONDAY], sum(hours.known.values())) == (1, 1, 1, 2)
    assert hours.freshness is None


async def test_read__the_hour_that_is_not_over__is_counted_and_not_known(store: Store, a_post: Callable[..., Post]) -> None:
    now = MONDAY + timedelta(hours=3, minutes=30)
    await store.posts.upsert([a_post(MONDAY), a_post(now - timedelta(minutes=1))])
    hours = await read_hours(store, ENGLISH, WINDOW, now=now)
    assert (hours.posts, hours.complete_until) == (2, now)
    assert sorted(hours.known) == [MONDAY, MONDAY + HOUR, MONDAY + 2 * HOUR]


async def test_read__only_collected_hours__are_known(store: Store, a_post: Callable[..., Post]) -> None:
    await store.posts.upsert([a_post(MONDAY + number * HOUR) for number in range(24)])
    collected = {MONDAY + 2 * HOUR, MONDAY + 5 * HOUR, MONDAY - 5 * HOUR}
    hours = await read_hours(store, ENGLISH, WINDOW, now=MONDAY + 9 * DAY, collected=collected)
    assert hours.known == {MONDAY + 2 * HOUR: 1, MONDAY + 5 * HOUR: 1}
    assert (hours.posts, hours.missing_hours) == (24, 22)


async def test_read__steps_fit_the_clocks_of_the_zone(store: Store, a_post: Callable[..., Post]) -> None:
    posts = [MONDAY + timedelta(minutes=number * 7) for number in range(200)]
    await store.posts.upsert([a_post(at) for at in posts])
    for zone, minutes in (("UTC", 60), ("Europe/Berlin", 60), ("Asia/Kathmandu", 15)):
        hours = await read_hours(store, Scope(languages=("en",), zone=zone), WINDOW, now=MONDAY + 9 * DAY)
        assert (hours.step, len(hours.steps)) == (timedelta(minutes=minutes), 24 * 60 // minutes)
        for one in hours.volumes("1d", ()):
            assert one.posts == sum(one.period.start <= at < one.period.end for at in posts)
        assert hours.known == {
            **dict.fromkeys(moments(Period(start=MONDAY, end=MONDAY + DAY)), 0),
            **Counter(map(hour_of, posts)),
        }


async def test_read__learns_from_eight_weeks_and_no_more(store: Store, a_post: Callable[..., Post]) -> None:
    await store.posts.upsert([a_post(MONDAY - timedelta(days=400)), a_post(MONDAY)])
    hours = await read_hours(store, ENGLISH, WINDOW, now=MONDAY + 9 * DAY)
    assert min(hours.known) == MONDAY - timedelta(weeks=8)


async def test_read__no_post_at_all__is_a_period_of_nothing(store: Store) -> None:
    hours = await read_hours(store, ENGLISH, WINDOW, now=MONDAY + 9 * DAY)
    assert (hours.posts, hours.compared(hours.assessed()), len(hours.steps)) == (0, None, 24)
