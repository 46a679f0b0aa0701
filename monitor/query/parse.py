"""Queries read from what people type: `parse` for what is collected, `parse_search` for what is stored already."""

import re
from dataclasses import replace
from functools import lru_cache

from lark import Token
from lark import Tree as Rules

from monitor.query.fields import ALIASES, FIELDS, LEAST, PARTS, TERM_FIELDS
from monitor.query.grammar import joined
from monitor.query.query import Query
from monitor.query.refusal import FieldValueError, QueryLimitError, QuerySyntaxError, UnknownFieldError
from monitor.query.term import LONGEST_TERM, MOST_APART, Term, has_substance
from monitor.query.tokens import ADVICE, tokens_of
from monitor.query.tree import Field, Near, Not, Or, Tree, either, every
from monitor.text.addresses import address_spans
from monitor.text.tags import is_tag

DEEPEST = 20  # brackets and NOT inside each other
MOST_TERMS = 200

_HANDLE = re.compile(r"[\w-]+(?:\.[\w-]+)*(?:@[\w-]+(?:\.[\w-]+)*)?", re.ASCII)
_APART = re.compile(r"~(\d{1,3})")
_SMALL = frozenset({"and", "or", "not"})


def parse(text: str) -> Query:
    """Read the query of a topic. Raises QueryError that shows with a caret what is not understood, and what to write."""
    return _parsed(text.strip(), late=False)


def parse_search(text: str) -> Query:
    """Read a search over stored posts, where fields such as sentiment: and topic: are known too. Raises QueryError."""
    return _parsed(text.strip(), late=True)


@lru_cache(maxsize=4096)
def _parsed(query: str, *, late: bool) -> Query:
    rules = joined(query, tokens_of(query))
    return Query(_Reader(query, late=late).read(rules.children[0], field=None, depth=0))


