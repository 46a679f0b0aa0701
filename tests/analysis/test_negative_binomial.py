"""Tails and quantiles of the negative binomial are SciPy's, also far out and for large counts."""

from math import exp

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from monitor.analysis.negative_binomial import NegativeBinomial
from monitor.errors import UsageError

means = st.floats(0.2, 1e6)
dispersions = st.floats(0.02, 2)


def both(mean, dispersion):
    """Ours with the variance that spikes use, and SciPy's."""
    ours = NegativeBinomial(mean=mean, variance=1.1 * (mean + dispersion * mean**2))
    return ours, stats.nbinom(ours.size, mean / ours.variance)


@settings(deadline=None)  # SciPy loads and computes at its own pace
@given(means, dispersions, st.floats(0, 8))
@example(0.2, 2.0, 0.0)
@example(1e6, 0.02, 1.0)
def test_tails__are_those_of_scipy(mean, dispersion, times):
    ours, theirs = both(mean, dispersion)
    count = int(mean * times)
    assert ours.at_least(count) == pytest.approx(theirs.sf(count - 1), rel=1e-9, abs=1e-250)
    assert ours.at_most(count) == pytest.approx(theirs.cdf(count), rel=1e-9, abs=1e-250)


@settings(deadline=None)  # SciPy loads and computes at its own pace
@given(st.floats(0.2, 1000), dispersions, st.floats(0, 8))
def test_tails__of_the_sizes_that_are_met__agree_to_the_last_digits(mean, dispersion, times):
    ours, theirs = both(mean, dispersion)
    count = int(mean * times)
    assert ours.at_least(count) == pytest.approx(theirs.sf(count - 1), abs=2e-14)


@given(means, dispersions, st.integers(0, 100))
def test_tails__leave_nothing_between_them(mean, dispersion, count):
    ours, _ = both(mean, dispersion)
    assert ours.at_most(count) + ours.at_least(count + 1) == pytest.approx(1, abs=1e-12)


@given(means, dispersions, st.floats(0, 0.9999))
def test_quantile__is_the_smallest_count_that_reaches_it(mean, dispersion, probability):
    ours, _ = both(mean, dispersion)
    count = ours.quantile(probability)
    assert ours.at_most(count) >= probability - 1e-9
    assert count == 0 or ours.at_most(count - 1) < probability + 1e-9


def test_tail__size_one__is_the_geometric_one():
    geometric = NegativeBinomial(mean=1, variance=2)
    assert geometric.at_least(40) == pytest.approx(0.5**40, rel=1e-12)


def test_tail__little_dispersion__is_nearly_poisson():
    assert NegativeBinomial(mean=3, variance=3.0000001).at_most(0) == pytest.approx(exp(-3), rel=1e-6)


@pytest.mark.parametrize(("mean", "variance"), [(0, 1), (2, 2), (-1, 3), (float("nan"), 1)])
def test_distribution__that_there_is_none__is_refused(mean, variance):
    with pytest.raises(UsageError):
        NegativeBinomial(mean=mean, variance=variance)


def test_quantile__of_one__is_refused():
    with pytest.raises(UsageError):
        NegativeBinomial(mean=1, variance=2).quantile(1)
