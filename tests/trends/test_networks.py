"""The network of a scope as it is gathered from stored posts, and as JSON."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from monitor.analysis.network import Edge, Network, Node
from monitor.post import Author, Post
from monitor.scope import Scope
from monitor.store.connection import Store
from monitor.trends import networks
from monitor.trends.networks import Connected, json_of, read_network

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
NOW = NOON + timedelta(days=1)
TEA = Scope(topics=("tea",))

Edges = set[tuple[str, str, int, int]]


def edges(found: Connected) -> Edges:
    return {(edge.source.id, edge.target.id, edge.posts, edge.authors) for edge in found.network.edges}


async def test_tags__are_joined_where_a_post_has_both(store: Store, a_post: Callable[..., Post]) -> None:
    tags = [("cup", "milk"), ("milk", "cup"), ("cup", "rain"), ("cup",), ()]
    ann = Author(id="1", handle="ann")
    await store.posts.upsert([a_post(NOON, tags=each, author=ann) for each in tags])
    found = await read_network(store, TEA, "tags", top=10, now=NOW)
    assert edges(found) == {("cup", "milk", 2, 1), ("cup", "rain", 1, 1)}
    assert (found.posts, found.connecting, found.left_out) == (5, 4, 0)


async def test_mentions__accounts_are_of_their_platform_and_have_no_case(store: Store, a_post: Callable[..., Post]) -> None:
    await store.posts.upsert(
        [
            a_post(NOON, author=Author(id="1", handle="Ann"), mentions=("BOB", "ann")),
            a_post(NOON, author=Author(id="1", handle="ann"), mentions=("bob",)),
            a_post(NOON, author=Author(id="7"), mentions=("bob",), platform="bluesky"),
            a_post(NOON, tags=("cup", "milk")),
        ]
    )
    found = await read_network(store, TEA, "mentions", top=10, now=NOW)
    assert found.network.directed
    assert edges(found) == {("mastodon:ann", "mastodon:bob", 2, 1), ("bluesky:7", "bluesky:bob", 1, 1)}
    assert (found.posts, found.connecting) == (4, 3)


async def test_links__lead_to_domains_as_stored_or_else_as_the_links_say(store: Store, a_post: Callable[..., Post]) -> None:
    ann = Author(id="1", handle="ann")
    await store.posts.upsert(
        [
            a_post(NOON, author=ann, domains=("news.example",)),
            a_post(NOON, author=ann, links=("https://www.news.example/a", "https://site.example/b")),
            a_post(NOON, author=ann),
        ]
    )
    found = await read_network(store, TEA, "links", top=10, now=NOW)
    assert edges(found) == {("mastodon:ann", "news.example", 2, 1), ("mastodon:ann", "site.example", 1, 1)}
    assert {node.kind for node, _ in found.network.nodes} == {"account", "domain"}


async def test_only_posts_of_the_scope_take_part(store: Store, a_post: Callable[..., Post]) -> None:
    await store.posts.upsert(
        [
            a_post(NOON, tags=("cup", "milk")),
            a_post(NOON, tags=("cup", "rain"), topics=()),
            a_post(NOON - timedelta(days=9), tags=("cup", "snow")),
        ]
    )
    scope = Scope(topics=("tea",), begin="2026-11-01")
    assert edges(await read_network(store, scope, "tags", top=10, now=NOW)) == {("cup", "milk", 1, 1)}


async def test_more_than_is_held__the_newest_take_part_and_the_others_are_counted(
    store: Store, a_post: Callable[..., Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "MOST_POSTS", 3)
    await store.posts.upsert([a_post(NOON + timedelta(minutes=n), tags=("cup", f"t{n}")) for n in range(5)])
    await store.posts.upsert([a_post(NOON - timedelta(minutes=1))])
    found = await read_network(store, TEA, "tags", top=10, now=NOW)
    assert {target for _, target, _, _ in edges(found)} == {"t2", "t3", "t4"}
    assert (found.posts, found.connecting, found.left_out) == (6, 5, 2)


async def test_top__keeps_the_nodes_of_most_posts(store: Store, a_post: Callable[..., Post]) -> None:
    tags = [("cup", "milk"), ("cup", "milk"), ("cup", "rain")]
    await store.posts.upsert([a_post(NOON, tags=each) for each in tags])
    found = await read_network(store, TEA, "tags", top=2, now=NOW)
    assert (edges(found), found.network.left) == ({("cup", "milk", 2, 2)}, 1)


def test_json__names_kinds_since_ids_are_unique_in_theirs_alone() -> None:
    ann, site = Node(kind="account", id="mastodon:ann"), Node(kind="domain", id="site.example")
    network = Network(
        directed=True, nodes=((site, 7), (ann, 5)), edges=(Edge(source=ann, target=site, posts=4, authors=1),), left=3
    )
    found = Connected(kind="links", network=network, posts=20, connecting=9, left_out=2)
    assert json.loads(json.dumps(json_of(found, TEA))) == {
        "scope": "topic=tea", "kind": "links", "posts": 20, "connecting": 9, "left_out": 2, "directed": True, "nodes_left": 3,
        "nodes": [
            {"kind": "domain", "id": "site.example", "posts": 7}, {"kind": "account", "id": "mastodon:ann", "posts": 5},
        ],
        "edges": [{
            "source": {"kind": "account", "id": "mastodon:ann"}, "target": {"kind": "domain", "id": "site.example"},
            "posts": 4, "authors": 1,
        }],
    }  # fmt: skip
