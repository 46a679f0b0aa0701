"""The base rate is what shuffling really gives, and its surprise is the Poisson tail."""

from itertools import permutations
from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from monitor.analysis.base_rate import BaseRate

ACCOUNTS = ["ann", "ann", "bob", "cat", "ann", "bob", "dan"]
STRATA = [0, 0, 0, 0, 1, 1, 1]
NEAR = [(0, 1), (1, 2), (2, 3), (3, 4), (5, 6)]


@pytest.mark.parametrize("pair", [("ann", "bob"), ("bob", "cat"), ("ann", "dan"), ("cat", "dan")])
def test_expected__is_the_mean_over_all_shuffles(pair):
    worlds = [[*first, *second] for first in permutations(ACCOUNTS[:4]) for second in permutations(ACCOUNTS[4:])]
    met = sum({world[one], world[other]} == set(pair) for world in worlds for one, other in NEAR)
    assert BaseRate(ACCOUNTS, STRATA, NEAR).expected(pair) == pytest.approx(met / len(worlds))


@settings(deadline=None)  # SciPy loads and computes at its own pace
@given(st.integers(1, 200), st.integers(1, 60))
def test_surprise__is_the_poisson_tail(near, things):
    """All shares but one are of these two: the more near shares, the more is expected."""
    rate = BaseRate(["ann", "bob", "cat"], [0, 0, 0], [(0, 1)] * near)
    mean = near / 3
    assert rate.expected(("ann", "bob")) == pytest.approx(mean)
    assert exp(-rate.surprise(("ann", "bob"), things)) == pytest.approx(
        stats.poisson(mean).sf(things - 1), rel=1e-9, abs=1e-300
    )


def test_surprise__where_none_can_be_expected__is_endless():
    rate = BaseRate(["ann", "bob"], [0, 1], [])
    assert rate.surprise(("ann", "bob"), 1) == float("inf")
    assert rate.surprise(("ann", "bob"), 0) == 0
