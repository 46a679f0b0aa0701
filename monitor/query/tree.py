"""A query as a tree: terms and fields, and how they are joined. Values only; printing is here, meaning is elsewhere.

The form is canonical: AND and OR hold at least two parts and none of their own kind, so that a printed tree reads back equal.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.query.term import Term


@dataclass(frozen=True, slots=True)
class Field:
    """A fact about a post other than its words, such as lang:en. `name` and `value` are canonical (`monitor.query.fields`)."""

    name: str
    value: str

    def __str__(self) -> str:
        quoted = any(sign.isspace() or sign in '()|"' for sign in self.value) or self.value.endswith("*")
        return f'{self.name}:"{self.value}"' if quoted else f"{self.name}:{self.value}"


@dataclass(frozen=True, slots=True)
class Near:
    """Two terms, or groups of alternatives, at most `words` words apart; `ordered`: the left one first."""

    left: "Term | Or"
    right: "Term | Or"
    words: int
    ordered: bool = False

    def __str__(self) -> str:
        return f"{_held(self.left, self)} NEAR/{self.words}{'f' * self.ordered} {_held(self.right, self)}"


@dataclass(frozen=True, slots=True)
class Not:
    part: "Tree"

    def __str__(self) -> str:
        return f"NOT {_held(self.part, self)}"


@dataclass(frozen=True, slots=True)
class And:
    parts: "tuple[Tree, ...]"

    def __str__(self) -> str:
        return " AND ".join(_held(part, self) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    parts: "tuple[Tree, ...]"

    def __str__(self) -> str:
        return " OR ".join(_held(part, self) for part in self.parts)


Tree = Term | Field | Near | Not | And | Or

_BINDING: dict[type, int] = {Or: 1, And: 2, Near: 3, Not: 4, Term: 5, Field: 5}


def every(*parts: Tree) -> Tree:
    """All of the parts, at least one, in the canonical form."""
    flat = [each for part in parts for each in (part.parts if isinstance(part, And) else (part,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def either(*parts: Tree) -> Tree:
    """Any of the parts, at least one, in the canonical form."""
    flat = [each for part in parts for each in (part.parts if isinstance(part, Or) else (part,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def leaves(tree: Tree) -> Iterator[Term | Field]:
    """The terms and fields of a tree from left to right, negated ones too."""
    if isinstance(tree, And | Or):
        for part in tree.parts:
            yield from leaves(part)
    elif isinstance(tree, Near):
        yield from leaves(tree.left)
        yield from leaves(tree.right)
    elif isinstance(tree, Not):
        yield from leaves(tree.part)
    else:
        yield tree


def _held(part: Tree, within: Tree) -> str:
    """The part in brackets where it binds no tighter than what holds it; NOT may follow NOT."""
    loose = _BINDING[type(part)] <= _BINDING[type(within)] and not (isinstance(part, Not) and isinstance(within, Not))
    return f"({part})" if loose else str(part)
