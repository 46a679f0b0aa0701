"""Shares of a whole add up and are in an order that does not depend on how they were counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.share import shares
from monitor.errors import UsageError

counts = st.dictionaries(st.text(max_size=3), st.integers(0, 10**6), max_size=8)


@given(counts)
def test_shares__add_up_and_lie_in_their_intervals(counted):
    made = shares(counted)
    assert sum(share.posts for share in made) == sum(counted.values())
    assert not made or sum(share.share for share in made) == pytest.approx(1)
    assert all(share.share in share.interval for share in made)


@given(counts)
def test_shares__order__largest_first_then_name(counted):
    made = [(share.posts, share.key) for share in shares(dict(reversed(counted.items())))]
    assert made == sorted(made, key=lambda entry: (-entry[0], entry[1]))


def test_shares__nothing_counted__are_none():
    assert shares({"acme": 0}) == ()


def test_shares__the_whole_was_seen__are_points():
    (share, _) = shares({"acme": 30, "zeta": 10}, whole=40)
    assert share.interval.low == share.interval.high == 0.75


def test_shares__negative_count__is_refused():
    with pytest.raises(UsageError):
        shares({"acme": -1})
