"""How a bookmark lies in MongoDB (field `bookmark` of a source), field by field under the same names. Pure.

Marks keep their type: 9 and "9" sort differently. Whole numbers beyond 64 bits, which BSON does not know, lie as
`{"int": "..."}`. A field that a stored bookmark does not have yet gets the domain's default.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from monitor.bookmark import Again, Bookmark, Gap, Head
from monitor.store.document import Document, stored_moment

_MARKS = frozenset({"mark", "top", "floor", "start", "after", "upto"})
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


def bookmark_document(bookmark: Bookmark) -> Document:
    """Make the stored form; every field is there, unknown ones as null."""
    return _document(bookmark) | {
        "heads": [_document(head) for head in bookmark.heads],
        "gaps": [_document(gap) for gap in bookmark.gaps],
        "again": _document(bookmark.again) if bookmark.again else None,
    }


def bookmark_of(stored: Mapping[str, Any]) -> Bookmark:
    """Undo `bookmark_document`."""
    return Bookmark(
        **_fields(Bookmark, stored)
        | {
            "heads": tuple(Head(**_fields(Head, head)) for head in stored["heads"]),
            "gaps": tuple(Gap(**_fields(Gap, gap)) for gap in stored["gaps"]),
            "again": Again(**_fields(Again, stored["again"])) if stored.get("again") else None,
        }
    )


def _document(value: Bookmark | Head | Gap | Again) -> Document:
    return {field.name: _stored(getattr(value, field.name)) for field in fields(value)}


def _fields(kind: type[Bookmark] | type[Head] | type[Gap] | type[Again], stored: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: _read(field.name, stored[field.name]) for field in fields(kind) if field.name in stored}


def _stored(value: Any) -> Any:
    if isinstance(value, int) and not _SMALLEST <= value <= _LARGEST:
        return {"int": str(value)}
    if isinstance(value, datetime):
        return stored_moment(value)
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def _read(name: str, value: Any) -> Any:
    if name in _MARKS and isinstance(value, Mapping):
        return int(value["int"])
    if isinstance(value, list):
        return tuple(value)
    # A 64-bit integer comes back as a subclass of int.
    return int(value) if isinstance(value, int) else value
