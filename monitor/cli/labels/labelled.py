"""The labelled posts of a scope, as measuring and training need them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.errors import UsageError
from monitor.labels.judgement import Verdict, verdict
from monitor.labels.kin import kin
from monitor.post import Post
from monitor.scope import Scope
from monitor.store.connection import Store
from monitor.store.labels import Counted, Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Live posts with a label or rating; how many more of the set are outside of the scope, and how many are deleted or gone.

    `kin`: the group of each labelled post, also of those outside.
    """

    posts: tuple[Post, ...]
    kin: Mapping[str, int]
    verdict: Verdict
    gone: int
    outside: int

    @property
    def ties(self) -> int:
        """How many of the posts have no label since their raters disagree."""
        return sum(post.id in self.verdict.ties for post in self.posts)


async def labelled(store: Store, name: str, *, scope: Scope, now: datetime) -> Labelled:
    """The labelled posts of a set that are in the scope; kin is told of all of the set. Raises UsageError for an empty set."""
    labels = Labels(store.database)
    judgements = await labels.of_set(name)
    if not judgements:
        raise no_set(name, await labels.sets())
    ids = {each.post for each in judgements}
    there = [post async for post in labels.posts(ids) if post.deleted_at is None]
    query, stored_by = scope.asks(now), scope.stored_by()
    inside = [
        post
        for post in there
        if (query is None or query.find(post) is not None)
        and (stored_by is None or (post.first_seen is not None and post.first_seen <= stored_by))
    ]
    return Labelled(
        posts=tuple(inside),
        kin=dict(zip((post.id for post in there), kin(there), strict=True)),
        verdict=verdict(judgements),
        gone=len(ids) - len(there),
        outside=len(there) - len(inside),
    )


def no_set(name: str, sets: Sequence[Counted]) -> UsageError:
    """What is said where a set holds no labels."""
    there = ", ".join(each.name for each in sets) or "none"
    return UsageError(
        f"There are no labels in the set {name[:50]!r}; the sets are: {there}. To label posts: monitor labels sample SCOPE --out FILE"
    )
