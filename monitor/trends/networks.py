"""The network of a scope: tags used together, accounts that mention accounts, or accounts and the domains they link to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from monitor.analysis.excerpt import Excerpt, account
from monitor.analysis.network import Network, Node, co_tags, link_network, mention_network
from monitor.post import Post
from monitor.scope import Scope
from monitor.store.connection import Store
from monitor.store.search import Search
from monitor.text.link_identity import domains

Kind = Literal["tags", "mentions", "links"]

MOST_POSTS = 300_000  # that connect anything, the newest; some 150 MB
_MAKERS: Mapping[Kind, Callable[..., Network]] = {"tags": co_tags, "mentions": mention_network, "links": link_network}


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """`connecting` of `posts` have a part in the network; `left_out` of these were beyond the most that are held."""

    kind: Kind
    network: Network
    posts: int
    connecting: int
    left_out: int


async def read_network(store: Store, scope: Scope, kind: Kind, *, top: int, now: datetime) -> Connected:
    """Gather the network of the posts of a scope, of the `top` nodes with most posts."""
    frozen = scope.frozen(now)
    posts = left_out = 0
    held: list[Excerpt] = []
    async for post in Search(store.database).posts(frozen.asks(now), stored_by=frozen.stored_by()):
        posts += 1
        made = _excerpt(post, kind)
        if made is None:
            continue
        if len(held) < MOST_POSTS:
            held.append(made)
        else:
            left_out += 1
    network = _MAKERS[kind](held, limit=top)
    return Connected(kind=kind, network=network, posts=posts, connecting=len(held) + left_out, left_out=left_out)


def json_of(found: Connected, scope: Scope) -> dict[str, Any]:
    """One object, as docs/commands.md describes it."""

    def ends(node: Node) -> dict[str, str]:
        return {"kind": node.kind, "id": node.id}

    return {
        "scope": str(scope), "kind": found.kind, "posts": found.posts, "connecting": found.connecting, "left_out": found.left_out,
        "directed": found.network.directed, "nodes_left": found.network.left,
        "nodes": [{**ends(node), "posts": posts} for node, posts in found.network.nodes],
        "edges": [
            {"source": ends(edge.source), "target": ends(edge.target), "posts": edge.posts, "authors": edge.authors}
            for edge in found.network.edges
        ],
    }  # fmt: skip


def _excerpt(post: Post, kind: Kind) -> Excerpt | None:
    """What of a post can connect; None where nothing does."""
    author = account(post.platform, post.author.handle or post.author.id)
    tags = frozenset(post.tags) if kind == "tags" else frozenset()
    mentions = frozenset(account(post.platform, one) for one in post.mentions) if kind == "mentions" else frozenset()
    linked = frozenset(post.domains or domains(post.links)) if kind == "links" else frozenset()
    if not (tags or mentions or linked):
        return None
    return Excerpt(
        id=post.id, author=author, created_at=post.created_at, tags=tags, mentions=mentions, domains=linked
    )  # fmt: skip
