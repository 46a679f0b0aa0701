"""What a post has to hold before a query can match it: pieces of its words, for an index to look up.

An index over many queries wants the one rarest looking thing of each (`needs_of`); an index over many posts is asked for all of
them at once (`all_needs_of`).
"""

from dataclasses import dataclass

from monitor.query.folded import fold_term, without_marks
from monitor.query.script import pieces, unspaced
from monitor.query.term import Term
from monitor.query.tree import And, Field, Near, Not, Or, Tree

LONGEST_BEGINNING = 4  # characters; few lengths to try for each piece of a post, and enough letters to tell words apart


@dataclass(frozen=True, slots=True)
class Needs:
    """A matching post holds one of `pieces` at least, or a piece that begins with one of `beginnings`."""

    pieces: frozenset[str] = frozenset()
    beginnings: frozenset[str] = frozenset()

    def __or__(self, other: "Needs") -> "Needs":
        return Needs(self.pieces | other.pieces, self.beginnings | other.beginnings)

    @property
    def cost(self) -> tuple[int, int]:
        """Smaller for what fewer posts hold: few alternatives, and then long words."""
        shortest = min((len(piece) for piece in (*self.pieces, *self.beginnings)), default=0)
        return len(self.pieces) + 4 * len(self.beginnings), -shortest


def needs_of(tree: Tree) -> Needs | None:
    """None for a query that could match a post of any words, such as a negation or a field alone."""
    match tree:
        case Term():
            return _of_term(tree)
        case And():
            return _best([needs_of(part) for part in tree.parts])
        case Near():
            return _best([needs_of(tree.left), needs_of(tree.right)])
        case Or():
            return _all([needs_of(part) for part in tree.parts])
        case Not() | Field():
            return None


def _best(found: list[Needs | None]) -> Needs | None:
    told = [needs for needs in found if needs is not None]
    return min(told, key=lambda needs: needs.cost) if told else None


def _all(found: list[Needs | None]) -> Needs | None:
    joined = Needs()
    for needs in found:
        if needs is None:
            return None
        joined |= needs
    return joined


def all_needs_of(tree: Tree) -> tuple[Needs, ...]:
    """Everything that a matching post holds, each once, with beginnings of any length; empty where `needs_of` tells None."""
    return tuple(dict.fromkeys(_everything(tree)))


def _everything(tree: Tree) -> list[Needs]:
    match tree:
        case Term():
            return _all_of_term(tree)
        case And():
            return [needs for part in tree.parts for needs in _everything(part)]
        case Near():
            return [*_everything(tree.left), *_everything(tree.right)]
        case Or():
            joined = _all([_best(list(_everything(part))) for part in tree.parts])
            return [] if joined is None else [joined]
        case Not() | Field():
            return []


def _of_term(term: Term) -> Needs | None:
    told = _all_of_term(term)
    whole = [needs for needs in told if needs.pieces]
    if whole:
        return max(whole, key=lambda needs: max(map(len, needs.pieces)))
    return Needs(beginnings=frozenset(each[:LONGEST_BEGINNING] for each in told[0].beginnings)) if told else None


def _all_of_term(term: Term) -> list[Needs]:
    if term.split:
        return []  # it may stand inside a piece, as in #ClimateAction
    folded = without_marks(fold_term(term.text)).text
    told = pieces(folded)
    last = len(told) - 1 if term.prefix and folded.endswith(told[-1]) and not unspaced(told[-1]) else None
    return [
        Needs(beginnings=frozenset({piece})) if place == last else Needs(pieces=frozenset({piece}))
        for place, piece in enumerate(told)
    ]
