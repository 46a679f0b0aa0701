"""Overlap of topics counts posts and accounts that belong to both."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.excerpt import Excerpt
from monitor.analysis.overlap import overlaps

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_overlaps__worked_by_hand(make_posts):
    posts = make_posts(
        {"topics": "ab"},
        {"topics": "ab"},
        {"topics": "a"},
        {"topics": "a", "author": "ann"},
        {"topics": "b", "author": "ann"},
        {},
    )
    (made,) = overlaps(posts)
    assert (made.first, made.second, made.posts, made.authors) == ("a", "b", 2, 3)
    assert (made.of_first.share, made.of_second.share) == (1 / 2, 2 / 3)
    assert made.jaccard == 2 / 5
    assert made.lift == 2 * 6 / (4 * 3)


def test_overlaps__topics_without_a_common_post__are_shown_as_none(make_posts):
    (made,) = overlaps(make_posts({"topics": "a"}, {"topics": "b"}))
    assert (made.posts, made.jaccard, made.lift) == (0, 0, 0)


def test_overlaps__the_same_post_twice__counts_once(make_posts):
    posts = make_posts({"topics": "ab"})
    assert overlaps(posts + posts) == overlaps(posts)


@given(st.lists(st.frozensets(st.sampled_from("abcd")), max_size=20))
def test_overlaps__is_a_recount(sets):
    posts = [Excerpt(id=str(at), author=str(at % 2), created_at=NOON, topics=one) for at, one in enumerate(sets)]
    for made in overlaps(posts):
        pair = {made.first, made.second}
        assert made.posts == sum(pair <= one for one in sets)
        assert made.of_first.trials == sum(made.first in one for one in sets)
        either = sum(bool(pair & one) for one in sets)
        assert made.jaccard == pytest.approx(made.posts / either)
        assert made.of_first.share in made.of_first.interval
