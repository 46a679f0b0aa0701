"""Posts as Apache Parquet: typed columns, parts as structs, moments in UTC milliseconds, Zstandard, written group by group.

Needs pyarrow, which is no part of the basic installation (157 MB): the extra `data` brings it.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from monitor.crawl.selection import PARTS, Selection
from monitor.errors import ConfigurationError
from monitor.post import FIELDS, Post

# A group is held in memory until it is written: so many posts, or so many characters of text.
ROWS_PER_GROUP = 10_000
CHARACTERS_PER_GROUP = 16_000_000
WHOLE = tuple(name for name in FIELDS if name not in {"raw", "signature"})
_MOMENTS = frozenset({"created_at", "edited_at", "deleted_at", "fetched_at", "first_seen"})
_LISTS = frozenset({"tags", "mentions", "links", "link_ids", "domains", "seen_on"})
_NUMBERS = frozenset({"followers", "likes", "reposts", "replies", "quotes", "views", "score"})
_SHARES = frozenset({"compound", "positive", "neutral", "negative"})


def arrow() -> Any:
    """The module pyarrow with its part for Parquet. Raises ConfigurationError where it is not installed."""
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ImportError as error:
        raise ConfigurationError(
            "Parquet needs pyarrow, which is not installed. Install it: pip install 'social-monitor[data]'. "
            "Or write another form: --out FILE.jsonl"
        ) from error
    assert pyarrow.parquet is not None
    return pa


class PostsParquet:
    """Writes posts into an open file, which stays open."""

    def __init__(self, file: Any, selection: Selection) -> None:
        self._arrow = arrow()
        self._selection = selection
        self._schema = schema(self._arrow, selection)
        self._writer = self._arrow.parquet.ParquetWriter(
            self._arrow.PythonFile(file, mode="w"), self._schema, compression="zstd", store_schema=True
        )
        self._rows: list[dict[str, Any]] = []
        self._characters = 0

    def export_item(self, post: Post) -> None:
        """Add one post; groups go to the file as they are full."""
        self._rows.append(row(post, self._selection))
        self._characters += len(post.text)
        if len(self._rows) >= ROWS_PER_GROUP or self._characters >= CHARACTERS_PER_GROUP:
            self._flush()

    def finish_exporting(self) -> None:
        """Write the last group and the index of the file."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._schema))
        self._rows, self._characters = [], 0


def schema(pa: Any, selection: Selection) -> Any:
    """The columns with their types, in the order of the selection."""
    named = selection.names or WHOLE
    whole: dict[str, list[str]] = {}
    for name in named:
        top, _, part = name.partition(".")
        whole.setdefault(top, []).extend([part] if part else [])
    return pa.schema([(name, _type(pa, name, tuple(parts))) for name, parts in whole.items()])


def row(post: Post, selection: Selection) -> dict[str, Any]:
    """The post as values that the types hold; what is unknown is None."""
    made: dict[str, Any] = {}
    for name in selection.names or WHOLE:
        top, _, part = name.partition(".")
        value = _value(top, getattr(post, top))
        if part:
            made.setdefault(top, {})[part] = None if value is None else value[part]
        else:
            made[top] = value
    return made


def _type(pa: Any, name: str, parts: tuple[str, ...]) -> Any:
    if name in PARTS:
        return pa.struct([(part, _type_of_part(pa, part)) for part in parts or [field.name for field in fields(PARTS[name])]])
    if name in _LISTS:
        return pa.list_(pa.string())
    moment, text = pa.timestamp("ms", tz="UTC"), pa.string()
    match = [("id", text), ("version", pa.int32()), ("spans", pa.list_(pa.list_(pa.int32())))]
    revision = [("text", text), ("title", text), ("summary", text), ("edited_at", moment), ("seen_at", moment)]
    others = {
        **dict.fromkeys(_MOMENTS, moment),
        "sensitive": pa.bool_(),
        "media": pa.list_(pa.struct([("kind", text), ("url", text), ("alt", text)])),
        "topics": pa.list_(pa.struct(match)),
        "revisions": pa.list_(pa.struct(revision)),
    }
    return others.get(name, text)


def _type_of_part(pa: Any, part: str) -> Any:
    if part in _NUMBERS:
        return pa.int64()
    return pa.float64() if part in _SHARES else pa.bool_() if part == "bot" else pa.string()


def _value(name: str, value: Any) -> Any:
    if name == "place":
        return None if value is None else json.dumps(value, ensure_ascii=False)
    return _plain(value)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | datetime):
        return value
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
