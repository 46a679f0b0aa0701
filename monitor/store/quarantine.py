"""Quarantine: raw posts that could not be normalised or stored, with the reason and what is needed to try again.

Keyed by a hash of source and raw content, so that the same poison met at every poll counts up instead of growing. Bounded:
beyond `MOST_KEPT` the oldest are dropped and their number is kept.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson.binary import Binary
from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from monitor import clock
from monitor.page import Reply
from monitor.store.document import Document, stored_moment
from monitor.store.outage import tells_outage

MOST_KEPT = 100_000
# A row larger than a whole reply may be is kept cut, for study; it cannot be replayed.
LARGEST_RAW_BYTES = 4 * 1024 * 1024
LONGEST_REASON = 500
ROWS_AT_ONCE = 100  # when all are read; each may be as large as LARGEST_RAW_BYTES
# What a platform's post() may need again; cookies, tokens and the rest stay out.
SAFE_HEADERS = frozenset({"content-type", "date", "etag", "last-modified", "link"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyContext:
    """The reply a row came from, as far as a later try needs it. Header names are lower case."""

    url: str
    status: int
    fetched_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, reply: Reply) -> "ReplyContext":
        """Take what is safe to keep of a reply: no body, and of the headers only `SAFE_HEADERS`."""
        headers = {name: value for name, value in reply.headers.items() if name in SAFE_HEADERS}
        return cls(url=reply.url, status=reply.status, fetched_at=reply.fetched_at, headers=headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One row that was set aside. `raw` as in `Post.raw`; `kind`: the error's class, such as PostError."""

    platform: str
    source_id: str
    reason: str
    kind: str
    raw: bytes
    reply: ReplyContext
    post_id: str | None = None

    @property
    def id(self) -> str:
        """The same for the same row of the same source."""
        made = hashlib.blake2b(self.source_id.encode("utf-8", "replace"), digest_size=16)
        made.update(b"\0" + (self.raw or (self.post_id or "").encode("utf-8", "replace")))
        return made.hexdigest()

    def __repr__(self) -> str:
        return f"<Refused {self.platform} {len(self.raw)} bytes: {self.reason[:80]}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A row in quarantine: how often and when it was met, and whether its raw content is `whole`."""

    id: str
    refused: Refused
    times: int
    first_at: datetime
    last_at: datetime
    whole: bool


class Quarantine:
    """The collection `quarantine`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], *, most_kept: int = MOST_KEPT) -> None:
        self.database = database
        self._rows = database["quarantine"]
        self._most_kept = most_kept

    @tells_outage
    async def add(self, rows: Sequence[Refused]) -> None:
        """Set rows aside durably; a row that is there already counts up and takes the newest reason."""
        if not rows:
            return
        at = clock.now()
        await self._rows.bulk_write([_upsert(row, at) for row in rows], ordered=False)
        await self._drop_oldest()

    @tells_outage
    async def list_newest(self, *, platform: str | None = None, limit: int = 100) -> list[Kept]:
        """Read rows, last met first."""
        found = self._rows.find(_wanted(platform)).sort("last_at", -1).limit(limit)
        return [_kept_of(stored) async for stored in found]

    async def each(self, *, platform: str | None = None) -> AsyncIterator[Kept]:
        """Read all rows by id, of one platform where given. Rows may be added and removed meanwhile; none is read twice.

        Raises StoreUnavailableError between two rows.
        """
        last = ""
        while batch := await self._after(last, platform):
            for stored in batch:
                yield _kept_of(stored)
            last = batch[-1]["_id"]

    @tells_outage
    async def find(self, row_id: str) -> Kept | None:
        """Read one row."""
        stored = await self._rows.find_one({"_id": row_id})
        return None if stored is None else _kept_of(stored)

    @tells_outage
    async def count(self, *, platform: str | None = None) -> int:
        """Count the rows kept."""
        return await self._rows.count_documents(_wanted(platform))

    @tells_outage
    async def dropped(self) -> int:
        """Count the rows that were dropped for space since the database was made."""
        stored = await self.database["meta"].find_one({"_id": "quarantine"})
        return 0 if stored is None else int(stored["dropped"])

    @tells_outage
    async def remove(self, row_ids: Sequence[str]) -> int:
        """Forget rows, as after a successful replay; returns how many were there."""
        result = await self._rows.delete_many({"_id": {"$in": list(row_ids)}})
        return result.deleted_count

    @tells_outage
    async def _after(self, last: str, platform: str | None) -> list[Document]:
        # By key and not by one long cursor: no time limit spans the work that is done between two rows.
        wanted: Document = {**_wanted(platform), "_id": {"$gt": last}}
        return await self._rows.find(wanted).sort("_id", 1).limit(ROWS_AT_ONCE).to_list()

    async def _drop_oldest(self) -> None:
        # The estimate comes from the collection's metadata and costs nothing, so it can be asked at every add.
        beyond = await self._rows.estimated_document_count() - self._most_kept
        if beyond <= 0:
            return
        oldest = await self._rows.find({}, {"_id": 1}).sort("last_at", 1).limit(beyond).to_list()
        result = await self._rows.delete_many({"_id": {"$in": [stored["_id"] for stored in oldest]}})
        await self.database["meta"].update_one({"_id": "quarantine"}, {"$inc": {"dropped": result.deleted_count}}, upsert=True)


def _upsert(row: Refused, at: datetime) -> UpdateOne:
    latest: Document = {
        "reason": _text(row.reason)[:LONGEST_REASON],
        "kind": _text(row.kind),
        "last_at": at,
        "reply": {
            "url": _text(row.reply.url),
            "status": row.reply.status,
            "fetched_at": stored_moment(row.reply.fetched_at),
            "headers": {name: _text(value) for name, value in row.reply.headers.items() if name in SAFE_HEADERS},
        },
    }
    first: Document = {
        "platform": _text(row.platform),
        "source": _text(row.source_id),
        "post": None if row.post_id is None else _text(row.post_id),
        "raw": Binary(row.raw[:LARGEST_RAW_BYTES]),
        "whole": len(row.raw) <= LARGEST_RAW_BYTES,
        "first_at": at,
    }
    return UpdateOne({"_id": row.id}, {"$set": latest, "$setOnInsert": first, "$inc": {"times": 1}}, upsert=True)


def _kept_of(stored: Mapping[str, Any]) -> Kept:
    reply = stored["reply"]
    return Kept(
        id=stored["_id"],
        refused=Refused(
            platform=stored["platform"],
            source_id=stored["source"],
            reason=stored["reason"],
            kind=stored["kind"],
            raw=bytes(stored["raw"]),
            reply=ReplyContext(
                url=reply["url"], status=int(reply["status"]), fetched_at=reply["fetched_at"], headers=reply["headers"]
            ),
            post_id=stored["post"],
        ),
        times=int(stored["times"]),
        first_at=stored["first_at"],
        last_at=stored["last_at"],
        whole=stored["whole"],
    )


def _text(text: str) -> str:
    # The refused row may be refused for just this: what cannot be encoded must not make its quarantine fail as well.
    return text.encode("utf-8", "replace").decode()


def _wanted(platform: str | None) -> Document:
    return {} if platform is None else {"platform": platform}
