"""A file of posts, whole or not there at all, and its manifest: what it holds, and how to make it again."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from scrapy.exporters import BaseItemExporter

from monitor.cli.parquet import PostsParquet
from monitor.crawl.exported import exported
from monitor.crawl.exporters import COLUMNS, PostsCsv, PostsJson, PostsJsonLines
from monitor.crawl.selection import ALL, Selection
from monitor.errors import UsageError
from monitor.post import Post
from monitor.terms import terms_of

Form = Literal["json", "jsonl", "csv", "parquet"]
FORMS: tuple[Form, ...] = ("json", "jsonl", "csv", "parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The form of a file and what of each post is in it. `guarded`: no cell of a table runs as a formula in a spreadsheet."""

    form: Form
    selection: Selection = ALL
    guarded: bool = True


class Hashed:
    """A stream that bytes go through, counted: `size` in bytes, `sha256` in hexadecimal digits."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        return self.size

    @property
    def closed(self) -> bool:
        return False

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        """Whoever opened the file closes it."""

    def write(self, data: bytes) -> int:
        content = bytes(data)  # pyarrow hands over a view of its buffer
        self._hash.update(content)
        self.size += len(content)
        self._file.write(content)
        return len(content)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class Written:
    """What was written so far: how many posts, and of them by platform and by scorer with its version."""

    def __init__(self) -> None:
        self.posts = 0
        self.platforms: Counter[str] = Counter()
        self.scorers: Counter[str] = Counter()

    def add(self, post: Post) -> None:
        self.posts += 1
        self.platforms[post.platform] += 1
        if post.sentiment is not None:
            self.scorers[f"{post.sentiment.scorer} {post.sentiment.version or ''}".rstrip()] += 1


async def write(posts: AsyncIterator[Post], shape: Shape, file: Hashed) -> Written:
    """Write posts as they come, in the shape of docs/queries.md, so that memory does not grow with their number."""
    written = Written()
    add, finish = _writer(shape, file)
    async for post in posts:
        add(post)
        written.add(post)
    finish()
    return written


def _writer(shape: Shape, file: Hashed) -> tuple[Callable[[Post], None], Callable[[], None]]:
    """What adds one post, and what ends the file."""
    if shape.form == "parquet":
        table = PostsParquet(file, shape.selection)
        return table.export_item, table.finish_exporting
    exporter = _exporter(shape, file)
    exporter.start_exporting()
    return lambda post: exporter.export_item(shape.selection.of(exported(post))), exporter.finish_exporting


def _exporter(shape: Shape, file: Any) -> BaseItemExporter:
    if shape.form == "csv":
        return PostsCsv(file, columns=shape.selection.columns or COLUMNS, guarded=shape.guarded, encoding="utf-8")
    return PostsJson(file, encoding="utf-8") if shape.form == "json" else PostsJsonLines(file, encoding="utf-8")


def form_of(path: Path) -> Form:
    """The form that a file's name asks for. Raises UsageError for a name that asks for none."""
    for form in FORMS:
        if path.suffix.lower() == f".{form}":
            return form
    raise UsageError(
        f"{path.name} does not say which form is meant: add --csv, --json or --jsonl, or end the name so, or with .parquet."
    )


async def write_file(posts: AsyncIterator[Post], shape: Shape, path: Path, about: Mapping[str, Any]) -> Written:
    """Write the file, then beside it `NAME.manifest.json`: `about`, and the count, the size and the SHA-256 of the file.

    Both are complete when they appear under their names, the file first; what was there before is replaced. When anything
    fails nothing is. Raises UsageError where no file can be made.
    """
    part = path.with_name(f"{path.name}.part")
    opened = _opened(part, path)
    try:
        with opened:
            hashed = Hashed(opened)
            written = await write(posts, shape, hashed)
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(path)
        told = {
            "file": path.name,
            "form": shape.form,
            "fields": None if shape.selection.names is None else list(shape.selection.names),
            "formula_guard": shape.guarded if shape.form == "csv" else None,
            **about,
            "posts": written.posts,
            "platforms": dict(sorted(written.platforms.items())),
            "scorers": dict(sorted(written.scorers.items())),
            "terms": terms_of(written.platforms),
            "bytes": hashed.size,
            "sha256": hashed.sha256,
        }
        part.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        part.replace(path.with_name(f"{path.name}.manifest.json"))
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return written


def _opened(part: Path, path: Path) -> BinaryIO:
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no file: name one in a folder, or leave --out out and write to stdout.")
    try:
        return part.open("wb")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}. Name another with --out.") from error
