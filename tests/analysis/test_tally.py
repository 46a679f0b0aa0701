"""Counts of a stream hold the truth between their bounds, however little memory they have."""

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.tally import Tally


@given(st.lists(st.tuples(st.sampled_from("abcdefghij"), st.sampled_from("xyz"))), st.integers(1, 4))
def test_tally__the_truth_lies_within_its_bounds(stream, most):
    tally, truth = Tally(most), Counter(key for key, _ in stream)
    for key, author in stream:
        tally.add(key, author)
    told = {one.key: one for one in tally.most(100)}
    assert len(told) <= 2 * most
    for key, count in truth.items():
        if key in told:
            assert told[key].at_least <= count <= told[key].at_most
            assert 1 <= told[key].authors <= len({author for other, author in stream if other == key})
        else:
            assert count <= tally.others_at_most


def test_tally__while_nothing_is_forgotten__it_is_exact():
    rng = random.Random(1)
    stream = [(f"k{min(int(rng.paretovariate(0.7)), 900)}", f"a{rng.randrange(50)}") for _ in range(5000)]
    tally = Tally()
    for key, author in stream:
        tally.add(key, author)
    truth = sorted(Counter(key for key, _ in stream).items(), key=lambda pair: (-pair[1], pair[0]))[:20]
    told = tally.most(20)
    assert [(one.key, one.at_least, one.at_most) for one in told] == [(key, count, count) for key, count in truth]
    assert [one.authors for one in told] == [len({author for other, author in stream if other == one.key}) for one in told]


def test_tally__a_long_tail__does_not_hide_what_is_frequent():
    rng = random.Random(2)
    tally = Tally(100)
    stream = [f"often{at}" for at in range(10) for _ in range(500)] + [f"once{at}" for at in range(20_000)]
    rng.shuffle(stream)
    for key in stream:
        tally.add(key, "ann")
    told = tally.most(10)
    assert {one.key for one in told} == {f"often{at}" for at in range(10)}
    assert all(one.at_least <= 500 <= one.at_most for one in told)