class _Reader:
    """Makes the tree of one query from its rules, from left to right."""

    def __init__(self, query: str, *, late: bool) -> None:
        self._query = query
        self._late = late
        self._terms = 0
        self._small: Token | None = None  # a bare and, or, not

    def read(self, rule: "Rules[Token] | Token", *, field: Token | None, depth: int) -> Tree:
        """The tree of one rule; `field`: the one in whose brackets it stands."""
        if isinstance(rule, Token):
            return self._leaf(rule, field)
        parts = rule.children
        if rule.data == "near":
            return self._near(parts, field, depth)
        if rule.data in {"every", "either"}:
            inner = [self.read(part, field=field, depth=depth) for part in parts if not _joins(part)]
            return either(*inner) if rule.data == "either" else every(*inner)
        sign = parts[0]
        assert isinstance(sign, Token)  # NOT, the bracket or the field that all others begin with
        return self._begun(rule.data, sign, parts[1:], field, depth)

    def _begun(self, name: str, sign: Token, parts: "list[Rules[Token] | Token]", field: Token | None, depth: int) -> Tree:
        if sign.type == "FIELD":
            self._only_field(sign, field)
            field = sign
        if name == "field":
            return self.read(parts[0], field=field, depth=depth)
        self._check_depth(sign, depth)
        inner = self.read(parts[1 if name == "fields" else 0], field=field, depth=depth + 1)
        return Not(inner) if name == "not" else inner

    def _check_depth(self, at: Token, depth: int) -> None:
        if depth >= DEEPEST:
            what = f"Brackets and NOT stand inside each other more than {DEEPEST} deep."
            raise QueryLimitError(
                what, text=self._query, place=_place(at), suggestion="Leave out brackets that are not needed."
            )

    def _only_field(self, at: Token, field: Token | None) -> None:
        if field is not None:
            what = f"{at} stands inside the brackets of {field}"
            raise self._refused(what, at, f"Close the brackets of {field} before it.")

    def _near(self, parts: "list[Rules[Token] | Token]", field: Token | None, depth: int) -> Tree:
        left, sign, right = parts[:3]
        assert isinstance(sign, Token)
        if field is not None:
            what = f"{sign} cannot stand in the brackets of {field}"
            raise self._refused(
                what, sign, 'Write it outside, for all parts of a post; for one part, write a loose phrase: "a b"~5.'
            )
        if len(parts) > 3:
            second = parts[3]
            assert isinstance(second, Token)
            advice = "Write (a NEAR/5 b) AND (b NEAR/5 c)."
            raise self._refused("NEAR joins two terms, and this is a third.", second, advice)
        distance = sign.removeprefix("NEAR/")
        sides = [self._side(self.read(side, field=field, depth=depth), sign) for side in (left, right)]
        return Near(sides[0], sides[1], int(distance.rstrip("f")), ordered=distance.endswith("f"))

    def _side(self, side: Tree, sign: Token) -> Term | Or:
        """What NEAR can measure from: a term whose words stand together, or alternatives of such."""
        terms = side.parts if isinstance(side, Or) else (side,)
        if isinstance(side, Term | Or) and all(
            isinstance(term, Term) and not (term.within or term.split or term.part) for term in terms
        ):
            return side
        advice = "On each side of NEAR stands a word, a phrase, a tag, an account, or several in brackets joined with OR."
        raise self._refused(f"{sign} cannot measure from {side}.", sign, advice)

    def _leaf(self, token: Token, field: Token | None) -> Tree:
        self._terms += 1
        if self._terms > MOST_TERMS:
            what = f"The query has more than {MOST_TERMS} terms."
            raise QueryLimitError(what, text=self._query, place=_place(token), suggestion="Divide it into several topics.")
        if token.type == "WORD" and token in _SMALL and field is None:
            self._small = self._small or token
        if self._small is not None and self._terms > 1:
            small = self._small
            advice = f'Write {small.upper()} for the operator, or "{small}" for the word.'
            raise self._refused(f"{small} in small letters is a word here.", small, advice)
        if field is None:
            return self._term(token)
        name = field.lower().rstrip(":")
        return self._term_of_field(token, field, name) if name in TERM_FIELDS else self._fact(token, field, name)

    # ---- fields

    def _fact(self, token: Token, field: Token, name: str) -> Field:
        value = str(token)
        if token.type == "QUOTED":
            value = token.removeprefix("=")[1:].rpartition('"')[0]
            if token != f'"{value}"':
                raise self._refused(f"{field} takes quotes alone, not {token}.", token, f'Write "{value}".')
        if name in LEAST:
            name, value = LEAST[name], f">={value}"
        name = ALIASES.get(name, name)
        kind = FIELDS[name]
        if kind.late and not self._late:
            what = f"{field} is known only of posts that are stored, and this query decides which are."
            raise UnknownFieldError(
                what, text=self._query, place=_place(field), suggestion="Leave it out here; searches take it."
            )
        if name == "has" and value == "poll":
            raise self._refused_value("Whether posts have polls is not collected.", token, f"Write {kind.help}.")
        read = kind.read(value) if value.isprintable() and len(value) <= LONGEST_TERM else None
        if read is None:
            raise self._refused_value(f"{field} cannot be {value[:LONGEST_TERM]}.", token, f"Write {kind.help}.")
        return Field(name, read)

    def _term_of_field(self, token: Token, field: Token, name: str) -> Term:
        if name in PARTS:
            term = self._term(token)
            if term.kind in {"tag", "handle"}:
                raise self._refused(f"{field} takes words, not {term}.", token, f"Write {field} and a word or a phrase.")
            return replace(term, part=PARTS[name])
        text = " ".join(token.strip('"').split())
        prefix = token.type == "WORD" and text.endswith("*")
        text = text.removesuffix("*") if prefix else text
        if name == "mentions":
            return self._handle(token, text.lstrip("@＠"))
        split = name == "tag~"
        return self._tag(token, text.lstrip("#＃"), prefix=prefix and not split, split=split)

    # ---- terms

    def _term(self, token: Token) -> Term:
        if token.type == "QUOTED":
            return self._phrase(token)
        text = str(token)
        self._check_words(token, text)
        if text[0] in "#＃":
            return self._tag(token, text[1:].removesuffix("*"), prefix=text.endswith("*"), split=False)
        if text[0] in "@＠":
            return self._handle(token, text[1:])
        if text[0] == "/":
            raise self._as_word("/ begins a pattern, and patterns are not understood.", token)
        if text[0] == "*" and len(text) > 1:
            raise self._as_word("* stands for any ending, and only at the end of a word.", token)
        exact = text[0] == "=" and len(text) > 1
        return self._word(token, text[exact:], exact=exact)

    def _word(self, token: Token, text: str, *, exact: bool) -> Term:
        prefix = text.endswith("*")
        text = text.removesuffix("*") if prefix else text
        self._check_substance(token, text)
        return Term(kind="word", text=text, prefix=prefix, exact=exact)

    def _phrase(self, token: Token) -> Term:
        """A phrase of one word is that word, whatever signs it holds."""
        exact = token.startswith("=")
        inner, _, after = token.removeprefix("=")[1:].rpartition('"')
        prefix, apart = after.endswith("*"), after.removesuffix("*")
        words = inner.split()
        self._check_words(token, inner, offset=1 + exact)
        self._check_substance(token, "".join(words), of="the phrase")
        found = _APART.fullmatch(apart)
        if apart and (found is None or not 1 <= int(found[1]) <= MOST_APART or len(words) < 2 or exact or prefix):
            place = len(token) - len(after)
            advice = f'Write "{inner}"~3: two words or more, at most {MOST_APART} others among them, in any order and capitals.'
            raise self._refused(f"{after} cannot follow this phrase.", token, advice, offset=place)
        within = int(found[1]) if found else 0
        kind = "phrase" if len(words) > 1 else "word"
        return Term(kind=kind, text=" ".join(words), prefix=prefix, exact=exact, within=within)  # type: ignore[arg-type]

    def _tag(self, token: Token, text: str, *, prefix: bool, split: bool) -> Term:
        if not is_tag(text.replace(" ", "") if split else text):
            raise self._refused("A tag is # and letters, digits or _, at least one letter.", token, ADVICE)
        return Term(kind="tag", text=text, prefix=prefix, split=split)

    def _handle(self, token: Token, text: str) -> Term:
        if not _HANDLE.fullmatch(text):
            raise self._refused(
                "An account is @ and a name, with @ and a host perhaps, such as @ann@example.org.", token, ADVICE
            )
        return Term(kind="handle", text=text)

    def _check_words(self, token: Token, text: str, *, offset: int = 0) -> None:
        if spans := address_spans(text):
            advice = f"Write url:{text[slice(*spans[0])]} for posts that link there." if " " not in text else ADVICE
            raise self._refused("Addresses in posts are not searched as text.", token, advice, offset=spans[0][0] + offset)
        if len(text) > LONGEST_TERM:
            what = f"A term has at most {LONGEST_TERM} characters, and this one has {len(text)}."
            raise QueryLimitError(what, text=self._query, place=_place(token), suggestion="Leave some of it out.")

    def _check_substance(self, token: Token, text: str, *, of: str = "it") -> None:
        if not has_substance(text):
            raise self._refused(f"There is nothing in {of} to look for.", token, ADVICE)

    # ---- what is said

    def _as_word(self, what: str, token: Token) -> QuerySyntaxError:
        return self._refused(what, token, f'For these very characters, write "{token}".')

    def _refused(self, what: str, at: Token, advice: str, *, offset: int = 0) -> QuerySyntaxError:
        return QuerySyntaxError(what, text=self._query, place=_place(at) + offset, suggestion=advice)

    def _refused_value(self, what: str, at: Token, advice: str) -> FieldValueError:
        return FieldValueError(what, text=self._query, place=_place(at), suggestion=advice)


def _joins(part: "Rules[Token] | Token") -> bool:
    return isinstance(part, Token) and part.type in {"AND", "OR"}


def _place(token: Token) -> int:
    return token.start_pos or 0
