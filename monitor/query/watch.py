"""Many topics over each post: an index over what their queries need, so that only those are matched that could match."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain

from monitor.query.needs import LONGEST_BEGINNING, needs_of
from monitor.query.query import Query
from monitor.query.script import pieces
from monitor.query.searchable import Searchable
from monitor.topic import Topic

_FEW_BEGINNINGS = 16  # as long as it takes to cut the beginnings from the pieces of a post of usual length


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
        self._pieces = frozenset(self._by_piece)
        self._beginnings = frozenset(self._by_beginning)
        self._lengths = sorted({len(beginning) for beginning in self._by_beginning})
        assert not self._lengths or self._lengths[-1] <= LONGEST_BEGINNING

    def numbers(self, post: Searchable) -> list[int]:
        """Those whose pieces the post holds, in order."""
        if not (self._by_piece or self._by_beginning):
            return self._any
        told = pieces(post.said)
        numbers = list(map(self._by_piece.__getitem__, self._pieces.intersection(told)))
        if self._begins(post.said):
            for length in self._lengths:
                numbers += [
                    self._by_beginning[start] for start in self._beginnings.intersection([piece[:length] for piece in told])
                ]
        if not numbers:
            return self._any
        return sorted({*self._any, *chain.from_iterable(numbers)}) if len(numbers) > 1 or self._any else numbers[0]

    def _begins(self, said: str) -> bool:
        """Whether a piece could begin so; where there are few beginnings, looking for each in the whole is cheaper than cutting."""
        if len(self._beginnings) > _FEW_BEGINNINGS:
            return True
        for beginning in self._beginnings:  # noqa: SIM110 - a generator takes longer to begin than the loop takes
            if beginning in said:
                return True
        return False
