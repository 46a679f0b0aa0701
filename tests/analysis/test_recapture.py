"""The estimate from two ways of seeing: right where they are independent, wrong in the direction that is documented where not."""

import random

import pytest

from monitor.analysis.recapture import FEWEST_SEEN_TWICE, Recapture, recapture

WORLDS = 1000


def seen(rng: random.Random, posts: int, first: float, second: float) -> Recapture:
    """A world of so many posts, of which each way shows each with its own chance."""
    by_first = [rng.random() < first for _ in range(posts)]
    by_second = [rng.random() < second for _ in range(posts)]
    return recapture(sum(by_first), sum(by_second), sum(map(min, by_first, by_second)))


@pytest.mark.parametrize(("posts", "first", "second"), [(200, 0.5, 0.5), (500, 0.3, 0.4), (400, 0.9, 0.85), (300, 0.95, 0.5)])
def test_independent_ways__the_interval_holds_the_truth_in_95_of_100_worlds(posts: int, first: float, second: float) -> None:
    rng = random.Random(f"{posts} {first} {second}")
    made = [seen(rng, posts, first, second) for _ in range(WORLDS)]
    held = sum(each.interval is not None and posts in each.interval for each in made) / WORLDS
    mean = sum(each.posts or 0 for each in made) / WORLDS
    print(f"{posts} posts, seen with {first} and {second}: held in {held:.1%} of {WORLDS} worlds, mean estimate {mean:.1f}")
    assert 0.93 <= held <= 0.97
    assert abs(mean - posts) < posts * 0.01


def test_ways_that_miss_the_same_posts__are_estimated_too_low() -> None:
    """A third of the posts is hidden from both: it is missing from the estimate, and the interval does not say so."""
    rng = random.Random(1)
    made = []
    for _ in range(WORLDS):
        shown = [post for post in range(450) if rng.random() < 2 / 3]
        first, second = ({post for post in shown if rng.random() < 0.7} for _ in range(2))
        made.append(recapture(len(first), len(second), len(first & second)))
    mean = sum(each.posts or 0 for each in made) / WORLDS
    held = sum(each.interval is not None and 450 in each.interval for each in made) / WORLDS
    print(f"450 posts, a third hidden from both ways: mean estimate {mean:.0f}, truth held in {held:.1%} of {WORLDS} worlds")
    assert mean == pytest.approx(300, rel=0.02)
    assert held < 0.01


def test_ways_that_show_what_the_other_leaves_out__are_estimated_too_high() -> None:
    rng = random.Random(2)
    made = []
    for _ in range(WORLDS):
        first = {post for post in range(300) if rng.random() < 0.5}
        second = {post for post in range(300) if rng.random() < (0.3 if post in first else 0.7)}
        made.append(recapture(len(first), len(second), len(first & second)))
    assert sum(each.posts or 0 for each in made) / WORLDS > 450


def test_too_few_in_common__is_not_estimated() -> None:
    assert recapture(100, 100, FEWEST_SEEN_TWICE - 1).posts is None
    assert recapture(100, 100, FEWEST_SEEN_TWICE - 1).interval is None
    assert recapture(0, 0, 0).posts is None
    assert recapture(100, 100, FEWEST_SEEN_TWICE).posts == pytest.approx(101 * 101 / 8 - 1)


@pytest.mark.parametrize("counts", [(10, 10, 10), (10, 20, 10), (5000, 7, 7), (400, 300, 200)])
def test_never_below_what_was_seen(counts: tuple[int, int, int]) -> None:
    made = recapture(*counts)
    assert made.seen == counts[0] + counts[1] - counts[2]
    assert made.posts is not None
    assert made.interval is not None
    assert made.seen <= made.interval.low <= made.posts <= made.interval.high


@pytest.mark.parametrize("counts", [(1, 2, 3), (3, 2, -1), (-1, 2, 0)])
def test_counts_that_cannot_be__are_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be among"):
        recapture(*counts)
