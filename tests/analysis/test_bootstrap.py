"""Intervals drawn anew: against what is known by formula, and honest about posts that depend on each other."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.analysis.bootstrap import FEWEST_GROUPS, bootstrap


def share(counts):
    total = sum(counts.values())
    return [counts.get("hit", 0) / total if total else None]


def test_share__is_near_its_normal_interval():
    groups = [["hit"]] * 120 + [["miss"]] * 280
    (interval,) = bootstrap(groups, share, draws=4_000)
    assert interval.low == pytest.approx(0.3 - 1.96 * (0.3 * 0.7 / 400) ** 0.5, abs=0.01)
    assert interval.high == pytest.approx(0.3 + 1.96 * (0.3 * 0.7 / 400) ** 0.5, abs=0.01)


def test_same_seed__same_interval__another__another():
    groups = [["hit"]] * 30 + [["miss"]] * 30
    assert bootstrap(groups, share, seed=1) == bootstrap(groups, share, seed=1)
    assert bootstrap(groups, share, seed=1) != bootstrap(groups, share, seed=2)


def test_order_of_groups__does_not_matter():
    groups = [["hit"]] * 30 + [["miss", "hit"]] * 30
    shuffled = random.Random(1).sample(groups, k=len(groups))
    assert [one.low for one in bootstrap(sorted(groups), share)] == pytest.approx(
        [one.low for one in bootstrap(shuffled, share)], abs=0.06
    )


def test_posts_of_one_author__count_as_one_witness():
    """40 authors, each of whom has ten times the same: the interval is that of 40, not of 400."""
    alone = bootstrap([["hit"]] * 200 + [["miss"]] * 200, share)[0]
    together = bootstrap([["hit"] * 10] * 20 + [["miss"] * 10] * 20, share)[0]
    assert (together.high - together.low) / (alone.high - alone.low) == pytest.approx(10**0.5, rel=0.15)


def test_coverage__the_interval_holds_the_truth_in_about_95_of_100_worlds():
    """Authors of five posts each who lean one way or the other: the truth is a share of 0.5."""
    rng = random.Random(5)
    held = 0
    for world in range(200):
        leanings = [rng.choice((0.2, 0.8)) for _ in range(60)]
        groups = [["hit" if rng.random() < leaning else "miss" for _ in range(5)] for leaning in leanings]
        (interval,) = bootstrap(groups, share, seed=world, draws=200)
        held += 0.5 in interval
    print(f"the interval held the truth in {held} of 200 worlds")
    assert 180 <= held <= 198


def test_too_few_groups__no_interval():
    assert bootstrap([["hit"]] * (FEWEST_GROUPS - 1), share) == [None]
    assert bootstrap([], share) == [None]


def test_figure_that_is_mostly_not_there__has_no_interval():
    groups = [["hit"]] * 50
    assert bootstrap(groups, lambda counts: [None, 1.0])[0] is None


@settings(deadline=None, max_examples=25)
@given(st.lists(st.lists(st.sampled_from(["hit", "miss"]), min_size=1, max_size=4), min_size=FEWEST_GROUPS, max_size=40))
def test_interval__is_inside_what_can_be(groups):
    (interval,) = bootstrap(groups, share, draws=50)
    assert 0 <= interval.low <= interval.high <= 1
