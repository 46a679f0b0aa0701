"""What is usual is learned from the right hours, and from fewer while little is known."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.analysis.usual import Usual, excess, pooled_dispersion, usual_mean

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def history(*, days, count=lambda hour: 10):
    since = NOW - timedelta(days=days)
    hours = [since + number * HOUR for number in range(days * 24)]
    return {"history": {hour: count(hour) for hour in hours}, "since": since, "zone": BERLIN}


def mean_of(known, hour=NOW):
    return usual_mean(known["history"], hour, since=known["since"], zone=known["zone"])


@pytest.mark.parametrize(("days", "basis"), [(1, "all hours"), (3, "hour of day"), (14, "hour of week"), (60, "hour of week")])
def test_mean__basis_grows_with_what_is_known(days, basis):
    assert mean_of(history(days=days))[:2] == (10, basis)


def test_mean__first_day__is_none():
    known = history(days=1)
    assert usual_mean(known["history"], NOW - HOUR, since=known["since"], zone=BERLIN) is None


def test_mean__takes_the_hours_around_in_four_weeks__without_smallest_and_largest():
    """Twelve hours: 1 to 12 by age; without 1 and 12 their mean is 6.5. All others are 1,000."""
    alike = [NOW - timedelta(weeks=week) + near * HOUR for week in (1, 2, 3, 4) for near in (1, 0, -1)]
    known = history(days=40, count=lambda hour: alike.index(hour) + 1 if hour in alike else 1000)
    assert mean_of(known) == (6.5, "hour of week", 10)


def test_mean__hours_that_were_not_collected__are_not_zeros():
    known = history(days=40)
    for near in (-1, 0, 1):
        del known["history"][NOW - timedelta(weeks=1) + near * HOUR]
    assert mean_of(known) == (10, "hour of week", 7)


def test_mean__too_few_like_it__takes_the_days():
    known = history(days=40)
    for week in (1, 2, 3):
        for near in (-1, 0, 1):
            del known["history"][NOW - timedelta(weeks=week) + near * HOUR]
    assert mean_of(known)[:2] == (10, "hour of day")


def test_mean__after_clocks_changed__follows_the_clocks():
    """People post at 20:00 by their clocks, an hour later by UTC once summer time is over."""
    since, now = datetime(2026, 9, 21, tzinfo=UTC), datetime(2026, 10, 26, 19, tzinfo=UTC)
    hours = [since + number * HOUR for number in range(int((now - since) / HOUR))]
    counts = {hour: 90 if 18 <= hour.astimezone(BERLIN).hour <= 22 else 0 for hour in hours}
    assert usual_mean(counts, now, since=since, zone=BERLIN)[0] == 90
    assert usual_mean(counts, now + 3 * HOUR, since=since, zone=BERLIN)[0] < 90


def test_mean__never_below_a_fifth_of_a_post():
    assert mean_of(history(days=20, count=lambda hour: 0))[0] == 0.2


def test_mean__nothing_was_collected__is_none():
    assert usual_mean({}, NOW, since=NOW - timedelta(days=9), zone=BERLIN) is None


def test_excess__of_a_count_as_far_off_as_poisson_counts_are__is_zero():
    assert excess(12, 9.0) == 0
    assert excess(6, 9.0) == 0


def test_pooled_dispersion__is_the_trimmed_mean():
    assert pooled_dispersion([0.5] * 98 + [100, 100]) == 0.5


@pytest.mark.parametrize(("excesses", "held"), [([-1.0] * 30, 0.02), ([9.0] * 30, 2), ([0.5] * 23, 0.3)])
def test_pooled_dispersion__is_held_within_reason(excesses, held):
    assert pooled_dispersion(excesses) == held


def test_variance__is_that_of_the_count_and_of_the_mean():
    assert Usual(mean=10, dispersion=0.5, basis="hour of week").variance == pytest.approx(66)


@pytest.mark.parametrize(("values", "variance"), [(1, 120), (4, 75), (10, 66), (82, 66)])
def test_variance__mean_of_few_values__is_larger(values, variance):
    assert Usual(mean=10, dispersion=0.5, basis="hour of week", values=values).variance == pytest.approx(variance)
