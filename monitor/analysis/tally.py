"""How often each thing occurs in a stream, and by how many accounts, in bounded memory and with the bound of what that costs.

Source: the frequent items of Misra, Gries 1982, Science of Computer Programming 2:143, in the form of lossy counting (Manku, Motwani
2002, VLDB:346): when there are too many things the rarest are forgotten, and each one that comes later may have been among them.
"""

from dataclasses import dataclass, field
from heapq import nlargest

from monitor.analysis.sample import hashed

MOST_KEYS = 20_000  # twice as many at times
MOST_AUTHORS = 10_000  # counted of one thing


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A thing and its posts: both bounds are equal where nothing was forgotten. `authors` stops at 10,000."""

    key: str
    at_least: int
    at_most: int
    authors: int


@dataclass(slots=True)
class _Entry:
    posts: int
    missed: int
    authors: set[int] = field(default_factory=set)


class Tally:
    """Counts things as they come; exact until there are 40,000 different ones."""

    def __init__(self, most: int = MOST_KEYS) -> None:
        self._most = most
        self._entries: dict[str, _Entry] = {}
        self._forgotten = 0

    def add(self, key: str, author: str) -> None:
        """Count one post of an account for a thing."""
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry(0, self._forgotten)
        entry.posts += 1
        if len(entry.authors) < MOST_AUTHORS:
            entry.authors.add(hashed(author))
        if len(self._entries) > 2 * self._most:
            self._forget()

    def most(self, limit: int) -> tuple[Counted, ...]:
        """The most frequent by their lower bounds, equal ones by name."""
        first = nlargest(limit, self._entries.items(), key=lambda pair: (pair[1].posts, _Reversed(pair[0])))
        return tuple(
            Counted(key=key, at_least=entry.posts, at_most=entry.posts + entry.missed, authors=len(entry.authors))
            for key, entry in first
        )

    @property
    def others_at_most(self) -> int:
        """The most posts that anything forgotten can have."""
        return self._forgotten

    def _forget(self) -> None:
        counts = sorted((entry.posts + entry.missed for entry in self._entries.values()), reverse=True)
        bound = counts[self._most]
        kept = {key: entry for key, entry in self._entries.items() if entry.posts + entry.missed > bound}
        self._entries, self._forgotten = kept, max(self._forgotten, bound)


class _Reversed(str):
    """A name that is larger the earlier it comes."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)
