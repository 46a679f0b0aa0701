"""What a post has to hold before a query can match it: the rarest looking pieces of its words, for an index to look up."""

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


def _of_term(term: Term) -> Needs | None:
    if term.split:
        return None  # it may stand inside a piece, as in #ClimateAction
    folded = without_marks(fold_term(term.text)).text
    told = pieces(folded)
    if term.prefix and folded.endswith(told[-1]) and not unspaced(told[-1]):
        if len(told) == 1:
            return Needs(beginnings=frozenset({told[0][:LONGEST_BEGINNING]}))
        told = told[:-1]
    return Needs(pieces=frozenset({max(told, key=len)}))
