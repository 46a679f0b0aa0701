"""Top lists count posts once, and do not hide that the last rows are equal to others."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.excerpt import Excerpt
from monitor.analysis.top import top_authors, top_domains, top_links, top_posts, top_tags
from monitor.errors import UsageError

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
tags = st.lists(st.frozensets(st.sampled_from("abcdefgh")), max_size=30)


@given(tags, st.integers(1, 10))
def test_top__is_a_recount(sets, limit):
    posts = [Excerpt(id=str(at), author=str(at % 3), created_at=NOON, tags=one) for at, one in enumerate(sets)]
    counted = Counter(tag for one in sets for tag in one)
    made = top_tags(posts, limit=limit)
    assert len(made.rows) + made.left == len(counted)
    for row in made.rows:
        assert row.amount == counted[row.key]
        assert row.rank == 1 + sum(count > row.amount for count in counted.values())
        assert row.authors == len({post.author for post in posts if row.key in post.tags})
    if made.rows:
        shown = {row.key for row in made.rows}
        assert made.tied == sum(count == made.rows[-1].amount for tag, count in counted.items() if tag not in shown)
        assert all(count <= made.rows[-1].amount for tag, count in counted.items() if tag not in shown)


def test_top__equal_amounts__share_a_rank(make_posts):
    made = top_tags(make_posts({"tags": "abcd"}, {"tags": "abc"}, {"tags": "a"}), limit=2)
    assert [(row.rank, row.key, row.amount) for row in made.rows] == [(1, "a", 3), (2, "b", 2)]
    assert (made.tied, made.left) == (1, 2)


def test_top_authors__by_posts(make_posts):
    made = top_authors(make_posts({"author": "ann"}, {"author": "bob"}, {"author": "ann"}), limit=5)
    assert [(row.key, row.amount) for row in made.rows] == [("ann", 2), ("bob", 1)]


def test_top_links_and_domains(make_posts):
    posts = make_posts({"links": {"x/1", "x/2"}, "domains": {"x"}}, {"links": {"x/1"}, "domains": {"x"}})
    assert [(row.key, row.amount) for row in top_links(posts, limit=5).rows] == [("x/1", 2), ("x/2", 1)]
    assert [(row.key, row.amount) for row in top_domains(posts, limit=5).rows] == [("x", 2)]


def test_top_posts__unknown_engagement__is_counted_and_not_ranked(make_posts):
    made = top_posts(make_posts({"engagement": 3}, {"engagement": None}, {"engagement": 0}), limit=5)
    assert [(row.rank, row.key, row.amount) for row in made.rows] == [(1, "p0", 3), (2, "p2", 0)]
    assert made.unknown == 1


def test_top__no_rows__is_refused():
    with pytest.raises(UsageError):
        top_authors([], limit=0)
