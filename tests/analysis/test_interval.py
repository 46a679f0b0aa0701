"""Intervals of shares, means and differences agree with SciPy and with published examples."""

from math import inf, isclose
from statistics import fmean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from monitor.analysis.interval import Hits, difference, mean_estimate, wilson
from monitor.errors import UsageError

trials = st.integers(1, 10**6)


@settings(deadline=None)  # SciPy loads and computes at its own pace
@given(st.data(), trials)
def test_wilson__is_what_scipy_says(data, n):
    hits = data.draw(st.integers(0, n))
    theirs = stats.binomtest(hits, n).proportion_ci(method="wilson")
    ours = wilson(hits, n)
    assert ours.low == pytest.approx(theirs.low, abs=1e-12)
    assert ours.high == pytest.approx(theirs.high, abs=1e-12)


@given(st.data(), trials, st.integers(0, 10**6))
def test_wilson__part_of_a_whole__is_narrower_and_holds_the_share(data, n, unseen):
    hits = data.draw(st.integers(0, n))
    whole, endless = wilson(hits, n, whole=n + unseen), wilson(hits, n)
    assert hits / n in whole
    assert endless.low - 1e-12 <= whole.low <= whole.high <= endless.high + 1e-12


def test_wilson__all_seen__is_a_point():
    assert wilson(3, 12, whole=12) == wilson(1, 4, whole=4)
    assert wilson(3, 12, whole=12).low == wilson(3, 12, whole=12).high == 0.25


def test_wilson__no_trials__says_nothing():
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0, 1)


@pytest.mark.parametrize(("hits", "n", "whole"), [(2, 1, inf), (-1, 4, inf), (1, 5, 4)])
def test_wilson__impossible_counts__are_refused(hits, n, whole):
    with pytest.raises(UsageError, match="No share"):
        wilson(hits, n, whole=whole)


@given(st.lists(st.floats(-1, 1, allow_subnormal=False), min_size=30, max_size=60))
def test_mean__is_the_textbook_one(values):
    estimate = mean_estimate(total=sum(values), squares=sum(value**2 for value in values), posts=len(values))
    half = 1.959963984540054 * stdev(values) / len(values) ** 0.5
    assert estimate.value == pytest.approx(fmean(values), abs=1e-12)
    assert (estimate.interval.high - estimate.interval.low) / 2 == pytest.approx(half, abs=1e-7)


def test_mean__29_posts__are_too_few():
    assert mean_estimate(total=29, squares=29, posts=29).interval is None


def test_mean__impossible_squares__are_refused():
    with pytest.raises(UsageError, match="sum of squares"):
        mean_estimate(total=100, squares=1, posts=50)
    with pytest.raises(UsageError, match="No mean"):
        mean_estimate(total=0, squares=0, posts=0)


@pytest.mark.parametrize(
    ("now", "before", "low", "high"),
    [
        # Newcombe 1998, table II, method 10: 56/70 - 48/80 and 9/10 - 3/10, 10/10 - 0/20
        (Hits(hits=56, trials=70), Hits(hits=48, trials=80), 0.0524, 0.3339),
        (Hits(hits=9, trials=10), Hits(hits=3, trials=10), 0.1705, 0.8090),
        (Hits(hits=10, trials=10), Hits(hits=0, trials=20), 0.6791, 1.0000),
    ],
)
def test_difference__published_examples(now, before, low, high):
    interval = difference(now, before)
    assert isclose(interval.low, low, abs_tol=6e-5)
    assert isclose(interval.high, high, abs_tol=6e-5)


def test_difference__with_nothing__is_refused():
    with pytest.raises(UsageError):
        difference(Hits(hits=0, trials=0), Hits(hits=1, trials=2))
