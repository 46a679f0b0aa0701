"""Posts that match a query but for one clause: what a person looks at to see whether the query is too narrow."""

from dataclasses import replace

from monitor.query.matcher import Matcher, matcher_of
from monitor.query.query import Query
from monitor.query.searchable import Searchable
from monitor.query.term import Term
from monitor.query.tree import And, Field, Near, Not, Or, Tree, either, every

_LOOSE_WORDS = 5  # other words among those of a phrase that was nearly said
_SHORTEST_BEGINNING = 4  # letters; shorter words begin too many others

Pair = tuple[Tree, Matcher]


class NearMiss:
    """A query made ready to tell near misses: all parts of its AND hold but one, and what holds is more than facts and negations.

    Where nothing else could hold, as in a query of one clause, a near miss is a post that this clause matches made looser: other
    endings and capitals, words apart, other parts of the post.
    """

    def __init__(self, query: Query) -> None:
        parts = query.tree.parts if isinstance(query.tree, And) else (query.tree,)
        self._parts: list[Pair] = [(part, matcher_of(part)) for part in parts]
        self._said = [number for number, part in enumerate(parts) if not isinstance(part, Not | Field)]
        self._looser: list[Matcher | None] = [
            None if (looser := loosened(part)) is None else matcher_of(looser) for part in parts
        ]

    def clause(self, post: Searchable) -> Tree | None:
        """The one clause for which the post does not match; None where it matches, or is no near miss."""
        failed = None
        for number, (_, matcher) in enumerate(self._parts):
            if matcher(post) is None:
                if failed is not None:
                    return None
                failed = number
        if failed is None:
            return None
        looser = self._looser[failed]
        near = any(number != failed for number in self._said) or (looser is not None and looser(post) is not None)
        return self._parts[failed][0] if near else None


def loosened(tree: Tree) -> Tree | None:
    """A tree that finds more of the same words; None where there is none."""
    match tree:
        case Term():
            return _loosened_term(tree)
        case Near():
            return every(tree.left, tree.right)
        case And():
            said = [part for part in tree.parts if not isinstance(part, Not | Field)]
            return either(*said) if said else None
        case Or():
            parts = [looser for part in tree.parts if (looser := loosened(part)) is not None]
            return either(*parts) if parts else None
        case Not() | Field():
            return None


def _loosened_term(term: Term) -> Tree | None:
    if term.kind == "handle":
        return None
    if term.split or term.kind == "tag":
        return Term(kind="word", text=term.text) if " " not in term.text else None
    if term.exact or term.part:
        return replace(term, exact=False, part=None)
    if term.kind == "phrase":
        words = [Term(kind="word", text=word) for word in term.text.split()]
        return every(*words) if term.within >= _LOOSE_WORDS else replace(term, within=_LOOSE_WORDS, prefix=False)
    if term.prefix or len(term.text) < _SHORTEST_BEGINNING:
        return None
    return replace(term, prefix=True)
