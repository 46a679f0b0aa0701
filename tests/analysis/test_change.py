"""The period before is the right one, and a change is only certain where the counts say so."""

from datetime import UTC, datetime, timedelta
from math import inf
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.bucket import Period
from monitor.analysis.change import change, dispersion, previous, previous_same_weekdays, year_before
from monitor.errors import UsageError

BERLIN = ZoneInfo("Europe/Berlin")


def local(*, start, end):
    return Period(start=datetime(*start, tzinfo=BERLIN), end=datetime(*end, tzinfo=BERLIN))


@pytest.mark.parametrize(
    ("start", "end", "before", "before_end"),
    [
        ((2026, 11, 16), (2026, 11, 17), (2026, 11, 9), (2026, 11, 10)),  # a Monday: the Monday before
        ((2026, 11, 9), (2026, 11, 16), (2026, 11, 2), (2026, 11, 9)),  # a week
        ((2026, 11, 1), (2026, 12, 1), (2026, 9, 27), (2026, 10, 27)),  # 30 days: five weeks
        ((2026, 10, 26), (2026, 10, 27), (2026, 10, 19), (2026, 10, 20)),  # over the end of summer time
        ((2026, 10, 19), (2026, 10, 26), (2026, 10, 12), (2026, 10, 19)),  # a week of 169 hours: one week, not two
    ],
)
def test_previous_same_weekdays(start, end, before, before_end):
    found = previous_same_weekdays(local(start=start, end=end), zone=BERLIN)
    assert found == local(start=before, end=before_end)


@pytest.mark.parametrize(
    ("start", "end", "before"),
    [
        ((4, 5, 0, 0), (4, 5, 1, 0), (3, 29, 1, 0)),  # two o'clock, which did not exist the week before
        ((10, 25, 0, 0), (10, 25, 1, 0), (10, 18, 0, 0)),  # the first of two hours from two o'clock on
        ((10, 25, 0, 30), (10, 25, 1, 15), (10, 18, 0, 30)),  # that ends at an earlier clock than it begins
    ],
)
def test_previous_same_weekdays__of_no_length_by_local_clocks__is_as_long_as_the_period(start, end, before):
    asked = Period(start=datetime(2026, *start, tzinfo=UTC), end=datetime(2026, *end, tzinfo=UTC))
    found = previous_same_weekdays(asked, zone=BERLIN)
    assert found.start == datetime(2026, *before, tzinfo=UTC)
    assert found.hours == asked.hours


def test_year_before__of_no_length_by_local_clocks__is_as_long_as_the_period():
    """52 weeks before 25 October 2026 the same hour existed twice, too."""
    asked = Period(start=datetime(2026, 10, 25, 0, tzinfo=UTC), end=datetime(2026, 10, 25, 1, tzinfo=UTC))
    start = datetime(2025, 10, 26, 0, tzinfo=UTC)
    assert year_before(asked, zone=BERLIN) == Period(start=start, end=start + timedelta(hours=1))


@given(st.integers(0, 24 * 3000), st.integers(1, 24 * 90))
def test_previous_same_weekdays__does_not_overlap(start, hours):
    first = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=start)
    asked = Period(start=first, end=first + timedelta(hours=hours))
    found = previous_same_weekdays(asked, zone=BERLIN)
    # An end inside the missing hour of spring lies an hour late.
    assert found.end <= asked.start + timedelta(hours=1)
    assert found.start.astimezone(BERLIN).weekday() == asked.start.astimezone(BERLIN).weekday()


def test_previous__ends_where_the_period_begins():
    asked = local(start=(2026, 10, 25), end=(2026, 10, 26))
    assert previous(asked).end == asked.start
    assert previous(asked).hours == asked.hours == 25


def test_year_before__is_the_same_weekday():
    assert year_before(local(start=(2026, 11, 16), end=(2026, 11, 17)), zone=BERLIN) == local(
        start=(2025, 11, 17), end=(2025, 11, 18)
    )


def test_change__nothing_before__has_no_ratio():
    made = change(now=5, before=0)
    assert made.ratio is None
    assert made.interval.high == inf


def test_change__nothing_at_all__is_not_certain():
    assert not change(now=0, before=0).certain


@given(st.integers(1, 10**5), st.integers(1, 10**5))
def test_change__turned_round__is_one_over_it(now, before):
    there, back = change(now=now, before=before), change(now=before, before=now)
    assert there.ratio in there.interval
    assert there.interval.low == pytest.approx(1 / back.interval.high)
    assert there.certain is back.certain


def test_change__dispersed_counts__are_less_certain():
    assert change(now=130, before=100).certain
    assert not change(now=130, before=100, dispersion=5).certain


def test_change__poisson_counts__interval_holds_the_true_ratio():
    draws = np.random.default_rng(4).poisson((60, 40), size=(2000, 2))
    held = sum(1.5 in change(now=int(now), before=int(before)).interval for now, before in draws)
    assert 0.94 < held / 2000 < 0.96


def test_dispersion__of_negative_binomial_counts__is_their_variance_over_mean():
    counts = np.random.default_rng(4).negative_binomial(5, 5 / 25, size=5000)  # mean 20, variance 100
    assert dispersion((int(count), 20.0) for count in counts) == pytest.approx(5, rel=0.1)


def test_refused():
    with pytest.raises(UsageError):
        change(now=-1, before=2)
    with pytest.raises(UsageError):
        dispersion([(3, 0.0), (4, 1.0)])
