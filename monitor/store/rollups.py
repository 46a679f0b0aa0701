"""Rollups: the collections `roll_hour` and `roll_top_hour`, counted anew as a whole for every hour that is marked dirty.

An hour is claimed in its mark (`owner`, `until`, `attempts`), counted from `posts`, written, and only then unmarked. The
invariants: nothing is ever added to a stored number, so that any crash only repeats work; every write names the lease and is
void by the server's clock once that ran out, so that an owner who slept cannot overwrite a later count; a mark goes only when
no write that it announced can still be under way (`monitor.store.dirty`) and nobody has renewed it.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import bson
from pymongo.asynchronous.database import AsyncDatabase

from monitor.store.dirty import MARKED_FOR_S, SETTLE_S
from monitor.store.document import Document
from monitor.store.hour_claims import FORGOTTEN, RELEASED, HourClaims, from_now, shifted
from monitor.store.hour_count import COUNTED_FIELDS, HourCount
from monitor.store.outage import tells_outage

COLLECTIONS = ("roll_hour", "roll_top_hour")

_READ_AT_ONCE = 2000
# A command may have 16 MiB; the documents of an hour of one platform and topic have some kilobytes.
_WRITTEN_AT_ONCE_BYTES = 4 * 1024 * 1024

Settled = Literal["clean", "open", "lost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long things last, in seconds.

    `settle_s`: a mark older than this may go. `late_s`: a mark announces writes for so long in most cases, until then the hour
    is counted again every `again_s`. `lease_s`: how long a claim holds; `reserve_s` before its end nothing more is written, which
    is above the time limit of one operation.
    """

    settle_s: float = SETTLE_S
    late_s: float = 2 * MARKED_FOR_S
    again_s: float = MARKED_FOR_S
    lease_s: float = 60.0
    reserve_s: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HourClaim:
    """An hour that is ours to count: under which mark, since when and until when, by the server's clock."""

    hour: datetime
    owner: str
    marked_at: datetime
    claimed_at: datetime
    until: datetime
    attempts: int


