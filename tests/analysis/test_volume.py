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
