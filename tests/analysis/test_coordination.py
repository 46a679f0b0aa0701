"""Planted groups are found; crowds, busy accounts and chance are not taken for one."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.analysis.coordination import MOST_NEAR_OF_ONE, Sharing, coordination
from monitor.errors import UsageError

START = datetime(2026, 6, 1, tzinfo=UTC)


def sharing(account, item, second):
    return Sharing(account=account, item=item, at=START + timedelta(seconds=float(second)))


def crowd(*, seed, accounts=80, items=60, shares=800):
    """People who share popular things soon after they appear, some far more often than others; nobody arranged anything."""
    draw = np.random.default_rng(seed)
    busy = draw.dirichlet(np.full(accounts, 0.5))
    liked = draw.dirichlet(np.full(items, 0.5))
    appears = draw.uniform(0, 86_400, items)
    made = []
    for _ in range(shares):
        item = draw.choice(items, p=liked)
        made.append(sharing(f"u{draw.choice(accounts, p=busy)}", f"i{item}", appears[item] + draw.exponential(1800)))
    return made


def ring(*, members=3, items=6, gap_s=10):
    return [sharing(f"ring{who}", f"r{item}", 7000 * item + gap_s * who) for who in range(members) for item in range(items)]


def test_ring__in_a_crowd__is_found():
    found = coordination(crowd(seed=1) + ring(), seed=1)
    assert ("ring0", "ring1", "ring2") in found.groups
    (pair, *_) = found.pairs
    assert (pair.first, pair.second, len(pair.items)) == ("ring0", "ring1", 6)
    assert pair.chance == pytest.approx(1 / 201)
    assert pair.expected < 0.5


def test_crowd__without_a_ring__is_rarely_taken_for_one():
    """The chance of any pair at all is 5 % a world: in 20 worlds 1 is expected, and 4 or more come in 1.6 % of such tries."""
    worlds = sum(bool(coordination(crowd(seed=seed, shares=400), rounds=100, seed=seed).pairs) for seed in range(20))
    print(f"coordination: {worlds} of 20 worlds of chance showed a pair")
    assert worlds <= 3


def test_ring__slower_than_the_window__is_not_found():
    found = coordination(crowd(seed=1) + ring(gap_s=61), seed=1)
    assert not any(account.startswith("ring") for group in found.groups for account in group)


def test_one_thing_together__is_chance():
    assert coordination(ring(items=1), seed=1).pairs == ()


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_order_of_shares__does_not_matter(random):
    shares = crowd(seed=2, shares=100) + ring()
    shuffled = shares[:]
    random.shuffle(shuffled)
    assert coordination(shuffled, rounds=20, seed=3) == coordination(shares, rounds=20, seed=3)


def test_same_thing_again__by_the_same_account__is_no_pair():
    found = coordination([sharing("ann", f"i{item}", 100 * item + second) for item in range(5) for second in (0, 1, 2)])
    assert found.pairs == ()
    assert found.usual_most == 0


def test_thing_that_everybody_shares__is_left_out_and_named():
    everybody = [sharing(f"u{who}", "anthem", who / 100) for who in range(110)]
    assert MOST_NEAR_OF_ONE < 110 * 109 / 2
    assert coordination(everybody, rounds=5).left_out == ("anthem",)


def test_thing_that_one_account_repeats__hides_no_others():
    """One account that shares the ring's links again and again is one that shared them, and leaves none of them out."""
    bots = [sharing(f"bot{who}", f"link{item}", 7000 * item + 10 * who) for who in range(3) for item in range(4)]
    repeated = [sharing("decoy", f"link{item}", 7000 * item + 40 + number / 2) for item in range(4) for number in range(101)]
    found = coordination(crowd(seed=1) + bots + repeated, seed=1)
    assert found.left_out == ()
    assert {("bot0", "bot1"), ("bot0", "bot2"), ("bot1", "bot2")} <= {(pair.first, pair.second) for pair in found.pairs}


@pytest.mark.parametrize("of_ann", [(0, 30, 50), (50, 100, 110), (110, 150, 170)])
def test_thing_again_within_the_window__each_of_its_times_can_lie_near_anothers(of_ann):
    """Bob's share at 110 s lies near one of Ann's, be it her last, her first, or both."""
    shares = [sharing("ann", f"i{item}", 90_000 * item + second) for item in range(2) for second in of_ann]
    shares += [sharing("bob", f"i{item}", 90_000 * item + 110) for item in range(2)]
    shares += [sharing(f"u{number}", f"other{number}", 3600 * (number % 40)) for number in range(400)]
    assert [(pair.first, pair.second) for pair in coordination(shares, seed=1).pairs] == [("ann", "bob")]


def test_nothing__is_nothing():
    found = coordination([])
    assert (found.pairs, found.groups, found.usual_most) == ((), (), 0)


@pytest.mark.parametrize("wrong", [{"window": timedelta()}, {"rounds": 0}])
def test_refused(wrong):
    with pytest.raises(UsageError):
        coordination([], **wrong)
