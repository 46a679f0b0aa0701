"""A sample is the same for any order, and little different for a stream that is little different."""

import random

import pytest

from monitor.analysis.sample import Sample, hashed
from monitor.errors import UsageError


def sampled(names, most):
    sample = Sample(most)
    for name in names:
        sample.add(name, name)
    return sample


def test_sample__keeps_all_while_it_can():
    sample = sampled("cab", 3)
    assert (sample.kept(), sample.seen, sample.whole) == (["a", "b", "c"], 3, True)
    assert not sampled("abcd", 3).whole


def test_sample__any_order_gives_the_same():
    names = [f"https://x.example/{at}" for at in range(2000)]
    shuffled = random.Random(1).sample(names, len(names))
    assert sampled(names, 100).kept() == sampled(shuffled, 100).kept()


def test_sample__is_as_good_as_drawn():
    """Of numbers up to a hundred thousand the mean of a sample of 4,000 lies within four of its standard errors."""
    sample = Sample(4000)
    for number in range(100_000):
        sample.add(str(number), number)
    mean = sum(sample.kept()) / 4000
    assert abs(mean - 50_000) < 4 * 100_000 / (12 * 4000) ** 0.5


def test_sample__five_percent_more__changes_as_much():
    names = [str(at) for at in range(2000)]
    before, after = (set(sampled(names[:count], 500).kept()) for count in (1900, 2000))
    assert len(before - after) < 60


def test_sample__of_nothing__is_refused():
    with pytest.raises(UsageError):
        Sample(0)


def test_hashed__is_the_same_in_every_process():
    assert hashed("tea") == 13431290729846850704
