"""Moments as they are typed, and when they are by the clocks of a zone."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.moment import FIRST_YEAR, LAST_YEAR, moment_at, read, written

NOW = datetime(2026, 11, 22, 8, 30, 15, 250_000, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
INDIA = timezone(timedelta(hours=5, minutes=30))

relative = st.builds(
    lambda number, unit, floor: f"-{number}{unit}{floor}",
    st.integers(0, 9999),
    st.sampled_from("mhdw"),
    st.sampled_from(("", "/h", "/d", "/w")),
)
days = st.dates(date(FIRST_YEAR, 1, 2), date(LAST_YEAR, 12, 30)).map(str)
absolute = st.builds(lambda day, rest: f"{day}T{rest.isoformat()}", days, st.times(timezones=st.just(UTC) | st.just(INDIA)))


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("7d", "-7d"),
        ("-07d", "-7d"),
        ("-0h", "now"),
        ("now", "now"),
        ("today", "now/d"),
        ("yesterday", "-1d/d"),
        ("-1w/w", "-1w/w"),
        ("2026-11-01", "2026-11-01"),
        ("2026-11-01T08:00:00+02:00", "2026-11-01T06:00:00Z"),
        ("2026-11-01T08:00:00 02:00", "2026-11-01T06:00:00Z"),
        ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z"),
        ("2026-11-01T08:00:00.1239Z", "2026-11-01T08:00:00.123Z"),
    ],
)
def test_read__one_form_for_each_moment(typed: str, canonical: str) -> None:
    assert read(typed) == canonical


@pytest.mark.parametrize(
    "typed", ["", "7", "7y", "-7d/m", "tomorrow", "2026", "2026-02-30", "2026-11-01T08:00:00", "0001-01-01", "9999-12-31"]
)
def test_read__no_moment__is_none(typed: str) -> None:
    assert read(typed) is None


@given(relative | absolute | days)
def test_read__what_is_canonical_stays_so(typed: str) -> None:
    canonical = read(typed)
    assert canonical is not None
    assert read(canonical) == canonical


@given(relative | absolute | days, st.sampled_from(("UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Kiritimati")))
def test_moment_at__can_be_written_and_read_again(typed: str, zone: str) -> None:
    canonical = read(typed)
    assert canonical is not None
    moment = moment_at(canonical, now=NOW, zone=ZoneInfo(zone))
    told = written(moment)
    assert read(told) == told
    assert abs((moment_at(told, now=NOW, zone=BERLIN) - moment).total_seconds()) < 0.001


@pytest.mark.parametrize(
    ("canonical", "at"),
    [
        ("now", NOW),
        ("-90m", datetime(2026, 11, 22, 7, 0, 15, 250_000, tzinfo=UTC)),
        ("now/h", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("now/d", datetime(2026, 11, 21, 23, tzinfo=UTC)),
        ("-1d/d", datetime(2026, 11, 20, 23, tzinfo=UTC)),
        ("now/w", datetime(2026, 11, 15, 23, tzinfo=UTC)),
        ("-1w/w", datetime(2026, 11, 8, 23, tzinfo=UTC)),
        ("2026-07-01", datetime(2026, 6, 30, 22, tzinfo=UTC)),
        ("2026-07-01T08:00:00Z", datetime(2026, 7, 1, 8, tzinfo=UTC)),
    ],
)
def test_moment_at__rounds_down_by_the_clocks_of_the_zone(canonical: str, at: datetime) -> None:
    assert moment_at(canonical, now=NOW, zone=BERLIN) == at


@pytest.mark.parametrize(("canonical", "hours"), [("-1d", 25), ("-24h", 24)])
def test_moment_at__a_day_of_25_hours__is_a_day_by_the_clock(canonical: str, hours: int) -> None:
    """On 25 October 2026 the clocks of Berlin go back."""
    noon = datetime(2026, 10, 25, 11, tzinfo=UTC)
    assert (noon - moment_at(canonical, now=noon, zone=BERLIN)).total_seconds() == hours * 3600
