"""An excerpt: what the analysis needs to know of a post, without its text, so that many fit into memory."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from monitor.analysis.engagement import engagement
from monitor.post import Post


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """One post. `author` and `mentions` name accounts as `platform:handle` (in lower case), so that equal handles of two
    platforms stay two accounts. `terms` are the distinct words and phrases of its text; `engagement` None is unknown, not 0.
    """

    id: str
    author: str
    created_at: datetime
    topics: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    mentions: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    terms: frozenset[str] = frozenset()
    engagement: int | None = None


def excerpt(post: Post, *, terms: Iterable[str] = (), domains: Iterable[str] = ()) -> Excerpt:
    """The excerpt of a stored post; terms and domains are made elsewhere (`monitor.text`). An author without a handle goes by id."""
    return Excerpt(
        id=post.id,
        author=account(post.platform, post.author.handle or post.author.id),
        created_at=post.created_at,
        topics=frozenset(match.id for match in post.topics),
        tags=frozenset(post.tags),
        mentions=frozenset(account(post.platform, mention) for mention in post.mentions),
        links=frozenset(post.links),
        domains=frozenset(domains),
        terms=frozenset(terms),
        engagement=engagement(post.counts),
    )


def account(platform: str, name: str) -> str:
    """The one spelling of an account: handles are compared without case on all platforms."""
    return f"{platform}:{name.casefold()}"
