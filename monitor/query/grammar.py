"""How the signs of a query are joined, by lark: NOT binds tightest, then NEAR, AND (written or not), OR.

The words are the business of `monitor.query.tokens`, so the grammar knows kinds of signs only. LALR: linear in the query.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from lark import Lark, Tree, UnexpectedToken
from lark import Token as LarkToken
from lark.lexer import Lexer

from monitor.query.refusal import QuerySyntaxError
from monitor.query.tokens import Token

_GRAMMAR = """
start: either
?either: every (OR every)*
?every: near (AND? near)*
?near: unary (NEAR unary)*
?unary: NOT unary             -> not
    | LPAR either RPAR        -> group
    | FIELD LPAR either RPAR  -> fields
    | FIELD (WORD | QUOTED)   -> field
    | WORD
    | QUOTED
%declare LPAR RPAR FIELD WORD QUOTED AND OR NOT NEAR
"""
_JOINING = frozenset({"AND", "OR", "NEAR"})


class _Ready(Lexer):
    """Hands on tokens that were made before."""

    def __init__(self, lexer_conf: object) -> None:
        """Lark makes it with its own terminals, which are only declared."""

    def lex(self, data: Iterable[Token]) -> Iterator[LarkToken]:  # type: ignore[override]
        for token in data:
            yield LarkToken(token.sign, token.text, token.place)


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer=_Ready)


def joined(query: str, tokens: Sequence[Token]) -> Tree[LarkToken]:
    """The tree of rules over the tokens, of which `start_pos` is the place. Raises QuerySyntaxError for what joins nothing."""
    try:
        return _parser().parse(tokens)
    except UnexpectedToken as unexpected:
        place = unexpected.token.start_pos if unexpected.token.type != "$END" else None
        raise _refused(query, tokens, place) from None


def _refused(query: str, tokens: Sequence[Token], place: int | None) -> QuerySyntaxError:
    """Brackets are in pairs by now, so an operator, a field or a pair of brackets lacks what belongs to it."""
    number = len(tokens) if place is None else next(n for n, token in enumerate(tokens) if token.place == place)
    before, here = (tokens[number - 1] if number else None), (tokens[number] if number < len(tokens) else None)
    if before is not None and before.sign in _JOINING:
        what, at = f"{before.text} joins two terms, and none follows it.", before
    elif before is not None and before.sign == "NOT":
        what, at = f"{before.text} excludes what follows, and nothing does.", before
    elif before is not None and before.sign == "FIELD":
        what, at = f"Nothing follows {before.text}", before
    elif here is not None and here.sign in _JOINING:
        what, at = f"{here.text} joins two terms, and none stands before it.", here
    else:
        what, at = "There is nothing in these brackets.", before or tokens[0]
    word = at.text.isupper() and at.sign != "LPAR"
    advice = (
        f'Put a term on both sides; for the word itself, write "{at.text}".' if word else "Write a term there, or leave it out."
    )
    return QuerySyntaxError(what, text=query, place=at.place, suggestion=advice)
