"""The word index: the collection `search`, in which each post has the terms of what it says, made from `posts` in the background.

Hours with marked minutes (`monitor.store.unindexed`) are claimed, the posts of those minutes indexed, and then unmarked. The
invariants: an entry is replaced only by one of a later state of its post (`writes`) or a later build of the index, so that a process
which slept overwrites nothing newer; a mark goes only when no write that it announced can still be under way, and unchanged; so a
minute without a mark holds just the terms of its posts as they are stored, whenever any process is killed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pymongo import InsertOne, ReplaceOne, ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from monitor.query.word_index import VERSION, terms_of
from monitor.store.dirty import SETTLE_S
from monitor.store.document import Document, post_of
from monitor.store.hour_claims import FORGOTTEN, RELEASED, HourClaims, from_now
from monitor.store.newest_first import Downwards
from monitor.store.outage import tells_outage
from monitor.store.rebuild import LONG_AGO, hours_of
from monitor.store.unindexed import SAYING

NOTE = (
    "word_index"  # in the collection meta: `version` of the terms, `build`, and whether every post is marked or indexed since
)

_AT_ONCE = 200  # posts; some thousand keys of the index, which a slow server writes well within the time limit of one operation
_MARKED_AT_ONCE = 1000
_MOST_ROUNDS = 100  # in each, one of the processes that meet at an entry gets through
_DUPLICATE_KEY = 11000
_MINUTE = timedelta(minutes=1)
_FIELDS = dict.fromkeys((*SAYING, "platform", "native_id", "kind", "created_at", "author.id", "writes"), 1)

Settled = Literal["done", "lost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """In seconds: a mark older than `settle_s` may go; a claim holds for `lease_s`."""

    settle_s: float = SETTLE_S
    lease_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """Which making of the index this is. One of another version, or not `complete`, is no use for searches."""

    number: int
    version: str
    complete: bool

    @property
    def usable(self) -> bool:
        """Whether every post is indexed by the terms of this program, or marked."""
        return self.complete and self.version == VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class HourClaim:
    """An hour that is ours to index: all its `marks` as they were then, by the number of the minute; `due`: those that may go."""

    hour: datetime
    owner: str
    attempts: int
    marks: Mapping[str, datetime]
    due: frozenset[str]

    @property
    def stretches(self) -> list[tuple[datetime, datetime]]:
        """The minutes that are due, neighbours joined."""
        joined: list[tuple[datetime, datetime]] = []
        for minute in sorted(map(int, self.due)):
            begin = self.hour + minute * _MINUTE
            if joined and joined[-1][1] == begin:
                joined[-1] = joined[-1][0], begin + _MINUTE
            else:
                joined.append((begin, begin + _MINUTE))
        return joined


class WordIndex:
    """Claims hours, indexes their posts, and unmarks them; any number of processes at once."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], timing: Timing | None = None) -> None:
        self.database = database
        self.timing = timing or Timing()
        self._unindexed = database["unindexed"]
        self._search = database["search"]
        self.claims = HourClaims(database, "unindexed", due=self._due(), lease_s=self.timing.lease_s)

    @tells_outage
    async def build(self) -> Build | None:
        """Which making of the index stands in the database; None: none was begun."""
        stored = await self.database["meta"].find_one({"_id": NOTE})
        if stored is None:
            return None
        return Build(number=int(stored["build"]), version=stored["version"], complete=stored["complete"])

    async def prepare(self, *, rebuild: bool = False) -> Build:
        """Begin an index, anew where there is one of other terms or on demand: mark all posts. May be repeated, and interrupted.

        Until that is done searches read the posts themselves.
        """
        standing = await self.build()
        if standing is not None and standing.usable and not rebuild:
            return standing
        number = await self._begin()
        batch: list[datetime] = []
        async for hour in hours_of(self.database, "posts", "created_at"):
            batch.append(hour)
            if len(batch) == _MARKED_AT_ONCE:
                await self._mark_whole(batch)
                batch = []
        await self._mark_whole(batch)
        return await self._complete(number)

    async def claim(self, *, owner: str) -> HourClaim | None:
        """Take the newest hour with marks old enough to go, that nobody holds; None where there is none."""
        claimed = await self.claims.take(owner=owner)
        if claimed is None:
            return None
        old = claimed["claimed_at"] - timedelta(seconds=self.timing.settle_s)
        marks: dict[str, datetime] = claimed["minutes"]
        return HourClaim(
            hour=claimed["_id"],
            owner=owner,
            attempts=int(claimed["attempts"]),
            marks=marks,
            due=frozenset(minute for minute, at in marks.items() if at <= old),
        )

    async def index(self, claim: HourClaim, build: Build) -> int:
        """Make the entries of all posts of the minutes that are due those of their present state; returns how many were written."""
        written = 0
        for lower, upper in claim.stretches:
            if claim.attempts > 1:  # who was killed between writing entries and looking whether their posts are still there
                await self._drop_orphans(lower, upper)
            reading = Downwards(self._posts, lower=lower, upper=upper)
            while not reading.done:
                async for batch in reading.page(_AT_ONCE):
                    written += await self._put([_entry(stored, build) for stored in batch])
                    await self._drop_removed([stored["_id"] for stored in batch])
                if not reading.done:
                    await self.claims.renew(claim.hour, owner=claim.owner)
        return written

    @tells_outage
    async def settle(self, claim: HourClaim) -> Settled:
        """Unmark the minutes that are indexed and that nobody has marked again; `lost`: another process has taken the hour over."""
        ours: Document = {"_id": claim.hour, "owner": claim.owner}
        if claim.due == claim.marks.keys():
            removed = await self._unindexed.delete_one({**ours, "minutes": dict(claim.marks)})
            if removed.deleted_count:
                return "done"
        gone: Document = {"$or": [{"$eq": ["$$this", {"k": minute, "v": claim.marks[minute]}]} for minute in sorted(claim.due)]}
        left = {"$filter": {"input": {"$objectToArray": "$minutes"}, "cond": {"$not": [gone]}}}
        update: list[Document] = [
            {"$set": {"minutes": {"$arrayToObject": left}}},
            {"$unset": [*RELEASED, *FORGOTTEN]},
        ]
        return "done" if (await self._unindexed.update_one(ours, update)).matched_count else "lost"

    @tells_outage
    async def count_marked(self) -> int:
        """How many minutes are marked."""
        group: Document = {"_id": None, "minutes": {"$sum": {"$size": {"$objectToArray": "$minutes"}}}}
        found = await (await self._unindexed.aggregate([{"$group": group}])).to_list()
        return int(found[0]["minutes"]) if found else 0

    # ---- the making of an index

    @tells_outage
    async def _begin(self) -> int:
        number: Document = {"$add": [{"$ifNull": ["$build", 0]}, 1]}
        note: Document = {"version": {"$literal": VERSION}, "build": number, "complete": False}
        stored: Document | None = await self.database["meta"].find_one_and_update(
            {"_id": NOTE}, [{"$set": note}], upsert=True, return_document=ReturnDocument.AFTER
        )
        assert stored is not None
        return int(stored["build"])

    @tells_outage
    async def _complete(self, number: int) -> Build:
        await self.database["meta"].update_one({"_id": NOTE, "build": number}, {"$set": {"complete": True}})
        stored = await self.database["meta"].find_one({"_id": NOTE})
        assert stored is not None
        return Build(number=int(stored["build"]), version=stored["version"], complete=stored["complete"])

    @tells_outage
    async def _mark_whole(self, hours: Sequence[datetime]) -> None:
        """Every minute of these hours. A mark that is there changes, so that nobody removes it for an entry of the last build."""
        if not hours:
            return
        existing: Document = {"$objectToArray": {"$ifNull": ["$minutes", {}]}}
        changed: Document = {"$map": {"input": existing, "in": {"k": "$$this.k", "v": {"$add": ["$$this.v", 1]}}}}
        whole = dict.fromkeys(map(str, range(60)), LONG_AGO)
        update: list[Document] = [
            {"$set": {"minutes": {"$mergeObjects": [{"$literal": whole}, {"$arrayToObject": changed}]}}},
            {"$unset": list(FORGOTTEN)},
        ]
        for hour in hours:
            await self._unindexed.update_one({"_id": hour}, update, upsert=True)

    # ---- entries

    @tells_outage
    async def _posts(self, bounds: Document, order: tuple[str, int], limit: int) -> list[Document]:
        return await self.database["posts"].find(bounds, _FIELDS).sort([order]).limit(limit).to_list()

    @tells_outage
    async def _put(self, entries: Sequence[Document]) -> int:
        """Write those that are newer than what is there; where another process was quicker, look again."""
        left = {entry["_id"]: entry for entry in entries}
        written = 0
        for _ in range(_MOST_ROUNDS):
            if not left:
                return written
            found = self._search.find({"_id": {"$in": list(left)}}, {"writes": 1, "build": 1})
            known = {stored["_id"]: stored async for stored in found}
            left = {post_id: entry for post_id, entry in left.items() if _is_newer(entry, known.get(post_id))}
            written += await self._write([_operation(entry, known.get(post_id)) for post_id, entry in left.items()])
        raise RuntimeError(f"{len(left)} entries of the word index are written by others all the time")

    @tells_outage
    async def _drop_removed(self, ids: Sequence[str]) -> None:
        """Drop the entries of posts that were removed since they were read: who removes a post drops its entry after it."""
        there = {stored["_id"] async for stored in self.database["posts"].find({"_id": {"$in": list(ids)}}, {"_id": 1})}
        if removed := [post_id for post_id in ids if post_id not in there]:
            await self._search.delete_many({"_id": {"$in": removed}})

    @tells_outage
    async def _drop_orphans(self, lower: datetime, upper: datetime) -> None:
        entries = self._search.find(entries_of({"$gte": lower, "$lt": upper}), {"_id": 1})
        await self._drop_removed([stored["_id"] async for stored in entries])

    async def _write(self, operations: Sequence[InsertOne[Document] | ReplaceOne[Document]]) -> int:
        if not operations:
            return 0
        try:
            result = await self._search.bulk_write(operations, ordered=False)
        except BulkWriteError as error:
            codes = {write["code"] for write in error.details.get("writeErrors", ())}
            if codes != {_DUPLICATE_KEY} or error.details.get("writeConcernErrors"):
                raise
            return int(error.details["nInserted"]) + int(error.details["nMatched"])
        return result.inserted_count + result.matched_count

    def _due(self) -> Document:
        old: Document = {"$lte": ["$$this.v", from_now(-self.timing.settle_s)]}
        return {"$anyElementTrue": {"$map": {"input": {"$objectToArray": "$minutes"}, "in": old}}}


def entries_of(moments: Document) -> Document:
    """The filter of entries by when their posts were written; by the index that only this is for."""
    return {"build": {"$gte": 0}, "created_at": moments}


def _entry(stored: Document, build: Build) -> Document:
    return {
        "_id": stored["_id"],
        "created_at": stored["created_at"],
        "terms": terms_of(post_of(stored)),
        "writes": int(stored.get("writes") or 0),
        "build": build.number,
    }


def _is_newer(entry: Document, known: Document | None) -> bool:
    return known is None or (known["build"], known["writes"]) < (entry["build"], entry["writes"])


def _operation(entry: Document, known: Document | None) -> InsertOne[Document] | ReplaceOne[Document]:
    if known is None:
        return InsertOne(entry)
    return ReplaceOne({"_id": entry["_id"], "build": known["build"], "writes": known["writes"]}, entry)
