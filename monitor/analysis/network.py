"""Networks: tags used together, accounts that mention accounts, accounts and the domains they link to.

`monitor.analysis.gexf` writes them for Gephi and others. Order and selection depend on counts and names alone, so that the same
posts give the same network.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations, product
from typing import Literal

from monitor.analysis.excerpt import Excerpt
from monitor.errors import UsageError

Kind = Literal["tag", "account", "domain"]
Ends = tuple["Node", "Node"]

# Posts with more tags than that are lists, not talk: they would bring more pairs than all others together.
MOST_TAGS = 30


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Node:
    """A tag, account or domain; `id` is unique in its kind."""

    kind: Kind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`posts`: how many connect the two; `authors`: by how many accounts they are."""

    source: Node
    target: Node
    posts: int
    authors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Nodes with the posts they have a part in, most first; edges, most posts first. `left`: nodes beyond the limit."""

    directed: bool
    nodes: tuple[tuple[Node, int], ...]
    edges: tuple[Edge, ...]
    left: int


def co_tags(posts: Iterable[Excerpt], *, limit: int) -> Network:
    """Tags, connected where a post has both; undirected, source before target by name. Posts of more than 30 tags take no part.

    `limit`: the nodes kept, those of most posts, and of equal ones the first by name; so in all networks here.
    Source: co-word analysis (Callon and others 1983, Social Science Information 22:191).
    """
    return _network(posts, _tag_pairs, limit=limit, directed=False)


def mention_network(posts: Iterable[Excerpt], *, limit: int) -> Network:
    """Accounts, connected from who mentions to who is mentioned; those who mention themselves are not connected."""
    return _network(posts, _mentions, limit=limit, directed=True)


def link_network(posts: Iterable[Excerpt], *, limit: int) -> Network:
    """Accounts and domains, connected from the account to what it links to."""
    return _network(posts, _links, limit=limit, directed=True)


def _tag_pairs(post: Excerpt) -> Iterable[Ends]:
    if len(post.tags) > MOST_TAGS:
        return ()
    return combinations([Node(kind="tag", id=tag) for tag in sorted(post.tags)], 2)


def _mentions(post: Excerpt) -> Iterable[Ends]:
    mentioned = sorted(post.mentions - {post.author})
    return product([Node(kind="account", id=post.author)], [Node(kind="account", id=one) for one in mentioned])


def _links(post: Excerpt) -> Iterable[Ends]:
    return product([Node(kind="account", id=post.author)], [Node(kind="domain", id=one) for one in sorted(post.domains)])


def _network(posts: Iterable[Excerpt], ends_of: Callable[[Excerpt], Iterable[Ends]], *, limit: int, directed: bool) -> Network:
    if limit < 1:
        raise UsageError(f"A network has at least one node, not {limit}.")
    weights: Counter[Node] = Counter()
    counts: Counter[Ends] = Counter()
    authors: defaultdict[Ends, set[str]] = defaultdict(set)
    for post in posts:
        connected = list(ends_of(post))
        weights.update({node for ends in connected for node in ends})
        for ends in connected:
            counts[ends] += 1
            authors[ends].add(post.author)
    ordered = sorted(weights.items(), key=lambda entry: (-entry[1], entry[0]))
    kept = {node for node, _ in ordered[:limit]}
    edges = [
        Edge(source=ends[0], target=ends[1], posts=count, authors=len(authors[ends]))
        for ends, count in counts.items()
        if kept.issuperset(ends)
    ]
    edges.sort(key=lambda edge: (-edge.posts, edge.source, edge.target))
    return Network(directed=directed, nodes=tuple(ordered[:limit]), edges=tuple(edges), left=max(0, len(ordered) - limit))
