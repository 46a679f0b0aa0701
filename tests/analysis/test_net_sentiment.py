"""Net sentiment is the mean of -1, 0 and 1, and says so when it rests on too little."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.interval import mean_estimate, wilson
from monitor.analysis.net_sentiment import Labels, mean_compound, negative_share, net_difference, net_sentiment
from monitor.errors import UsageError

labels = st.builds(
    Labels, negative=st.integers(0, 500), neutral=st.integers(0, 500), positive=st.integers(0, 500), unscored=st.integers(0, 9)
)


@given(labels.filter(lambda one: one.scored >= 30))
def test_net_sentiment__is_the_mean_of_the_signs(one):
    signs = [-1] * one.negative + [0] * one.neutral + [1] * one.positive
    plain = mean_estimate(total=sum(signs), squares=sum(abs(sign) for sign in signs), posts=len(signs))
    made = net_sentiment(one)
    assert made.value == pytest.approx(plain.value)
    assert -1 <= made.interval.low <= made.value <= made.interval.high <= 1


def test_net_sentiment__unscored_posts__take_no_part():
    assert net_sentiment(Labels(negative=10, neutral=0, positive=30, unscored=1000)).value == 0.5


def test_net_sentiment__few__has_no_interval():
    assert net_sentiment(Labels(negative=10, neutral=9, positive=10)).interval is None


def test_net_sentiment__everything_was_seen__is_a_point():
    interval = net_sentiment(Labels(negative=20, neutral=20, positive=40), whole=80).interval
    assert interval.low == interval.high == 0.25


def test_nothing_scored__no_figure():
    nothing = Labels(negative=0, neutral=0, positive=0, unscored=7)
    assert net_sentiment(nothing) is None
    assert negative_share(nothing) is None
    assert mean_compound(total=0, squares=0, scored=0) is None


@given(labels.filter(lambda one: one.scored))
def test_negative_share__is_the_wilson_share(one):
    assert negative_share(one).interval == wilson(one.negative, one.scored)


def test_mean_compound__from_sums():
    assert mean_compound(total=-10.0, squares=20.0, scored=40).value == -0.25


def test_labels__negative_count__is_refused():
    with pytest.raises(UsageError):
        Labels(negative=-1, neutral=0, positive=0)


def test_difference__leaves_out_zero_only_where_they_differ():
    one, other = Labels(negative=100, neutral=0, positive=200), Labels(negative=90, neutral=0, positive=10)
    made = net_difference(one, other)
    assert made.low < 1 / 3 + 0.8 < made.high
    assert made.low > 0
    assert 0 in net_difference(one, one)
    there, back = net_difference(one, other), net_difference(other, one)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert net_difference(one, Labels(negative=3, neutral=0, positive=2)) is None
