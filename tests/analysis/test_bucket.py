"""Local buckets are a partition of real time in every zone, and counts are neither lost nor cut."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.bucket import HOUR, Period, buckets, gather, weeks_back
from monitor.errors import UsageError

BERLIN = ZoneInfo("Europe/Berlin")
# Half hours, quarter hours, changes at midnight, of half an hour, of a whole day; and whatever else there is.
ODD = [
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "America/Havana",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/St_Johns",
]
zones = st.sampled_from([*ODD, "Europe/Berlin", "America/New_York", "UTC"]) | st.sampled_from(sorted(available_timezones()))
moments = st.datetimes(datetime(2005, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
units = st.sampled_from(["hour", "day", "week", "month"])


def period(start, **length):
    return Period(start=start, end=start + timedelta(**length))


def day(year, month, date, zone=BERLIN):
    start = datetime(year, month, date, tzinfo=zone)
    return Period(start=start, end=start + timedelta(days=1))


@given(moments, st.integers(1, 100 * 3600), zones, units)
def test_buckets__touch_and_hold_the_period(start, seconds, zone, unit):
    asked = period(start, seconds=seconds)
    made = buckets(asked, zone=ZoneInfo(zone), unit=unit)
    assert made[0].start <= asked.start < made[0].end
    assert made[-1].start < asked.end <= made[-1].end
    assert all(one.end == other.start for one, other in pairwise(made))


@given(moments, zones)
def test_buckets__of_days__hold_one_date_each(start, zone):
    there = ZoneInfo(zone)
    dates = []
    for one in buckets(period(start, days=4), zone=there, unit="day"):
        within = [one.start, one.start + (one.end - one.start) / 2, one.end - timedelta(microseconds=1)]
        assert len({moment.astimezone(there).date() for moment in within}) == 1
        dates.append(within[0].astimezone(there).date())
    assert dates == sorted(set(dates))


@pytest.mark.parametrize(("date", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 6, 1), 24)])
def test_buckets__days_on_which_clocks_change__have_23_or_25_hours(date, hours):
    (made,) = buckets(day(*date), zone=BERLIN, unit="day")
    assert made.hours == hours
    assert len(buckets(day(*date), zone=BERLIN, unit="hour")) == hours


def test_buckets__hour_that_exists_twice__is_two():
    local = [one.start.astimezone(BERLIN).strftime("%H:%M%z") for one in buckets(day(2026, 10, 25), zone=BERLIN, unit="hour")]
    assert local[1:5] == ["01:00+0200", "02:00+0200", "02:00+0100", "03:00+0100"]


def test_buckets__clocks_go_back_half_an_hour__gives_half_an_hour():
    asked = day(2026, 4, 5, ZoneInfo("Australia/Lord_Howe"))
    made = buckets(asked, zone=ZoneInfo("Australia/Lord_Howe"), unit="hour")
    assert [one.hours for one in made].count(0.5) == 1
    assert sum(one.hours for one in made) == 24.5


def test_buckets__day_that_a_zone_left_out__is_none():
    apia = ZoneInfo("Pacific/Apia")
    made = buckets(period(datetime(2011, 12, 29, 12, tzinfo=apia), days=2), zone=apia, unit="day")
    assert [one.start.astimezone(apia).day for one in made] == [29, 31]


def test_buckets__weeks_and_months__begin_on_monday_and_the_first():
    asked = period(datetime(2026, 10, 28, 12, tzinfo=BERLIN), days=1)
    (week,) = buckets(asked, zone=BERLIN, unit="week")
    (month,) = buckets(asked, zone=BERLIN, unit="month")
    assert week.start.astimezone(BERLIN) == datetime(2026, 10, 26, tzinfo=BERLIN)
    assert month.start.astimezone(BERLIN) == datetime(2026, 10, 1, tzinfo=BERLIN)
    assert month.hours == 31 * 24 + 1


@given(moments, st.dictionaries(st.integers(0, 24 * 60 * 3 - 1), st.integers(0, 100), max_size=50), zones, units)
def test_gather__of_minutes__loses_nothing(start, minutes, zone, unit):
    start = start.replace(second=0, microsecond=0)
    into = buckets(period(start, days=3), zone=ZoneInfo(zone), unit=unit)
    counts = {start + timedelta(minutes=minute): count for minute, count in minutes.items()}
    gathered = gather(counts, into=into, width=timedelta(minutes=1))
    assert [bucket for bucket, _ in gathered] == list(into)
    for bucket, count in gathered:
        assert count == sum(n for moment, n in counts.items() if bucket.start <= moment < bucket.end)


@pytest.mark.parametrize(("date", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25)])
def test_gather__one_post_an_hour__counts_the_hours_of_the_day(date, hours):
    asked = day(*date)
    counts = {asked.start + n * HOUR: 1 for n in range(hours)}
    assert gather(counts, into=buckets(asked, zone=BERLIN, unit="day")) == ((asked, hours),)


def test_gather__hours_of_utc_over_midnight_in_kathmandu__are_refused():
    zone = ZoneInfo("Asia/Kathmandu")
    asked = day(2026, 6, 2, zone)
    with pytest.raises(UsageError, match="minutes"):
        gather({datetime(2026, 6, 2, 18, tzinfo=UTC): 5}, into=buckets(asked, zone=zone, unit="day"))


def test_gather__count_outside__is_refused():
    with pytest.raises(UsageError, match="outside"):
        gather({datetime(2026, 6, 2, tzinfo=UTC): 5}, into=buckets(day(2026, 6, 3), zone=BERLIN, unit="day"))


@given(moments, st.integers(0, 60), zones)
def test_weeks_back__clocks_show_the_same_or_the_hour_is_missing(moment, weeks, zone):
    there = ZoneInfo(zone)
    back = weeks_back(moment, weeks=weeks, zone=there).astimezone(there)
    wanted = moment.astimezone(there).replace(tzinfo=None) - timedelta(weeks=weeks)
    exists = wanted.replace(tzinfo=there).astimezone(UTC).astimezone(there).replace(tzinfo=None) == wanted
    assert (back.replace(tzinfo=None) == wanted) is exists


def test_period__in_the_hour_that_exists_twice__is_measured_in_real_time():
    first = datetime(2026, 10, 25, 2, 45, tzinfo=BERLIN)
    assert Period(start=first, end=datetime(2026, 10, 25, 2, 15, fold=1, tzinfo=BERLIN)).hours == 0.5


@pytest.mark.parametrize("zone", [None, UTC])
def test_period__without_zone_or_length__is_refused(zone):
    moment = datetime(2026, 1, 2, tzinfo=zone)
    with pytest.raises(UsageError):
        Period(start=moment, end=moment)
