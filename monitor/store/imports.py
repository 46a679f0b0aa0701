"""Imported files: how far each was read, what came of its rows, and the sources and ledger entries that say so.

The invariant: what is noted here is durable in `posts` and `quarantine` before. A file is known by its content and by how it is read,
so that it can be moved and renamed; one that was cut short goes on behind the last line that is noted.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor import clock
from monitor.source import IMPORT, Source
from monitor.store.document import Document, stored_moment
from monitor.store.outage import tells_outage
from monitor.store.sources import Sources

_INSTANT = timedelta(milliseconds=1)
_COUNTS = ("lines", "rows", "new", "changed", "unchanged", "set_aside", "expired", "erased", "matched")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What is imported: the name that a person knows it by, its content's SHA-256, its format, and a table's map as text."""

    name: str
    sha256: str
    format: str
    columns: str | None = None

    @property
    def id(self) -> str:
        """The same for the same content read in the same way."""
        made = f"{self.sha256}\0{self.format}\0{self.columns or ''}"
        return hashlib.blake2b(made.encode("utf-8", "replace"), digest_size=16).hexdigest()

    def source(self, platform: str, *, topics: tuple[str, ...] = ()) -> Source:
        """The source that its posts of one platform have."""
        parameters = {"file": self.name, "format": self.format, "sha256": self.sha256}
        return Source(platform=platform, kind=IMPORT, parameters=parameters, topics=topics)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """The posts of one platform so far: how many, and when the first and the last of them were written."""

    count: int
    first_at: datetime
    last_at: datetime

    def __add__(self, other: "Posts") -> "Posts":
        first, last = min(self.first_at, other.first_at), max(self.last_at, other.last_at)
        return Posts(count=self.count + other.count, first_at=first, last_at=last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What came of the first `lines` lines: rows, of which some are new, changed or unchanged posts, and some set aside.

    `expired` and `erased` were dropped (`monitor.store.gone`). `matched`: posts that match the topic the file was imported for.
    `platforms`: posts of each. `done`: nothing is left.
    """

    lines: int = 0
    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    set_aside: int = 0
    expired: int = 0
    erased: int = 0
    matched: int = 0
    platforms: Mapping[str, Posts] = field(default_factory=dict)
    done: bool = False

    def __add__(self, other: "Progress") -> "Progress":
        platforms = dict(self.platforms)
        for name, posts in other.platforms.items():
            platforms[name] = platforms[name] + posts if name in platforms else posts
        counted = {name: getattr(self, name) + getattr(other, name) for name in _COUNTS}
        return Progress(**counted, platforms=platforms, done=self.done or other.done)


class Imports:
    """The collection `imports`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._imports = database["imports"]
        self._sources = database["sources"]
        self._ledger = database["ledger"]

    @tells_outage
    async def begin(self, file: File) -> Progress:
        """Where an import of this file was cut short; the beginning for a new one, and for one that was read to its end."""
        stored = await self._imports.find_one({"_id": file.id})
        if stored is not None and not stored["done"]:
            return _progress_of(stored)
        return Progress()

    @tells_outage
    async def columns(self, source: Source) -> str | None:
        """The map by which a table was read last, as text; None for lines of JSON, and where there is no such file."""
        known = {name: source.parameters.get(name) for name in ("sha256", "format")}
        stored = await self._imports.find_one(known, {"map": 1}, sort=[("at", -1)])
        return None if stored is None else stored["map"]

    @tells_outage
    async def keep(self, file: File, progress: Progress, *, topics: tuple[str, ...] = ()) -> None:
        """Note how far a file is read. Order: sources, what the ledger says of them, then the place; repeating it changes nothing."""
        for platform, posts in sorted(progress.platforms.items()):
            source = file.source(platform, topics=topics)
            await Sources(self.database).ensure(source)
            read: Document = {"state": "ok", "last_polled_at": "$$NOW"}
            await self._sources.update_one({"_id": source.id}, [{"$set": read}])
            await self._note(source, file, posts)
        fields = {"file": file.name, "sha256": file.sha256, "format": file.format, "map": file.columns, "at": clock.now()}
        await self._imports.update_one({"_id": file.id}, {"$set": fields | _document(progress)}, upsert=True)

    async def _note(self, source: Source, file: File, posts: Posts) -> None:
        """One entry for the whole file, which grows with what is read of it; `$min` and `$max` keep it right, whoever comes second."""
        entry: Document = {
            "$setOnInsert": {"source": source.id, "version": 1, "n": 0, "epoch": 0, "run": file.id, "state": "imported"},
            "$set": {"reason": f"from the file {file.name}", "asked_at": clock.now()},
            "$min": {"from": stored_moment(posts.first_at)},
            "$max": {"to": stored_moment(posts.last_at + _INSTANT), "posts": posts.count},
        }
        await self._ledger.update_one({"_id": f"{source.id}:1:0"}, entry, upsert=True)


def _document(progress: Progress) -> Document:
    platforms = [
        {"platform": name, "posts": each.count, "from": each.first_at, "to": each.last_at}
        for name, each in sorted(progress.platforms.items())
    ]
    return {name: getattr(progress, name) for name in (*_COUNTS, "done")} | {"platforms": platforms}


def _progress_of(stored: Mapping[str, Any]) -> Progress:
    platforms = {
        each["platform"]: Posts(count=int(each["posts"]), first_at=each["from"], last_at=each["to"])
        for each in stored["platforms"]
    }
    counted: dict[str, Any] = {name: int(stored.get(name, 0)) for name in _COUNTS}
    return Progress(**counted, platforms=platforms)
