"""Corrected shares undo known errors exactly, and their intervals hold the truth as often as they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.analysis.agreement import Confusion
from monitor.analysis.correction import corrected_shares, rogan_gladen
from monitor.analysis.interval import Hits
from monitor.errors import UsageError

LABELS = ("negative", "neutral", "positive")
# What a scorer says of negative, neutral and positive posts, in shares.
ERRS = np.array([[0.7, 0.2, 0.1], [0.1, 0.7, 0.2], [0.05, 0.15, 0.8]])
TRUTH = np.array([0.2, 0.5, 0.3])


def matrix(counts):
    return Confusion(labels=LABELS, counts=tuple(tuple(int(count) for count in row) for row in counts))


def by_label(counts):
    return dict(zip(LABELS, map(int, counts), strict=True))


def test_corrected__exact_counts__give_the_truth_back():
    counted = np.rint(TRUTH @ ERRS * 1000)
    made = corrected_shares(by_label(counted), matrix(ERRS * 100))
    assert [one.share for one in made] == pytest.approx(TRUTH)
    assert [one.counted for one in made] == pytest.approx(counted / 1000)
    assert all(one.share in one.interval for one in made)


@settings(deadline=None)
@given(st.lists(st.integers(0, 500), min_size=3, max_size=3).filter(any))
def test_corrected__a_scorer_without_errors__changes_nothing(counts):
    made = corrected_shares(by_label(counts), matrix(np.eye(3) * 50), draws=40)
    assert [one.share for one in made] == pytest.approx([count / sum(counts) for count in counts])


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 500), min_size=3, max_size=3).filter(any),
    st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=3, max_size=3),
)
def test_corrected__whatever_was_counted__gives_shares(counts, errs):
    measured = matrix(np.array(errs) + 20 * np.eye(3))
    made = corrected_shares(by_label(counts), measured, draws=40)
    assert sum(one.share for one in made) == pytest.approx(1)
    assert all(0 <= one.share <= 1 and 0 <= one.interval.low <= one.interval.high <= 1 for one in made)


def test_corrected__same_seed__same_interval():
    made = [corrected_shares(by_label((30, 50, 20)), matrix(ERRS * 100), seed=seed) for seed in (4, 4, 5)]
    assert made[0] == made[1] != made[2]


def test_corrected__few_labels__widen_the_interval():
    few, many = (corrected_shares(by_label((300, 500, 200)), matrix(ERRS * size)) for size in (20, 2000))
    for one, other in zip(few, many, strict=True):
        assert one.interval.high - one.interval.low > 2 * (other.interval.high - other.interval.low)


def test_corrected__simulated_worlds__interval_holds_the_truth():
    """In 100 worlds the raw share is 23 % where 20 % is true; with 400 draws the ends are coarse, so the bounds are wider."""
    draw = np.random.default_rng(11)
    held = 0
    for world in range(100):
        counted = draw.multinomial(1000, TRUTH @ ERRS)
        measured = [draw.multinomial(100, row) for row in ERRS]
        made = corrected_shares(by_label(counted), matrix(measured), seed=world, draws=400)
        held += TRUTH[0] in made[0].interval
    print(f"corrected share: 95 % interval held the truth in {held} % of 100 worlds")
    assert 90 <= held <= 99


def test_rogan_gladen__published_formula():
    """Apparent 0.3, sensitivity 0.8, specificity 0.9: (0.3 + 0.9 - 1) / 0.7."""
    made = rogan_gladen(
        "yes", Hits(hits=300, trials=1000), sensitivity=Hits(hits=80, trials=100), specificity=Hits(hits=180, trials=200)
    )
    assert made.share == pytest.approx(0.2 / 0.7)
    assert made.share in made.interval


def test_rogan_gladen__agrees_with_the_matrix():
    measured = Confusion(labels=("no", "yes"), counts=((180, 20), (20, 80)))
    one = rogan_gladen(
        "yes", Hits(hits=300, trials=1000), sensitivity=Hits(hits=80, trials=100), specificity=Hits(hits=180, trials=200)
    )
    other = corrected_shares({"no": 700, "yes": 300}, measured)[1]
    assert one.share == pytest.approx(other.share)
    assert one.interval.low == pytest.approx(other.interval.low, abs=0.02)
    assert one.interval.high == pytest.approx(other.interval.high, abs=0.02)


def test_rogan_gladen__simulated_worlds__interval_holds_the_truth():
    draw = np.random.default_rng(12)
    held = 0
    for _ in range(2000):
        hits = draw.binomial(500, 0.2 * 0.8 + 0.8 * 0.1)
        sensitivity, specificity = draw.binomial(60, 0.8), draw.binomial(120, 0.9)
        made = rogan_gladen(
            "positive",
            Hits(hits=int(hits), trials=500),
            sensitivity=Hits(hits=int(sensitivity), trials=60),
            specificity=Hits(hits=int(specificity), trials=120),
        )
        held += 0.2 in made.interval
    print(f"Rogan-Gladen: 95 % interval held the truth in {held / 20} % of 2,000 worlds")
    assert 0.94 <= held / 2000 <= 0.97


def test_rogan_gladen__fewer_than_the_false_ones__is_zero():
    made = rogan_gladen(
        "positive", Hits(hits=1, trials=100), sensitivity=Hits(hits=90, trials=100), specificity=Hits(hits=90, trials=100)
    )
    assert made.share == 0
    assert made.interval.low == 0


@pytest.mark.parametrize(
    ("sensitivity", "specificity"),
    [(Hits(hits=5, trials=10), Hits(hits=5, trials=10)), (Hits(hits=0, trials=0), Hits(hits=5, trials=10))],
)
def test_rogan_gladen__scorer_that_tells_nothing__is_refused(sensitivity, specificity):
    with pytest.raises(UsageError):
        rogan_gladen("positive", Hits(hits=3, trials=10), sensitivity=sensitivity, specificity=specificity)


@pytest.mark.parametrize(
    ("counted", "counts"),
    [
        ({"happy": 3}, np.eye(3) * 9),
        ({"neutral": 0}, np.eye(3) * 9),
        ({"neutral": 4}, [[1, 0, 0], [0, 0, 0], [0, 0, 1]]),
        ({"neutral": 4}, np.ones((3, 3))),
    ],
)
def test_corrected__what_cannot_be_known__is_refused(counted, counts):
    with pytest.raises(UsageError):
        corrected_shares(counted, matrix(counts))
