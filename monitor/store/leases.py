"""Leases on sources: one owner at a time, by the server's clock, fenced by an epoch.

A lease that ran out may be taken by anybody; the epoch rises with each claim, and every write of a bookmark names the epoch it
was claimed under, so an owner that slept through its lease can waste requests but moves nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from monitor import clock
from monitor.bookmark import Bookmark
from monitor.source import IMPORT, Source
from monitor.store.bookmarks import bookmark_of
from monitor.store.document import Document
from monitor.store.outage import persists, tells_outage
from monitor.store.sources import FREE, due_sources, source_of

# Long enough for the slowest page with its retries, short enough that a dead node's sources wait a minute at most.
LEASE_S = 60.0
_LIKE_OURS = timedelta(seconds=2)  # clocks that differ by less, or by the way of a reply, are taken for the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A lease just taken: what to poll, from where, and the epoch that every write under it has to name.

    `ahead`: how far the server's clock is ahead of this machine's, where they plainly differ.
    """

    source: Source
    bookmark: Bookmark
    epoch: int
    owner: str
    ahead: timedelta = timedelta(0)


class Leases:
    """The field `lease` of the collection `sources`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._sources = database["sources"]

    async def claim(self, source_id: str, *, owner: str, lease_s: float = LEASE_S) -> Claim | None:
        """Take one source, due or not, paused or not. None where another holds it, there is none of that id, or it is a file."""
        return await self._claim({"_id": source_id, "kind": {"$ne": IMPORT}, **FREE}, owner=owner, lease_s=lease_s, sort=())

    async def claim_due(
        self, platform: str, *, owner: str, lease_s: float = LEASE_S, topic: str | None = None, besides: Collection[str] = ()
    ) -> Claim | None:
        """Take the most overdue free source of a platform, of one topic where given. None where nothing is due.

        `besides`: ids that are not taken, such as those the caller still works on though their leases ran out in an outage.
        """
        wanted = due_sources(platform) | ({} if topic is None else {"topics": topic})
        if besides:
            wanted["_id"] = {"$nin": list(besides)}
        return await self._claim(wanted, owner=owner, lease_s=lease_s, sort=(("next_due", 1),))

    @tells_outage
    async def renew(self, epochs: Mapping[str, int], *, lease_s: float = LEASE_S) -> int:
        """Hold on to leases, by id with their epochs, from now; returns how many. One that ran out and that nobody took is renewed too.

        All in one command: one after the other, many would take longer than a lease on a slow server.
        """
        if not epochs:
            return 0
        held: list[Document] = [{"$set": {"lease.until": _until(lease_s)}}]
        # The filter asks for an owner as well: what was given back must be claimed anew.
        renewals = [
            UpdateOne({"_id": source_id, "lease.epoch": epoch, "lease.owner": {"$ne": None}}, held)
            for source_id, epoch in epochs.items()
        ]
        return (await self._sources.bulk_write(renewals, ordered=False)).matched_count

    @tells_outage
    async def release(self, source_id: str, *, epoch: int) -> bool:
        """Give a lease back without saying when the source is due. False where another holds it by now."""
        result = await self._sources.update_one(
            {"_id": source_id, "lease.epoch": epoch}, {"$set": {"lease.owner": None, "lease.until": None}}
        )
        return result.matched_count == 1

    @persists
    async def release_all(self, *, owner: str) -> int:
        """Give back whatever an owner that works on nothing any more still holds; returns how many leases."""
        wanted = {"lease.owner": owner}
        result = await self._sources.update_many(wanted, {"$set": {"lease.owner": None, "lease.until": None}})
        return result.modified_count

    @tells_outage
    async def _claim(
        self, wanted: Mapping[str, Any], *, owner: str, lease_s: float, sort: Sequence[tuple[str, int]]
    ) -> Claim | None:
        lease: Document = {
            "owner": {"$literal": owner},
            "epoch": {"$add": [{"$ifNull": ["$lease.epoch", 0]}, 1]},
            "until": _until(lease_s),
        }
        stored = await self._sources.find_one_and_update(
            wanted, [{"$set": {"lease": lease}}], sort=list(sort) or None, return_document=ReturnDocument.AFTER
        )
        if stored is None:
            return None
        return Claim(
            source=source_of(stored),
            bookmark=bookmark_of(stored["bookmark"]),
            epoch=int(stored["lease"]["epoch"]),
            owner=owner,
            ahead=_ahead(stored["lease"]["until"] - timedelta(seconds=lease_s)),
        )


def _ahead(server_now: datetime) -> timedelta:
    """Beyond what the way of a reply takes."""
    ahead = server_now - clock.now()
    return ahead if abs(ahead) > _LIKE_OURS else timedelta(0)


def _until(lease_s: float) -> Document:
    return {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": round(lease_s * 1000)}}
