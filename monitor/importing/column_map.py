"""Which column of a table holds which field of a post, and how its dates, lists and signs are written. Pure.

Written as pairs: `created_at=date` takes a column, `platform:=x` says one value for all rows, and `zone:=Europe/Berlin` how the table
is to be read. A file has a pair on each line; on the command line commas stand between them.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.errors import UsageError
from monitor.post import COUNTED, Author

TEXTS = ("url", "title", "summary", "language", "community")
POSTS = ("reply_to", "thread", "repost_of", "quote_of")  # name other posts
LISTS = ("tags", "mentions", "links", "media")
MOMENTS = ("created_at", "edited_at", "fetched_at")
FLAGS = ("is_reply", "is_repost", "is_quote")  # a kind in a column of its own, as yes or no
PARTS = (*(f"author.{each.name}" for each in fields(Author)), *(f"counts.{name}" for name in COUNTED))
FIELDS = ("id", "native_id", "platform", "kind", "text", "sensitive", *TEXTS, *POSTS, *LISTS, *MOMENTS, *FLAGS, *PARTS)
SETTINGS = ("zone", "dates", "lists", "delimiter", "encoding")
DATES = ("seconds", "milliseconds")
_PAIR = re.compile(r"([a-z_.]+)(:?=)(.*)", re.DOTALL)
_BETWEEN = re.compile(r",(?=\s*[a-z_.]+:?=)")
_NAMED = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """`columns`: field -> column, `constants`: field -> value. `dates` is "seconds", "milliseconds", a pattern as strptime has them, or
    None for ISO 8601; a date without a zone is one of `zone`. `lists` stands between the entries of a list. None: found from the file.

    `guarded`: texts that look like formulas, and lists, are as this program writes them (`monitor.text.cell`).
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    dates: str | None = None
    zone: str = "UTC"
    lists: str = ","
    delimiter: str | None = None
    encoding: str | None = None
    guarded: bool = False

    def __str__(self) -> str:
        """As JSON in one order; `of_text` reads it back equal."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def of_text(cls, text: str) -> "ColumnMap":
        """Undo `str`."""
        return cls(**json.loads(text))


def read_pairs(given: Iterable[str]) -> ColumnMap:
    """The map that these texts describe, each one or more pairs. Raises UsageError, saying which pair and what to write."""
    columns: dict[str, str] = {}
    constants: dict[str, str] = {}
    settings: dict[str, str] = {}
    for pair in _split(given):
        name, sign, value = _parts(pair)
        known = (*FIELDS, *SETTINGS) if sign == ":=" else FIELDS
        if name not in known:
            near = get_close_matches(name, known, n=1)
            meant = f" Did you mean {near[0]}?" if near else ""
            raise UsageError(f"The map says {name}{sign}, and there is no such field.{meant} There are: {', '.join(known)}.")
        kept = settings if name in SETTINGS else constants if sign == ":=" else columns
        if name in columns or name in constants or name in settings:
            raise UsageError(f"The map says {name} twice. Write it once.")
        kept[name] = value
    return _checked(columns, constants, settings)


def _split(given: Iterable[str]) -> Iterable[str]:
    for text in given:
        for line in text.splitlines():
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            yield from (pair.strip() for pair in _BETWEEN.split(line))


def _parts(pair: str) -> tuple[str, str, str]:
    found = _PAIR.fullmatch(pair)
    if found is None or not found[3].strip():
        raise UsageError(f"The map holds {pair[:60]!r}: write FIELD=COLUMN, or FIELD:=VALUE for one value in all rows.")
    return found[1], found[2], found[3].strip()


def _checked(columns: dict[str, str], constants: dict[str, str], settings: dict[str, str]) -> ColumnMap:
    there = columns.keys() | constants.keys()
    for needed, sentence in (
        ({"id", "native_id"}, "what identifies a post: id=COLUMN or native_id=COLUMN"),
        ({"created_at"}, "when it was written: created_at=COLUMN"),
        ({"text", "title"}, "what it says: text=COLUMN"),
        ({"author.id", "author.handle"}, "who wrote it: author.id=COLUMN or author.handle=COLUMN"),
        ({"platform"}, "its platform: platform:=NAME, or platform=COLUMN"),
    ):
        if not needed & there:
            raise UsageError(f"The map does not say {sentence}.")
    zone = settings.get("zone", "UTC")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(f"There is no time zone {zone[:60]}. Write a name such as zone:=Europe/Berlin.") from error
    signs = {name: _NAMED.get(settings[name], settings[name]) for name in ("delimiter", "lists") if name in settings}
    if len(signs.get("delimiter", ",")) != 1:
        raise UsageError("delimiter:= takes one sign, or tab.")
    if "encoding" in settings:
        _check_encoding(settings["encoding"])
    dates = settings.get("dates")
    if dates is not None and dates not in DATES and "%" not in dates:
        raise UsageError("dates:= takes seconds, milliseconds, or a pattern such as %d.%m.%Y %H:%M.")
    read: dict[str, Any] = settings | signs
    return ColumnMap(columns=columns, constants=constants, **read)


def _check_encoding(name: str) -> None:
    try:
        b"a".decode(name)
    except (LookupError, ValueError) as error:
        raise UsageError(f"There is no encoding {name[:40]!r}. Write one such as encoding:=cp1252.") from error
