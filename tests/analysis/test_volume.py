"""What was counted stays a count, and only holes are estimated."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.analysis.bucket import Period
from monitor.analysis.volume import volume
from monitor.errors import UsageError

ZONE = ZoneInfo("UTC")
HOUR = timedelta(hours=1)
START = datetime(2026, 6, 1, tzinfo=UTC)
PERIOD = Period(start=START, end=START + timedelta(days=1))


def history(*, days=56, count=10):
    return {START - number * HOUR: count for number in range(1, days * 24 + 1)}


def of_period(counts):
    return {START + number * HOUR: count for number, count in enumerate(counts) if count is not None}


def test_volume__nothing_missing__is_a_point():
    made = volume(of_period([3] * 24), period=PERIOD, zone=ZONE)
    assert (made.counted, made.posts, made.missing_hours) == (72, 72, 0)
    assert made.interval.low == made.interval.high == 72


def test_volume__missing_hours__are_as_in_the_weeks_before():
    made = volume(history() | of_period([7] * 20 + [None] * 4), period=PERIOD, zone=ZONE)
    assert (made.counted, made.missing_hours, made.posts) == (140, 4, 180)
    assert made.interval.low < 180 < made.interval.high


def test_volume__burst_of_an_hour_read_in_part__is_not_set_against_the_other_missing_hours():
    """By night 10 posts an hour, by day 100; nothing of the day is known but a burst in its first hour."""
    before = {hour: 100 if 8 <= hour.hour < 22 else 10 for hour in history()}
    made = volume(before, partial={START: 3000}, period=PERIOD, zone=ZONE)
    assert (made.counted, made.missing_hours) == (3000, 24)
    others = 14 * 100 + 9 * 10
    assert made.posts == pytest.approx(3000 + others, rel=0.02)  # an hour is held against its neighbours, too
    assert 3000 < made.interval.low < 3000 + others < made.interval.high


@pytest.mark.parametrize("part", [0, 6, 10, 12])
def test_volume__part_that_its_hour_may_have_by_chance__does_not_add_to_the_estimate(part):
    missing = {START + number * HOUR: part for number in range(6)}
    made = volume(history() | of_period([None] * 6 + [10] * 18), partial=missing, period=PERIOD, zone=ZONE)
    assert made.posts == max(240, 180 + 6 * part)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.none() | st.integers(0, 50), min_size=24, max_size=24), st.integers(0, 60))
def test_volume__is_never_below_what_was_counted(counts, part):
    missing = {START + number * HOUR: part for number, count in enumerate(counts) if count is None}
    made = volume(history(days=15) | of_period(counts), partial=missing, period=PERIOD, zone=ZONE)
    assert made.counted == sum(count or 0 for count in counts) + part * len(missing)
    assert made.counted <= made.interval.low <= made.posts <= made.interval.high


def test_volume__nothing_known_before__says_nothing_of_the_hole():
    made = volume(of_period([5] * 12), period=PERIOD, zone=ZONE)
    assert (made.counted, made.missing_hours, made.posts, made.interval) == (60, 12, None, None)
    assert volume({}, period=PERIOD, zone=ZONE).posts is None


def test_volume__of_half_hours__is_refused():
    with pytest.raises(UsageError):
        volume({}, period=Period(start=START, end=START + HOUR / 2), zone=ZONE)
