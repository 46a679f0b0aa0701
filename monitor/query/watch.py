"""Many topics over each post: an index over what their queries need, so that only those are matched that could match."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from monitor.query.needs import LONGEST_BEGINNING, needs_of
from monitor.query.query import Query
from monitor.query.searchable import Searchable
from monitor.topic import Topic


class Watch(tuple[tuple[Topic, Query], ...]):  # noqa: SLOT001 - it keeps its index, and a tuple can have no slots for it
    """Topics with their queries, in order; the index over them is made when the first post is matched."""

    def candidates(self, post: Searchable) -> Iterator[tuple[Topic, Query]]:
        """Those whose query could match the post, in order; all that do match are among them."""
        return map(self.__getitem__, self._index.numbers(post))

    def on(self, platform: str) -> "Watch":
        """Those that watch a platform; the same object whenever it is asked for."""
        if platform not in self._on:
            self._on[platform] = Watch(each for each in self if not each[0].platforms or platform in each[0].platforms)
        return self._on[platform]

    @cached_property
    def _on(self) -> "dict[str, Watch]":
        return {}

    @cached_property
    def _index(self) -> "_Index":
        return _Index(query for _, query in self)


class _Index:
    """Numbers of queries by the pieces that they need."""

    def __init__(self, queries: Iterable[Query]) -> None:
        self._any: list[int] = []
        self._by_piece: dict[str, list[int]] = defaultdict(list)
        self._by_beginning: dict[str, list[int]] = defaultdict(list)
        for number, query in enumerate(queries):
            needs = needs_of(query.tree)
            if needs is None:
                self._any.append(number)
                continue
            for piece in needs.pieces:
                self._by_piece[piece].append(number)
            for beginning in needs.beginnings:
                self._by_beginning[beginning].append(number)
        self._lengths = sorted({len(beginning) for beginning in self._by_beginning})
        assert not self._lengths or self._lengths[-1] <= LONGEST_BEGINNING

    def numbers(self, post: Searchable) -> list[int]:
        if not (self._by_piece or self._by_beginning):
            return self._any
        pieces = post.pieces
        found = set(self._any)
        for piece in self._by_piece.keys() & pieces:
            found.update(self._by_piece[piece])
        for length in self._lengths:
            for beginning in self._by_beginning.keys() & {piece[:length] for piece in pieces}:
                found.update(self._by_beginning[beginning])
        return sorted(found)
