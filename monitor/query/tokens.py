"""The signs of a query, with their places: what the grammar joins. Says what cannot even be a sign, and which bracket is alone."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from monitor.query.fields import NAMES
from monitor.query.refusal import QueryLimitError, QuerySyntaxError, UnknownFieldError
from monitor.query.term import MOST_APART

Sign = Literal["AND", "OR", "NOT", "NEAR", "LPAR", "RPAR", "FIELD", "QUOTED", "WORD"]

LONGEST_QUERY = 4000  # characters; platforms take far less, and a longer list belongs into several topics

_PLAIN_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_OPERATOR = re.compile(r'(AND|OR|NOT|NEAR(?:/[^\s()|"]*)?)(?=[\s()|"]|\Z)')
_DISTANCE = re.compile(r"NEAR/(\d{1,3})(f?)")
_FIELD = re.compile(r"([A-Za-z_]{2,}~?):(?!//)(?=\S)")
_QUOTED = re.compile(r'=?"[^"]*"(?:~[^\s()|"*]*)?\*?')
_WORD = re.compile(r'[^\s()|"]+')


@dataclass(frozen=True, slots=True)
class Token:
    """One sign; `text` is as it was typed, quotes made plain, `place` its offset in the query."""

    sign: Sign
    text: str
    place: int


def tokens_of(query: str) -> list[Token]:
    """The signs of a query, which has no white space around it. Raises QueryError."""
    if not query:
        raise QuerySyntaxError("The query is empty.", text="", place=0, suggestion=ADVICE)
    if len(query) > LONGEST_QUERY:
        raise QueryLimitError(
            f"The query has {len(query):,} characters, and {LONGEST_QUERY:,} are the most.",
            text=query,
            place=LONGEST_QUERY,
            suggestion="Divide it into several topics.",
        )
    tokens = list(_tokens(query))
    _check_brackets(query, tokens)
    return tokens


ADVICE = 'Write words, a "quoted phrase", a #tag or an @account, joined with AND, OR, NOT and brackets.'


def _tokens(query: str) -> Iterator[Token]:
    plain = query.translate(_PLAIN_QUOTES)
    place, before = 0, None
    while place < len(plain):
        if plain[place].isspace():
            place, before = place + 1, None
            continue
        token = _token(query, plain, place, before)
        yield token
        place, before = place + len(token.text), token


def _token(query: str, plain: str, place: int, before: Token | None) -> Token:
    """The sign that begins at `place`; `before`: the one that ends there, None after white space."""
    sign = plain[place]
    value = before is not None and before.sign == "FIELD"
    if sign == "(":
        if before is not None and before.sign in {"WORD", "QUOTED"}:
            advice = "Put a space or an operator before it; for these very characters, write quotes around them."
            raise QuerySyntaxError("A bracket follows a term directly.", text=query, place=place, suggestion=advice)
        return Token("LPAR", sign, place)
    if sign in ")|":
        return Token("RPAR" if sign == ")" else "OR", sign, place)
    if not value and (joining := _joining(query, plain, place)) is not None:
        return joining
    if sign == '"' or plain.startswith('="', place):
        return _quoted(query, plain, place)
    word = _WORD.match(plain, place)
    assert word is not None  # white space, brackets, | and quotes are done
    if plain.startswith('"', word.end()):
        advice = f'For these very characters, write "{plain.replace(chr(34), "").strip()}".'
        raise QuerySyntaxError("A phrase has to begin with its quote.", text=query, place=word.end(), suggestion=advice)
    return Token("WORD", word[0], place)


def _joining(query: str, plain: str, place: int) -> Token | None:
    """An operator or the name of a field, where one stands there."""
    if found := _OPERATOR.match(plain, place):
        return _operator(query, found[0], place)
    if plain[place] == "-" and not (plain[place + 1 : place + 2] or " ").isspace() and plain[place + 1] not in ")|":
        return Token("NOT", "-", place)
    if (found := _FIELD.match(plain, place)) and _is_field(query, found):
        return Token("FIELD", found[0], place)
    return None


def _operator(query: str, text: str, place: int) -> Token:
    name, _, _ = text.partition("/")
    if name == "NEAR":
        found = _DISTANCE.fullmatch(text)
        if found is None or not 1 <= int(found[1]) <= MOST_APART:
            advice = f"Write NEAR/5 for at most 5 words apart ({MOST_APART} at most), NEAR/5f when the left term comes first."
            raise QuerySyntaxError(f"{text} does not say how near.", text=query, place=place, suggestion=advice)
        return Token("NEAR", text, place)
    return Token("AND" if name == "AND" else "OR" if name == "OR" else "NOT", text, place)


def _is_field(query: str, found: re.Match[str]) -> bool:
    """Whether it is the name of a field. One in small letters that is unknown is refused, since a word it is hardly meant to be."""
    name = found[1].lower()
    if name in NAMES:
        return True
    if found[1] != name:
        return False
    near = difflib.get_close_matches(name, NAMES, n=1)
    meant = f"Did you mean {near[0]}:? " if near else f"Fields are {', '.join(NAMES)}. "
    word = _WORD.match(query, found.start())
    advice = f'{meant}For these very characters, write "{word[0] if word else found[0]}".'
    raise UnknownFieldError(
        f"{found[0]} looks like a field, and there is none.", text=query, place=found.start(), suggestion=advice
    )


def _quoted(query: str, plain: str, place: int) -> Token:
    found = _QUOTED.match(plain, place)
    if found is None:
        opened = plain.index('"', place)
        advice = f'Write "{plain[opened + 1 :].strip()}".'
        raise QuerySyntaxError("The quote is not closed.", text=query, place=opened, suggestion=advice)
    end = found.end()
    if end < len(plain) and not plain[end].isspace() and plain[end] not in "()|":
        advice = "Put a space behind the phrase; inside the quotes stands what is looked for."
        raise QuerySyntaxError("Something follows the phrase directly.", text=query, place=end, suggestion=advice)
    return Token("QUOTED", found[0], place)


def _check_brackets(query: str, tokens: list[Token]) -> None:
    """Raise for the first bracket that closes nothing, and for the last one that is not closed."""
    opened: list[Token] = []
    for token in tokens:
        if token.sign == "LPAR":
            opened.append(token)
        elif token.sign == "RPAR" and not opened:
            advice = "Leave it out, or open a bracket before it."
            raise QuerySyntaxError("This bracket closes none.", text=query, place=token.place, suggestion=advice)
        elif token.sign == "RPAR":
            opened.pop()
    if opened:
        advice = "Write ) where the group ends."
        raise QuerySyntaxError("This bracket is not closed.", text=query, place=opened[-1].place, suggestion=advice)
