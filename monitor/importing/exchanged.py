"""Posts as this program writes them, as lines of JSON (`monitor posts --jsonl`), so that they can go from one database to another.

Everything comes back: what the platform said by `post`, and by `kept` what a database knew besides. The raw row is not in such a
file. `_part` makes the parts of a Post from their JSON and refuses what is none.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from monitor.errors import PostError
from monitor.importing.format import Format, one_row
from monitor.page import Reply
from monitor.post import Author, Counts, Label, Match, Media, Post, Revision, Score
from monitor.text.dates import utc, utc_or_none

_Part = TypeVar("_Part", Author, Counts, Media)
_LABELS: tuple[Label | None, ...] = ("positive", "neutral", "negative", None)
_TEXTS = (
    "url",
    "title",
    "summary",
    "language",
    "reply_to",
    "thread",
    "repost_of",
    "quote_of",
    "community",
    "sensitive",
    "place",
)


def post(row: Any, _reply: Reply) -> Post:
    """What its platform said of it."""
    if not isinstance(row, Mapping):
        raise PostError("the row is no JSON object")
    if "platform" not in row or "created_at" not in row:
        raise PostError("the row lacks platform or created_at: it is no post as monitor posts writes one")
    kept(row)  # a row of which the rest cannot be read is refused as a whole
    return Post(
        id=row["id"],
        platform=row["platform"],
        native_id=row["native_id"],
        kind=row.get("kind", "post"),
        created_at=utc(row["created_at"]),
        edited_at=utc_or_none(row.get("edited_at")),
        deleted_at=utc_or_none(row.get("deleted_at")),
        text=row["text"],
        author=_part(Author, row["author"], "author"),
        tags=tuple(row.get("tags", ())),
        mentions=tuple(row.get("mentions", ())),
        links=tuple(row.get("links", ())),
        media=tuple(_part(Media, each, "media") for each in row.get("media", ())),
        counts=_part(Counts, row.get("counts", {}), "counts"),
        **{"url": None} | {name: row[name] for name in _TEXTS if name in row},
    )


def read_at(row: Any) -> datetime | None:
    """When it was last read from its platform."""
    return utc_or_none(row.get("fetched_at")) if isinstance(row, Mapping) else None


def kept(row: Any) -> Mapping[str, Any]:
    """By which ways it came, since when it is known, what it said before, which topics it matched, and its score."""
    made: dict[str, Any] = {}
    if row.get("first_seen"):
        made["first_seen"] = utc(row["first_seen"])
    if row.get("seen_on"):
        made["seen_on"] = tuple(_text(each, "seen_on") for each in row["seen_on"])
    if row.get("topics"):
        made["topics"] = tuple(_match(each) for each in row["topics"])
    if row.get("revisions"):
        made["revisions"] = tuple(_revision(each) for each in row["revisions"])
    if row.get("sentiment"):
        made["sentiment"] = _score(row["sentiment"])
    return made


def _part(kind: type[_Part], told: Any, name: str) -> _Part:
    if not isinstance(told, Mapping) or not told.keys() <= {field.name for field in fields(kind)}:
        raise PostError(f"{name} has fields that are not known, or is no JSON object")
    return kind(**told)


def _match(told: Any) -> Match:
    spans = tuple((_number(start), _number(end)) for start, end in told.get("spans", ()))
    return Match(id=_text(told["id"], "topics.id"), version=_number(told["version"]), spans=spans)


def _revision(told: Any) -> Revision:
    edited = utc_or_none(told.get("edited_at"))
    said = {name: _text(told[name], f"revisions.{name}") for name in ("title", "summary") if told.get(name) is not None}
    return Revision(text=_text(told["text"], "revisions.text"), edited_at=edited, seen_at=utc(told["seen_at"]), **said)


def _score(told: Any) -> Score:
    if told.get("label") not in _LABELS:
        raise PostError("sentiment.label is none of positive, neutral, negative")
    numbers = {name: told[name] for name in ("compound", "positive", "neutral", "negative") if told.get(name) is not None}
    if any(
        isinstance(number, bool) or not isinstance(number, int | float) or not -1 <= number <= 1 for number in numbers.values()
    ):
        raise PostError("sentiment holds a number outside -1 to 1")
    if told.get("label") is not None and "compound" not in numbers:
        raise PostError("sentiment has a label and no compound")
    texts: dict[str, Any] = {
        name: _text(told[name], f"sentiment.{name}") for name in ("version", "reason") if told.get(name) is not None
    }
    return Score(scorer=_text(told["scorer"], "sentiment.scorer"), label=told.get("label"), **numbers, **texts)


def _text(told: Any, name: str) -> str:
    if not isinstance(told, str):
        raise PostError(f"{name} is a {type(told).__name__}, not text")
    return told


def _number(told: Any) -> int:
    if type(told) is not int:
        raise PostError("a version or a place in the text is no whole number")
    return told


FORMAT = Format("posts", None, one_row, post, read_at, kept)
