"""A sample of posts for people to label: drawn at random, and the same again for the same seed. Pure."""

import hashlib
import heapq
from collections.abc import AsyncIterator

from monitor.post import Post
from monitor.text.utterance import utterance


class Sample:
    """The `size` posts with the smallest keys, where a key is drawn from the seed and the id of the post.

    So each post has the same chance, whatever the order in which they come; later posts change little of an earlier sample; and
    the order of the sample is random too, so that raters do not see one day or one author in a row. Holds `size` posts at most.
    """

    def __init__(self, *, size: int, seed: int) -> None:
        self._size = size
        self._seed = seed
        self._kept: list[tuple[int, str, Post]] = []
        self.seen = 0

    def add(self, post: Post) -> None:
        """Consider a post; one that was deleted or says nothing in words is none to label."""
        if post.deleted_at is not None or not utterance(post).strip():
            return
        self.seen += 1
        entry = (-self._key(post.id), post.id, post)  # the largest key is the first to go
        if len(self._kept) < self._size:
            heapq.heappush(self._kept, entry)
        else:
            heapq.heappushpop(self._kept, entry)

    @property
    def posts(self) -> list[Post]:
        """The sample, in an order that says nothing."""
        return [post for _, _, post in sorted(self._kept, key=lambda entry: -entry[0])]

    def _key(self, post_id: str) -> int:
        digest = hashlib.blake2b(post_id.encode("utf-8", "replace"), digest_size=16, key=str(self._seed).encode())
        return int.from_bytes(digest.digest())


async def drawn(posts: AsyncIterator[Post], *, size: int, seed: int) -> Sample:
    """A sample of `size` posts, or of all where there are fewer."""
    sample = Sample(size=size, seed=seed)
    async for post in posts:
        sample.add(post)
    return sample
