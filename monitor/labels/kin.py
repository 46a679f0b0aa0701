"""Which labelled posts belong together: those of one author, and those that say nearly the same. Pure.

A classifier that is tested on a copy of what it learned from, or on the author it learned from, looks better than it is; and such
posts are no independent witnesses of how good a scorer is. What is together here stays together there.
"""

from collections.abc import Sequence

from monitor.post import Post
from monitor.stories import LEAST_SIMILARITY
from monitor.text.signature import bands, signature, similarity
from monitor.text.utterance import utterance


def kin(posts: Sequence[Post]) -> list[int]:
    """The number of the group of each post, in the order of the posts; what joins is handed on.

    Posts are joined by author, by a repost or quote of one of them, by equal text but for case and spaces, and by signatures
    that are as similar as those of one story.
    """
    groups = _Groups(len(posts))
    signed: dict[bytes, int] = {}
    buckets: dict[bytes, list[bytes]] = {}
    for at, post in enumerate(posts):
        text = utterance(post)
        groups.tell(("author", post.platform, post.author.id), at)
        groups.tell(("text", " ".join(text.split()).casefold()), at)
        for other in filter(None, (post.id, post.repost_of, post.quote_of)):
            groups.tell(("post", other), at)
        made = signature(text)
        if made is None or made in signed:
            if made is not None:
                groups.join(signed[made], at)
            continue
        near = {known for band in bands(made) for known in buckets.get(band, ())}
        for known in near:
            if similarity(known, made) >= LEAST_SIMILARITY:
                groups.join(signed[known], at)
        signed[made] = at
        for band in bands(made):
            buckets.setdefault(band, []).append(made)
    return groups.numbers()


class _Groups:
    def __init__(self, size: int) -> None:
        self._parents = list(range(size))
        self._told: dict[tuple[str, ...], int] = {}

    def tell(self, what: tuple[str, ...], at: int) -> None:
        self.join(self._told.setdefault(what, at), at)

    def join(self, one: int, other: int) -> None:
        one, other = sorted((self._root(one), self._root(other)))
        self._parents[other] = one

    def numbers(self) -> list[int]:
        return [self._root(at) for at in range(len(self._parents))]

    def _root(self, at: int) -> int:
        while (parent := self._parents[at]) != at:
            self._parents[at] = self._parents[parent]  # halves the way for the next time
            at = parent
        return at
