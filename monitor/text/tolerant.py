"""JSON in which one value is impossible, read so that only the row around it is lost.

One hostile or broken post must not make its page fail on every try. What no decoder or store can hold (NaN, infinities,
numbers beyond all bounds, nesting without end) becomes an `Unreadable`, which no later step takes for a value:
`monitor.crawl.raw` refuses the row that holds it. A body that is cut, or is no JSON at all, is refused as a whole. Of a key
that is given twice the last value counts, in both decoders. Linear in the length.
"""

import json
import math
import re
from typing import Any, NoReturn

import msgspec

# Rows of the platforms we know nest 10 to 20 deep. Python's own limit is far above, and depends on who calls.
DEEPEST = 200
# Ids have at most 40 digits (128 bits). Converting a number takes time that grows with the square of its digits.
LONGEST_NUMBER = 100

# Stands for a subtree that was taken out of the text: a number that no sender writes (one who does loses that row only).
_TOO_DEEP = "-0.0e-100100"
_STRING_OR_BRACKETS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)|[\[{]+|[\]}]+', re.DOTALL)
_CLOSING = {"[": "]", "{": "}"}


class Unreadable:
    """A value that could not be decoded; `reason` names its kind, such as "NaN". No dataclass: encoders take those for data."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __repr__(self) -> str:
        return f"Unreadable({self.reason!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unreadable) and other.reason == self.reason

    def __hash__(self) -> int:
        return hash(self.reason)


def decoded(body: bytes) -> Any:
    """The JSON in a reply: by the fast strict decoder, and where that refuses, by `tolerant_json`. Raises ValueError."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return tolerant_json(body)


def tolerant_json(body: bytes) -> Any:
    """Decode UTF-8 JSON; impossible values come out as `Unreadable`. Raises ValueError for a body that is cut or no JSON.

    A byte order mark is skipped. Halves of surrogate pairs are let through, for `monitor.text.clean` to replace.
    """
    text = body.decode("utf-8", "surrogatepass").removeprefix("\ufeff")
    try:
        return _loaded(text)
    except RecursionError:
        return _loaded(_without_depths(text))


def _loaded(text: str) -> Any:
    return json.loads(text, parse_constant=Unreadable, parse_int=_whole_number, parse_float=_number)


def _whole_number(digits: str) -> int | Unreadable:
    return int(digits) if len(digits) <= LONGEST_NUMBER else Unreadable(f"a number of {len(digits)} digits")


def _number(digits: str) -> float | Unreadable:
    if digits == _TOO_DEEP:
        return Unreadable(f"more than {DEEPEST} levels")
    number = float(digits)
    return number if math.isfinite(number) else Unreadable("a number out of range")


def _without_depths(text: str) -> str:
    """`text` with everything below DEEPEST levels replaced by a marker. Raises ValueError where brackets do not match."""
    kept: list[str] = []
    expected: list[str] = []
    begin = 0
    for token in _STRING_OR_BRACKETS.finditer(text):
        if token[0][0] == '"':
            continue
        for at, sign in enumerate(token[0], token.start()):
            if sign in _CLOSING:
                expected.append(_CLOSING[sign])
                if len(expected) == DEEPEST + 1:
                    kept.append(text[begin:at])
            else:
                if not expected or expected.pop() != sign:
                    _refuse(at)
                if len(expected) == DEEPEST:
                    kept.append(_TOO_DEEP)
                    begin = at + 1
    if expected:
        _refuse(len(text))
    return "".join([*kept, text[begin:]])


def _refuse(at: int) -> NoReturn:
    raise ValueError(f"brackets do not match at character {at}")
