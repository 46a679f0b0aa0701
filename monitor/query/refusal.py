"""Why a text is no query: what is wrong, at which place, and what to write instead."""

import unicodedata

from monitor.errors import UsageError

WIDEST_LINE = 100  # columns of a query that are shown around the place; a terminal has more
_WIDE = frozenset({"W", "F"})  # characters that fill two columns of a terminal


class QueryError(UsageError):
    """A text cannot be read as a query.

    `position` is the column of the first character that is not understood, from 1, in the text without white space around it;
    `line` the text, or what stands around the place; `caret` the line that puts ^ under it; `suggestion` what to write instead.
    """

    def __init__(self, what: str, *, text: str, place: int, suggestion: str) -> None:
        self.what, self.position, self.suggestion = what, place + 1, suggestion
        self.line, column = _shown(text, place)
        self.caret = " " * column + "^"
        super().__init__(f"{what}\n  {self.line}\n  {self.caret}\n{suggestion}")


class QuerySyntaxError(QueryError):
    """Something stands where it cannot stand."""


class UnknownFieldError(QueryError):
    """A field of this name does not exist, or cannot be asked for here."""


class FieldValueError(QueryError):
    """A field cannot have this value."""


class QueryLimitError(QueryError):
    """The query is too long, too deep, or has too many terms."""


def _shown(text: str, place: int) -> tuple[str, int]:
    """One line of the text around the place, and the column of the place in it."""
    line = "".join(sign if sign.isprintable() else " " for sign in text)
    start = max(0, min(place - WIDEST_LINE // 2, len(line) - WIDEST_LINE))
    end = start + WIDEST_LINE
    before = ("…" if start else "") + line[start:place]
    return before + line[place:end] + ("…" if end < len(line) else ""), sum(_columns(sign) for sign in before)


def _columns(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in _WIDE else 1
