"""Networks connect what posts connect, and are cut by weight and name alone."""

from collections import Counter
from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.excerpt import Excerpt
from monitor.analysis.network import MOST_TAGS, co_tags, link_network, mention_network
from monitor.errors import UsageError

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
sets = st.lists(st.frozensets(st.sampled_from("abcdef")), max_size=25)


def edges(network):
    return [(edge.source.id, edge.target.id, edge.posts) for edge in network.edges]


def tagged(tags):
    return [Excerpt(id=str(at), author=str(at % 3), created_at=NOON, tags=one) for at, one in enumerate(tags)]


@given(sets)
def test_co_tags__is_a_recount(tags):
    counted = Counter(pair for one in tags for pair in combinations(sorted(one), 2))
    network = co_tags(tagged(tags), limit=100)
    assert {(one, other): posts for one, other, posts in edges(network)} == counted
    assert {node.id: posts for node, posts in network.nodes} == Counter(tag for one in tags if len(one) > 1 for tag in one)


@given(sets, st.integers(1, 5))
def test_co_tags__cut__keeps_the_heaviest_and_only_edges_between_them(tags, limit):
    whole, cut = co_tags(tagged(tags), limit=100), co_tags(tagged(tags), limit=limit)
    kept = {node for node, _ in cut.nodes}
    assert cut.nodes == whole.nodes[:limit]
    assert cut.left == len(whole.nodes) - len(cut.nodes)
    assert cut.edges == tuple(edge for edge in whole.edges if {edge.source, edge.target} <= kept)


@given(sets)
def test_co_tags__order_of_posts__does_not_matter(tags):
    posts = tagged(tags)
    assert co_tags(posts, limit=4) == co_tags(posts[::-1], limit=4)


def test_co_tags__lists_of_tags__take_no_part():
    tags = [f"t{at}" for at in range(MOST_TAGS + 1)]
    assert co_tags(tagged([frozenset(tags)]), limit=9).edges == ()
    assert len(co_tags(tagged([frozenset(tags[1:])]), limit=99).edges) == MOST_TAGS * (MOST_TAGS - 1) // 2


def test_mentions__go_from_who_mentions__and_not_to_oneself(make_posts):
    posts = make_posts(
        {"author": "ann", "mentions": {"bob", "ann"}},
        {"author": "ann", "mentions": {"bob"}},
        {"author": "bob", "mentions": {"ann"}},
    )
    network = mention_network(posts, limit=9)
    assert edges(network) == [("ann", "bob", 2), ("bob", "ann", 1)]
    assert network.directed


def test_links__connect_accounts_with_domains__also_of_the_same_name(make_posts):
    network = link_network(make_posts({"author": "x.example", "domains": {"x.example"}}), limit=9)
    assert [node.kind for node, _ in network.nodes] == ["account", "domain"]
    assert len(network.edges) == 1


def test_edges__tell_by_how_many_accounts(make_posts):
    (edge,) = co_tags(make_posts(*({"tags": "ab", "author": "bot"} for _ in range(5))), limit=9).edges
    assert (edge.posts, edge.authors) == (5, 1)


def test_network__without_nodes__is_refused():
    with pytest.raises(UsageError):
        co_tags([], limit=0)
