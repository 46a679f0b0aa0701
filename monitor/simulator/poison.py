"""Poison: a row of a JSON reply made into one that something between here and the database cannot stand.

Each kind is one line of `KINDS`. The reply around the row stays what it was.
"""

import json
from collections.abc import Callable
from typing import Any
from zlib import crc32

_TEXTS = ("content", "comment_text", "story_text", "text", "content_html", "cooked", "body", "description", "title")
_COUNTERS = (
    "favourites_count", "points", "score", "likeCount", "comments", "reply_count", "public_reactions_count",
)  # fmt: skip
_IDS = ("id", "objectID", "question_id", "post_id", "html_url", "ap_id", "post_number")
_DATES = ("created_at", "date_published", "time", "createdAt", "published", "creation_date", "published_timestamp")
_SECONDS = ("time", "creation_date")  # dates that are numbers
_INNER = ("record", "comment", "post")  # where the words stand, with platforms that wrap them
_RAW = '"@raw"'  # where something stands that no encoder would write

TOO_LARGE = 2**70  # beyond BSON's 64 bits
DIGITS = "9" * 5000  # beyond what Python reads as a number
DEPTH = 100_000
LONG_TEXT = 1_000_000

Row = dict[str, Any]


def _first(row: Row, names: tuple[str, ...], otherwise: str) -> str:
    """The field of that meaning in this row: a filled one rather than an empty one."""
    return next((name for name in names if row.get(name)), next((name for name in names if name in row), otherwise))


def _append(addition: str) -> Callable[[Row], Row]:
    def apply(row: Row) -> Row:
        name = _first(row, _TEXTS, "text")
        return {**row, name: f"{row.get(name) or ''}{addition}"}

    return apply


def _counter(value: Any) -> Callable[[Row], Row]:
    return lambda row: {**row, _first(row, _COUNTERS, "points"): value}


def _year(year: int) -> Callable[[Row], Row]:
    seconds = (year - 1970) * 31_556_952

    def apply(row: Row) -> Row:
        dates = {name: seconds if name in _SECONDS else f"{year:04d}-01-01T00:00:00.000Z" for name in _DATES if name in row}
        return {**row, **dates, **({"created_at_i": seconds} if "created_at_i" in row else {})}

    return apply


def _without_id(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in (*_IDS, "uri", "url", "story_id")}


def _wrong_types(row: Row) -> Row:
    spoiled: Row = {_first(row, _TEXTS, "text"): {"html": 1}, _first(row, _DATES, "created_at"): [], "created_at_i": "now"}
    return {**row, **spoiled, **{name: "nobody" for name in ("account",) if name in row}}


# Kind -> what it does to the row, and the text that takes the place of the raw mark.
KINDS: dict[str, tuple[Callable[[Row], Row], str]] = {
    "nul": (_append("\x00"), ""),
    "surrogate": (_append("\ud800"), ""),
    "int64": (_counter(TOO_LARGE), ""),
    "nan": (_counter("@raw"), "NaN"),
    "infinity": (_counter("@raw"), "1e999"),
    "digits": (_counter("@raw"), DIGITS),
    "depth": (lambda row: {**row, "application": "@raw"}, "[" * DEPTH + "]" * DEPTH),
    "no-id": (_without_id, ""),
    "wrong-types": (_wrong_types, ""),
    "long-text": (_append(" long" * (LONG_TEXT // 5)), ""),
    "year-1": (_year(1), ""),
    "year-2099": (_year(2099), ""),
}

_OF_COUNTS = frozenset({"int64", "nan", "infinity", "digits", "depth"})


def poisoned(body: bytes, kind: str) -> bytes | None:
    """The row with its poison; None where it is no JSON object that could take any (an XML entry, a bare number)."""
    try:
        row = json.loads(body)
    except ValueError:
        return None
    if not isinstance(row, dict):
        return None
    change, raw = KINDS[kind]
    inner = next((name for name in _INNER if isinstance(row.get(name), dict)), None)
    if kind in _OF_COUNTS:
        row = {**row, "counts": change(row["counts"])} if isinstance(row.get("counts"), dict) else change(row)
    elif inner is None:
        row = change(row)
    else:
        row = {**(change(row) if kind == "no-id" else row), inner: change(row[inner])}
    return json.dumps(row, separators=(",", ":")).replace(_RAW, raw, 1).encode("ascii")


def kind_for(mark: int) -> str:
    """One of the kinds, always the same for one post."""
    return tuple(KINDS)[crc32(b"kind%d" % mark) % len(KINDS)]


def chosen(mark: int, *, rate: float) -> bool:
    """Whether this post is among the share `rate` of posts that are poisoned whenever they are shown."""
    return crc32(b"poison%d" % mark) / 2**32 < rate
