"""What of a query a platform's search could be asked: alternatives of terms that all have to be there. Broader, never narrower.

Whatever a search cannot say is left out of what is asked, so that more is found; the matcher decides about all of it. Negations
are always left out: a platform finds similar words too, so what it excluded could be wanted here.
"""

from collections.abc import Callable, Iterable
from itertools import product

from monitor.query.term import Term
from monitor.query.tree import And, Field, Near, Not, Or, Tree, either, every

Literal = Term | Field
# All of these have to be there. Nothing in it: any post may match.
Branch = frozenset[Literal]

MOST_BRANCHES = 64  # while brackets are multiplied out; a platform is asked far fewer questions

_ANY: tuple[Branch, ...] = (frozenset(),)


def on_platform(tree: Tree, platform: str) -> Tree | bool:
    """The tree as it is for posts of one platform; True or False where it asks nothing else."""
    match tree:
        case Field(name="platform"):
            return tree.value == platform
        case Not():
            inner = on_platform(tree.part, platform)
            return not inner if isinstance(inner, bool) else Not(inner)
        case And() | Or():
            decides = isinstance(tree, Or)
            parts = [on_platform(part, platform) for part in tree.parts]
            if decides in parts:
                return decides
            left = [part for part in parts if not isinstance(part, bool)]
            return (either(*left) if decides else every(*left)) if left else not decides
        case Term() | Field() | Near():
            return tree


def cover(tree: Tree, says: Callable[[Literal], tuple[Literal, ...]]) -> tuple[Branch, ...]:
    """Alternatives of which every matching post has one whole.

    `says` tells how a search can be asked for a leaf: the literals of which any post with the leaf has one; () where it cannot.
    """
    match tree:
        case Term(kind="phrase") if tree.within:
            return _all_of([cover(Term(kind="word", text=word, part=tree.part), says) for word in tree.text.split()])
        case Term() | Field():
            return tuple(frozenset({literal}) for literal in says(tree)) or _ANY
        case Near():
            return _all_of([cover(tree.left, says), cover(tree.right, says)])
        case And():
            return _all_of([cover(part, says) for part in tree.parts])
        case Or():
            return _shortest(branch for part in tree.parts for branch in cover(part, says))
        case Not():
            return _ANY


def _all_of(covers: list[tuple[Branch, ...]]) -> tuple[Branch, ...]:
    """One of each, multiplied out, the short ones first; what would be too many is left out."""
    made = _ANY
    for branches in sorted(covers, key=len):
        if len(made) * len(branches) <= MOST_BRANCHES or made == _ANY:
            made = _shortest(frozenset().union(*each) for each in product(made, branches))
    return made


def _shortest(branches: Iterable[Branch]) -> tuple[Branch, ...]:
    """Without those that hold another one: whoever asks for less finds them too."""
    told = list(dict.fromkeys(branches))
    return tuple(branch for branch in told if not any(other < branch for other in told))
