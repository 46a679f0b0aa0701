"""A sample of a stream that any order of it gives alike: those whose names have the smallest hashes.

Of two streams that differ in a few things, so do the samples. Source: bottom-k sampling, Cohen, Kaplan 2007, PODC:225; every set of
that size is equally likely where the hash is as good as chance.
"""

from hashlib import blake2b
from heapq import heappush, heapreplace
from typing import Generic, TypeVar

from monitor.errors import UsageError

T = TypeVar("T")


class Sample(Generic[T]):
    """Keeps `most` of what is added; all of it while there are no more. Memory grows to `most`, and no further."""

    def __init__(self, most: int) -> None:
        if most < 1:
            raise UsageError(f"A sample holds at least one post, not {most}.")
        self.most = most
        self.seen = 0
        # The largest hash first; names are unique, so what is kept is never compared.
        self._kept: list[tuple[int, str, T]] = []

    def add(self, name: str, thing: T) -> None:
        """Offer something under a name that nothing else has."""
        self.seen += 1
        entry = (-hashed(name), name, thing)
        if len(self._kept) < self.most:
            heappush(self._kept, entry)
        elif entry[0] > self._kept[0][0]:
            heapreplace(self._kept, entry)

    @property
    def whole(self) -> bool:
        """Whether nothing was left out."""
        return self.seen == len(self._kept)

    def kept(self) -> list[T]:
        """What was kept, by name."""
        return [thing for _, _, thing in sorted(self._kept, key=lambda entry: entry[1])]


def hashed(name: str) -> int:
    """64 bits that are the same in every process."""
    return int.from_bytes(blake2b(name.encode("utf-8", "replace"), digest_size=8).digest())
