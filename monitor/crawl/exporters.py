"""Feed exporters (`-o`, `-O`) that write posts: an item is a page, a line of the file is a post."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scrapy.exporters import BaseItemExporter, JsonItemExporter, JsonLinesItemExporter

from monitor.crawl.exported import exported
from monitor.crawl.page_item import PageItem
from monitor.text.cell import csv_line, joined
from monitor.text.cell import guarded as guarded_text

# Nested fields become columns of their own, lists are joined (`monitor.text.cell`); everything else is in the JSON formats.
COLUMNS = (
    "id", "platform", "native_id", "kind", "url", "created_at", "edited_at", "fetched_at", "text", "title", "summary", "language",
    "author.id", "author.handle", "author.name", "author.url", "author.followers", "author.bot", "tags", "mentions", "links",
    "media", "reply_to", "thread", "repost_of", "quote_of", "community", "counts.likes", "counts.reposts", "counts.replies",
    "counts.quotes", "counts.views", "counts.score", "sensitive", "deleted_at", "topics", "link_ids", "domains", "seen_on",
    "sentiment.scorer",
    "sentiment.version", "sentiment.label", "sentiment.compound", "sentiment.positive", "sentiment.neutral",
    "sentiment.negative", "sentiment.reason",
)  # fmt: skip


class PostsJsonLines(JsonLinesItemExporter):
    """One post per line, as docs/queries.md describes it."""

    def export_item(self, item: Any) -> None:
        for post in _posts(item):
            super().export_item(post)


class PostsJson(JsonItemExporter):
    """One JSON array of posts."""

    def export_item(self, item: Any) -> None:
        for post in _posts(item):
            super().export_item(post)


class PostsCsv(BaseItemExporter):
    """A table with the columns of COLUMNS, RFC 4180, UTF-8, safe in a spreadsheet that cuts at commas unless not `guarded`."""

    def __init__(self, file: Any, *, columns: Sequence[str] = COLUMNS, guarded: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.file = file
        self._columns = columns
        self._guarded = guarded

    def start_exporting(self) -> None:
        if not (self.file.seekable() and self.file.tell()):  # -o goes on with a table that has its header
            self._write([self._columns])

    def export_item(self, item: Any) -> None:
        self._write([cell(_value(post, name), guarded=self._guarded) for name in self._columns] for post in _posts(item))

    def _write(self, rows: Iterable[Iterable[str]]) -> None:
        self.file.write("".join(map(csv_line, rows)).encode(self.encoding or "utf-8"))


def _posts(item: Any) -> list[dict[str, Any]]:
    return [exported(post) for post in item.posts] if isinstance(item, PageItem) else [item]


def _value(post: Mapping[str, Any], column: str) -> Any:
    value: Any = post
    for name in column.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def cell(value: Any, *, guarded: bool = True) -> str:
    """A value as a cell of a table: empty for None, and, `guarded`, never a text that a spreadsheet runs as a formula."""
    if value is None:
        return ""
    if isinstance(value, Mapping) or (
        isinstance(value, list) and any("seen_at" in each for each in value if isinstance(each, Mapping))
    ):
        return json.dumps(
            value, ensure_ascii=False
        )  # a place, and earlier versions: no word of theirs could stand for the whole
    if isinstance(value, list):
        told = (each.get("url") or each.get("id") if isinstance(each, Mapping) else each for each in value)
        return cell(joined(str(each) for each in told if each), guarded=guarded)
    if isinstance(value, bool):
        return "true" if value else "false"
    return guarded_text(value) if guarded and isinstance(value, str) else str(value)
