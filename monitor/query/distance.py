"""Terms near each other: NEAR between two terms, and "~n" among the words of a phrase. n log n in the text at most."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

from monitor.query.needle import MOST_SPANS, Needle, Spans, needle_of
from monitor.query.script import word_starts
from monitor.query.searchable import Part
from monitor.query.term import Term
from monitor.query.tree import Near, Or

# How many places of each term are looked at, None: all. A text of 64 KiB may hold 32,000, and the first ones are mostly enough.
_TRIES = (2 * MOST_SPANS, None)


class Place(NamedTuple):
    """One occurrence of a term: its offsets in the original, and the numbers of its first and last word."""

    span: tuple[int, int]
    first: int
    last: int


def near(tree: Near) -> Callable[[Part], Spans]:
    """A function that gives the spans of both terms wherever they are near each other, empty where they never are."""
    left, right = _needles(tree.left), _needles(tree.right)

    def spans(part: Part) -> Spans:
        if not any(needle.spans(part) for needle in left) or not any(needle.spans(part) for needle in right):
            return ()
        pairs: tuple[tuple[Place, Place], ...] = ()
        for most in _TRIES:
            lefts, rights = _places(left, part, most), _places(right, part, most)
            pairs = _followed(lefts, rights, tree.words)
            if not tree.ordered:
                pairs = (*pairs, *_followed(rights, lefts, tree.words))
            if len(pairs) >= MOST_SPANS:
                break
        return tuple(place.span for pair in pairs for place in pair)

    return spans


def within(term: Term) -> Callable[[Part], Spans]:
    """A function that gives the stretches that hold all words of a phrase with at most `term.within` others among them."""
    needles = [needle_of(Term(kind="word", text=word)) for word in term.text.split()]
    wanted = Counter(needles)
    longest = term.within + sum(max(1, len(word_starts(needle.text))) for needle in needles)

    def spans(part: Part) -> Spans:
        if not all(needle.spans(part) for needle in wanted):
            return ()
        stretches: Spans = ()
        for most in _TRIES:
            found = ((place, needle) for needle in wanted for place in _places([needle], part, most))
            stretches = tuple(islice(_stretches(sorted(found, key=itemgetter(0)), wanted, longest), MOST_SPANS))
            if len(stretches) == MOST_SPANS:
                break
        return stretches

    return spans


def _needles(side: Term | Or) -> list[Needle]:
    terms = side.parts if isinstance(side, Or) else (side,)
    return [needle_of(term) for term in terms if isinstance(term, Term)]


def _places(needles: Sequence[Needle], part: Part, most: int | None) -> list[Place]:
    """Where the needles are, in order; of each the first `most`, None: all."""
    found = []
    for needle in needles:
        folded, starts = needle.folded(part), part.word_starts(has_marks=needle.has_marks)
        for start, end in islice(needle.places(part), most):
            word = start + (folded.text[start] in "#@")  # the sign of a tag or a handle stands before its word
            found.append(Place(folded.original_span(start, end), bisect_right(starts, word), bisect_right(starts, end - 1)))
    return sorted(found) if len(needles) > 1 else found


def _followed(firsts: Sequence[Place], seconds: Sequence[Place], words: int) -> tuple[tuple[Place, Place], ...]:
    """Each of `firsts` with the next of `seconds` behind it, where that is near enough."""
    starts = [place.span[0] for place in seconds]

    def pairs() -> Iterator[tuple[Place, Place]]:
        for first in firsts:
            number = bisect_left(starts, first.span[1])
            if number < len(seconds) and seconds[number].first - first.last <= words:
                yield first, seconds[number]

    return tuple(islice(pairs(), MOST_SPANS))


def _stretches(places: Sequence[tuple[Place, Needle]], wanted: Counter[Needle], longest: int) -> Iterator[tuple[int, int]]:
    """The shortest stretches that hold what is wanted, where they are short enough, from left to right."""
    lacking = dict(wanted)
    missing, start = sum(wanted.values()), 0
    for last, needle in places:
        missing -= lacking[needle] > 0
        lacking[needle] -= 1
        while lacking[places[start][1]] < 0:
            lacking[places[start][1]] += 1
            start += 1
        first = places[start][0]
        if missing == 0 and last.last - first.first < longest:
            yield first.span[0], max(last.span[1], first.span[1])
