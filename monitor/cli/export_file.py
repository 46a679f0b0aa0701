"""A file of posts, whole or not there at all, and its manifest: what it holds, and how to make it again."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Literal

from scrapy.exporters import BaseItemExporter

from monitor.crawl.exported import exported
from monitor.crawl.exporters import PostsCsv, PostsJson, PostsJsonLines
from monitor.errors import UsageError
from monitor.post import Post

Form = Literal["json", "jsonl", "csv"]

_EXPORTERS: Mapping[Form, Callable[..., BaseItemExporter]] = {"json": PostsJson, "jsonl": PostsJsonLines, "csv": PostsCsv}


class Hashed:
    """A stream that bytes go through, counted: `size` in bytes, `sha256` in hexadecimal digits."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    def seekable(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self.size += len(data)
        self._file.write(data)

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


async def write(posts: AsyncIterator[Post], form: Form, file: BinaryIO | Hashed) -> Written:
    """Write posts as they come, in the shape of docs/queries.md, so that memory does not grow with their number."""
    written = Written()
    exporter = _EXPORTERS[form](file, encoding="utf-8")
    exporter.start_exporting()
    async for post in posts:
        exporter.export_item(exported(post))
        written.add(post)
    exporter.finish_exporting()
    return written


def form_of(path: Path) -> Form:
    """The form that a file's name asks for. Raises UsageError for a name that asks for none."""
    for form in _EXPORTERS:
        if path.suffix.lower() == f".{form}":
            return form
    raise UsageError(f"{path.name} does not say which form is meant: add --csv, --json or --jsonl, or end the name so.")


async def write_file(posts: AsyncIterator[Post], form: Form, path: Path, about: Mapping[str, Any]) -> Written:
    """Write the file, then beside it `NAME.manifest.json`: `about`, and the count, the size and the SHA-256 of the file.

    Both are complete when they appear under their names, the file first; what was there before is replaced. When anything
    fails nothing is. Raises UsageError where no file can be made.
    """
    part = path.with_name(f"{path.name}.part")
    opened = _opened(part, path)
    try:
        with opened:
            hashed = Hashed(opened)
            written = await write(posts, form, hashed)
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(path)
        told = {
            "file": path.name,
            "form": form,
            **about,
            "posts": written.posts,
            "platforms": dict(sorted(written.platforms.items())),
            "scorers": dict(sorted(written.scorers.items())),
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
