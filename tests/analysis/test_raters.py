"""Agreement of raters: textbook values, scikit-learn's kappa, and what agreement must be at its ends."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from monitor.analysis.raters import cohen_kappa, krippendorff_alpha

# The reliability data that Krippendorff works through: four observers, twelve units, some unseen by some; nominal alpha is 0.743.
UNITS = "111 2223 3333 3333 2222 1234 4444 1112 2222 555 11 3".split()


def test_alpha__worked_by_krippendorff():
    assert krippendorff_alpha(Counter(tuple(unit) for unit in UNITS)) == pytest.approx(0.743, abs=0.0005)


@pytest.mark.parametrize(
    ("units", "alpha"),
    [
        ({("a", "a"): 5, ("b", "b"): 5}, 1.0),
        ({("a", "b"): 10}, -0.9),
        ({("a", "a"): 5}, None),
        ({("a",): 5}, None),
        ({}, None),
    ],
)
def test_alpha__at_its_ends(units, alpha):
    assert krippendorff_alpha(units) == (None if alpha is None else pytest.approx(alpha))


def test_kappa__worked_by_hand():
    """Observed 35/50, by chance (25 * 30 + 25 * 20) / 2500 = 0.5."""
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    assert cohen_kappa(pairs) == pytest.approx(0.4)


pairs_of_labels = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=40)


@settings(deadline=None)
@given(pairs_of_labels.filter(lambda pairs: len({label for pair in pairs for label in pair}) > 1))
def test_kappa__is_what_scikit_learn_says(pairs):
    ours = cohen_kappa(pairs)
    if ours is not None:
        assert ours == pytest.approx(cohen_kappa_score(*zip(*pairs, strict=True)), abs=1e-9)


@given(pairs_of_labels)
def test_two_raters__the_order_of_them_does_not_matter(pairs):
    turned = [(other, one) for one, other in pairs]
    assert cohen_kappa(pairs) == (None if (kappa := cohen_kappa(turned)) is None else pytest.approx(kappa))
    assert krippendorff_alpha(Counter(pairs)) == krippendorff_alpha(Counter(turned))


def test_kappa__without_posts__is_none():
    assert cohen_kappa([]) is None
    assert cohen_kappa([("a", "a")]) is None