class Rollups:
    """Claims hours, counts them, and writes what they come to; any number of processes at once."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], timing: Timing | None = None) -> None:
        self.database = database
        self.timing = timing or Timing()
        self._dirty = database["dirty"]
        self.claims = HourClaims(database, "dirty", due=self._due(), lease_s=self.timing.lease_s)
        self._posts = database["posts"]

    async def claim(self, *, owner: str) -> HourClaim | None:
        """Take the newest hour that is to be counted and that nobody holds; None where there is none."""
        claimed = await self.claims.take(owner=owner)
        if claimed is None:
            return None
        return HourClaim(
            hour=claimed["_id"],
            owner=owner,
            marked_at=claimed["marked_at"],
            claimed_at=claimed["claimed_at"],
            until=claimed["until"],
            attempts=int(claimed["attempts"]),
        )

    async def count(self, claim: HourClaim) -> tuple[HourClaim, HourCount]:
        """Count the posts of an hour as they are stored now, holding on to the claim, which is returned as it stands then."""
        count, held = HourCount(claim.hour), claim
        after: list[Document] = []
        while True:
            page = await self._page(claim.hour, after)
            for stored in page:
                count.add(stored)
            if len(page) < _READ_AT_ONCE:
                return held, count
            after = _last_moment(after, page)
            held = await self._renewed(held)

    @tells_outage
    async def write(self, claim: HourClaim, count: HourCount) -> None:
        """Make the rollups of an hour those of this count; without effect where the claim has run out."""
        made = zip(COLLECTIONS, (count.rollups(), count.tops()), strict=True)
        await asyncio.gather(*(self._replace(name, documents, claim) for name, documents in made))

    @tells_outage
    async def settle(self, claim: HourClaim) -> Settled:
        """End a claim after its count was written: `clean` unmarked, `open` to writes that may come, `lost` to another owner."""
        ours: Document = {"_id": claim.hour, "owner": claim.owner, "$expr": self._valid(claim)}
        if claim.marked_at <= claim.claimed_at - timedelta(seconds=self.timing.settle_s):
            removed = await self._dirty.delete_one({**ours, "marked_at": claim.marked_at})
            if removed.deleted_count:
                return "clean"
        counted: Document = {"$set": {"counted_at": claim.claimed_at}, "$unset": {**RELEASED, **FORGOTTEN}}
        return "open" if (await self._dirty.update_one(ours, counted)).matched_count else "lost"

    @tells_outage
    async def _page(self, hour: datetime, after: Sequence[Document]) -> list[Document]:
        # By the key of the index, in pages, so that no time limit spans the reading of a large hour. Posts of one
        # millisecond have no order there: those that were read are named.
        begin = after[-1]["created_at"] if after else hour
        wanted: Document = {"created_at": {"$gte": begin, "$lt": hour + timedelta(hours=1)}}
        if after:
            wanted["_id"] = {"$nin": [stored["_id"] for stored in after]}
        fields = dict.fromkeys(COUNTED_FIELDS, 1)
        found = self._posts.find(wanted, fields, batch_size=_READ_AT_ONCE).sort("created_at", 1).limit(_READ_AT_ONCE)
        return await found.to_list()

    async def _renewed(self, claim: HourClaim) -> HourClaim:
        """Hold on where the lease is half over; unchanged where that is not so, or another has taken the hour."""
        half_over: Document = {"$lt": ["$until", from_now(self.timing.lease_s / 2)]}
        until = await self.claims.renew(claim.hour, owner=claim.owner, where=half_over)
        return claim if until is None else replace(claim, until=until)

    async def _replace(self, name: str, documents: Sequence[Document], claim: HourClaim) -> None:
        collection, valid = self.database[name], self._valid(claim)
        stored = {found["_id"] async for found in collection.find({"hour": claim.hour}, {"_id": 1})}
        for batch in _batches(documents):
            await self._put(name, batch, valid)
        # No posts are left of these: as a rule since the posts do not match the topic any more.
        gone = sorted(stored - {document["_id"] for document in documents})
        if gone:
            await collection.delete_many({"_id": {"$in": gone}, "$expr": valid})

    async def _put(self, name: str, documents: Sequence[Document], valid: Document) -> None:
        """Replace or insert; the server looks at its clock and at the lease in the same command."""
        merge = {"into": name, "on": "_id", "whenMatched": "replace", "whenNotMatched": "insert"}
        # Literal, since what people write may begin with a dollar sign.
        given: Document = {"$documents": {"$literal": list(documents)}}
        cursor = await self.database.aggregate([given, {"$match": {"$expr": valid}}, {"$merge": merge}])
        await cursor.to_list()

    def _valid(self, claim: HourClaim) -> Document:
        return {"$lt": ["$$NOW", claim.until - timedelta(seconds=self.timing.reserve_s)]}

    def _due(self) -> Document:
        """Never counted under this mark; counted early, and some seconds ago; or old enough to be unmarked."""
        timing, counted = self.timing, {"$ifNull": ["$counted_at", None]}
        early: Document = {
            "$and": [
                {"$lt": ["$counted_at", shifted("$marked_at", timing.late_s)]},
                {"$lte": ["$counted_at", from_now(-timing.again_s)]},
            ]
        }
        return {"$or": [{"$eq": [counted, None]}, early, {"$lte": ["$marked_at", from_now(-timing.settle_s)]}]}


def _last_moment(before: Sequence[Document], page: Sequence[Document]) -> list[Document]:
    """The posts read so far that are of the last one's millisecond."""
    last = page[-1]["created_at"]
    return [stored for stored in (*before, *page) if stored["created_at"] == last]


def _batches(documents: Sequence[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    size = 0
    for document in documents:
        length = len(bson.encode(document))
        if batch and size + length > _WRITTEN_AT_ONCE_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(document)
        size += length
    if batch:
        yield batch
