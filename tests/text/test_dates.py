"""Moments as platforms write them, always UTC and in whole milliseconds."""

from datetime import UTC, datetime

import pytest

from monitor.errors import PostError
from monitor.text.dates import utc, utc_from_milliseconds, utc_from_seconds, utc_or_none

EIGHT = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T08:00:00Z", EIGHT),
        ("2026-11-22T08:00:00", EIGHT),
        ("2026-11-22 08:00:00+00:00", EIGHT),
        ("2026-11-22T09:30:00+01:30", EIGHT),
        (" 20261122T080000Z ", EIGHT),
        ("2026-11-22T08:00:00.123Z", EIGHT.replace(microsecond=123_000)),
        ("2026-11-22T08:00:00.123999Z", EIGHT.replace(microsecond=123_000)),
        ("2026-11-22T08:00:00.1239999999Z", EIGHT.replace(microsecond=123_000)),
        ("2026-11-22", EIGHT.replace(hour=0)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_utc(text, moment):
    assert utc(text) == moment
    assert utc(text).tzinfo is UTC


@pytest.mark.parametrize(
    "told", [None, 7, "", "yesterday", "2026-13-01", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00", ["2026"]], ids=repr
)
def test_utc__no_date__is_refused(told):
    with pytest.raises(PostError):
        utc(told)


def test_utc_or_none__unknown_stays_unknown_and_nonsense_is_still_refused():
    assert utc_or_none(None) is None
    assert utc_or_none("2026-11-22T08:00:00Z") == EIGHT
    with pytest.raises(PostError):
        utc_or_none("")


def test_numbers_are_read_in_the_unit_that_the_name_says():
    """1,795,334,400 is a day in 2026 as seconds and one in 1970 as milliseconds: nothing is guessed."""
    assert utc_from_seconds(1_795_334_400) == EIGHT
    assert utc_from_seconds(1_795_334_400.1239) == EIGHT.replace(microsecond=123_000)
    assert utc_from_milliseconds(1_795_334_400_123) == EIGHT.replace(microsecond=123_000)
    assert utc_from_milliseconds(1_795_334_400).year == 1970


@pytest.mark.parametrize(
    "told", [None, True, "1795334400", float("nan"), float("inf"), 10**18, -(10**18), 10**400, []], ids=repr
)
@pytest.mark.parametrize("read", [utc_from_seconds, utc_from_milliseconds])
def test_numbers_that_are_no_date_are_refused(read, told):
    with pytest.raises(PostError):
        read(told)
