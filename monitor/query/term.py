"""A term: one word, phrase, #tag or @account, as it is looked for in posts. The leaves of a query that concern what is said."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from monitor.query.folded import fold_term
from monitor.query.script import FIRST_SYMBOL
from monitor.text.addresses import address_spans

Kind = Literal["word", "phrase", "tag", "handle"]
Part = Literal["text", "title", "summary", "alt"]

LONGEST_TERM = 200  # characters; no platform's search takes much more
MOST_APART = 100  # words between terms; beyond that two words have nothing to do with each other

_OPERATOR = re.compile(r"AND|OR|NOT|NEAR(?:/.*)?|and|or|not", re.DOTALL)
# Signs that mean something at the beginning, anywhere or at the end of a word; and what looks like a field.
_MEANS_MORE = re.compile(r'[=#＃@＠/*-]|.*[\s()|"]|.*\*\Z|[A-Za-z_]{2,}~?:(?!//)', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """`text` is as it was typed, without quotes, # or @; white space in a phrase is single spaces.

    `prefix`: any ending may follow. `exact`: capitals matter. `within` (phrases): its words in any order with at most so many
    other words among them. `part`: only in this part of a post, None: in any. `split` (tags): it may be one of the words that
    a tag is joined of, as in #ClimateAction.
    """

    kind: Kind
    text: str
    prefix: bool = False
    exact: bool = False
    within: int = 0
    part: Part | None = None
    split: bool = False

    def __str__(self) -> str:
        """The term as it can be typed again."""
        if self.kind == "tag" and self.split:
            return f'tag~:"{self.text}"' if " " in self.text else f"tag~:{self.text}"
        sign = {"tag": "#", "handle": "@"}.get(self.kind)
        body = f"{sign}{self.text}" if sign else f'"{self.text}"' if self._quoted else self.text
        apart = f"~{self.within}" if self.within else ""
        field = f"{self.part}:" if self.part else ""
        return f"{field}{'=' * self.exact}{body}{apart}{'*' * self.prefix}"

    @property
    def _quoted(self) -> bool:
        told = self.text
        return (
            self.kind == "phrase"
            or _MEANS_MORE.match(told) is not None
            or _OPERATOR.fullmatch(told) is not None
            or bool(address_spans(told))
        )


def has_substance(text: str) -> bool:
    """Whether a letter, digit or picture is left when case, forms and invisible signs are gone; and no control character."""
    if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in text):
        return False
    return any(sign.isalnum() or sign >= FIRST_SYMBOL for sign in fold_term(text).text)
