"""Agreement of a scorer with people, by textbook values and SciPy."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from monitor.analysis.agreement import Confusion, confusion, pearson_r
from monitor.errors import UsageError

LABELS = ("negative", "neutral", "positive")
pairs = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=40)
ratings = st.lists(st.tuples(st.integers(-10, 10), st.integers(-10, 10)), min_size=4, max_size=30)


def test_confusion__worked_by_hand():
    """Precision 5/8, 2/5, 4/7; recall 5/8, 2/4, 4/8; F1 10/16, 4/9, 8/15."""
    made = Confusion(labels=LABELS, counts=((5, 1, 2), (1, 2, 1), (2, 2, 4)))
    assert [one.precision.share for one in made.by_label] == [5 / 8, 2 / 5, 4 / 7]
    assert [one.recall.share for one in made.by_label] == [5 / 8, 2 / 4, 4 / 8]
    assert made.macro_f1 == pytest.approx((10 / 16 + 4 / 9 + 8 / 15) / 3)
    assert made.accuracy.share == 11 / 20


@given(pairs)
def test_confusion__is_a_recount(said):
    made = confusion(said, labels=LABELS)
    assert made.posts == len(said)
    assert made.accuracy.hits == sum(people == scorer for people, scorer in said)
    for one in made.by_label:
        hits = sum(people == scorer == one.label for people, scorer in said)
        if one.precision and one.recall and hits:
            precision, recall = one.precision.share, one.recall.share
            assert one.f1 == pytest.approx(2 * precision * recall / (precision + recall))
        else:
            assert one.f1 == 0


def test_confusion__label_that_nobody_gave__takes_no_part():
    assert confusion([("negative", "negative"), ("positive", "positive")], labels=LABELS).macro_f1 == 1


def test_confusion__unknown_label__is_refused():
    with pytest.raises(UsageError, match="happy"):
        confusion([("happy", "positive")], labels=LABELS)


@pytest.mark.parametrize(
    ("labels", "counts"),
    [(("a",), ((1,),)), (("a", "a"), ((1, 0), (0, 1))), (("a", "b"), ((1, 0),)), (("a", "b"), ((1, -1), (0, 1)))],
)
def test_confusion__of_no_matrix__is_refused(labels, counts):
    with pytest.raises(UsageError):
        Confusion(labels=labels, counts=counts)


def test_macro_f1__of_no_post__is_refused():
    with pytest.raises(UsageError):
        _ = confusion([], labels=LABELS).macro_f1


@settings(deadline=None)  # SciPy loads and computes at its own pace
@given(ratings.filter(lambda rated: all(len(set(one)) > 1 for one in zip(*rated, strict=True))))
def test_pearson__is_what_scipy_says(rated):
    people, scorer = map(list, zip(*rated, strict=True))
    ours, theirs = pearson_r(people, scorer), stats.pearsonr(people, scorer)
    assert ours.value == pytest.approx(theirs.statistic, abs=1e-9)
    if abs(ours.value) < 1 - 1e-9:
        assert ours.interval.low == pytest.approx(theirs.confidence_interval().low, abs=1e-6)
        assert ours.interval.high == pytest.approx(theirs.confidence_interval().high, abs=1e-6)


def test_pearson__ratings_that_do_not_vary__have_none():
    assert pearson_r([1, 1, 1], [1, 2, 3]) is None
    assert pearson_r([1], [1]) is None


def test_pearson__three_posts__have_no_interval():
    assert pearson_r([1, 2, 3], [1, 2, 4]).interval is None


def test_pearson__of_different_posts__is_refused():
    with pytest.raises(UsageError):
        pearson_r([1, 2], [1, 2, 3])
