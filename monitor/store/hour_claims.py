"""Hours that wait for a stage, one document each, and who works on them: claims by the server's clock, with attempts.

The collections `dirty` and `unindexed` hold marks of their own kind; the fields of a claim are the same in both: `owner`, `until`,
`claimed_at`, `attempts`, `not_before`, `reason`. An hour whose last attempt came to nothing, be it that the process died, is left
alone for `SET_ASIDE_S`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase

from monitor.store.document import Document
from monitor.store.outage import tells_outage

# After so many attempts that came to nothing an hour is left alone for a while: it may be what ends the process.
MOST_ATTEMPTS = 5
SET_ASIDE_S = 3600.0
RELEASED: Mapping[str, str] = {"owner": "", "until": ""}
FORGOTTEN: Mapping[str, str] = {"attempts": "", "not_before": "", "reason": ""}


class HourClaims:
    """The claims of one collection of hours. `due`: an expression that is true of an hour that may be worked on now."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], collection: str, *, due: Document, lease_s: float) -> None:
        self.database = database
        self._hours = database[collection]
        self._due = due
        self.lease_s = lease_s

    @tells_outage
    async def take(self, *, owner: str) -> Document | None:
        """Claim the newest hour that is due and that nobody holds, and return it as it stands then; None where there is none."""
        attempts: Document = {"$add": [{"$ifNull": ["$attempts", 0]}, 1]}
        last: Document = {"$gte": [attempts, MOST_ATTEMPTS]}
        claim: Document = {
            "owner": {"$literal": owner},
            "claimed_at": "$$NOW",
            "until": from_now(self.lease_s),
            "attempts": attempts,
            "not_before": {"$cond": [last, from_now(SET_ASIDE_S), "$$REMOVE"]},
        }
        taken: Document | None = await self._hours.find_one_and_update(
            {"$expr": {"$and": [self._due, _FREE]}},
            [{"$set": claim}],
            sort=[("_id", -1)],
            return_document=ReturnDocument.AFTER,
        )
        return taken

    @tells_outage
    async def renew(self, hour: datetime, *, owner: str, where: Document | None = None) -> datetime | None:
        """Hold on from now, where `where` is true as well; returns until when, None where that is not so or another has the hour."""
        ours: Document = {"_id": hour, "owner": owner} | ({} if where is None else {"$expr": where})
        renewed = await self._hours.find_one_and_update(
            ours, [{"$set": {"until": from_now(self.lease_s)}}], return_document=ReturnDocument.AFTER
        )
        until: datetime | None = None if renewed is None else renewed["until"]
        return until

    @tells_outage
    async def release(self, hour: datetime, *, owner: str) -> None:
        """Give an hour back that was not tried."""
        # Who made it wait again meanwhile has set the attempts back.
        attempts: Document = {"$max": [0, {"$subtract": [{"$ifNull": ["$attempts", 0]}, 1]}]}
        update: list[Document] = [{"$set": {"attempts": attempts}}, {"$unset": [*RELEASED, "not_before"]}]
        await self._hours.update_one({"_id": hour, "owner": owner}, update)

    @tells_outage
    async def fail(self, hour: datetime, reason: str, *, owner: str) -> None:
        """Give an hour back that came to nothing, with the reason; after the last attempt it stays set aside."""
        await self._hours.update_one({"_id": hour, "owner": owner}, {"$set": {"reason": reason}, "$unset": RELEASED})

    @tells_outage
    async def waiting(self) -> bool:
        """Tell whether an hour is due that is not set aside, be it in the hands of another process."""
        wanted: Document = {"attempts": {"$not": {"$gte": MOST_ATTEMPTS}}, "$expr": self._due}
        return await self._hours.find_one(wanted, {"_id": 1}) is not None

    @tells_outage
    async def count_set_aside(self) -> int:
        """Count the hours that were given up on for now."""
        return await self._hours.count_documents({"attempts": {"$gte": MOST_ATTEMPTS}})

    @tells_outage
    async def retry_set_aside(self) -> None:
        """Make the hours that were set aside wait again; whoever holds one goes on holding it."""
        await self._hours.update_many({"attempts": {"$gte": MOST_ATTEMPTS}}, {"$unset": FORGOTTEN})


def from_now(seconds: float) -> Document:
    """An expression: so many seconds after the server's present."""
    return shifted("$$NOW", seconds)


def shifted(moment: str, seconds: float) -> Document:
    """An expression: so many seconds after `moment`, itself an expression."""
    return {"$dateAdd": {"startDate": moment, "unit": "millisecond", "amount": round(seconds * 1000)}}


_FREE: Document = {
    "$and": [{"$lte": [{"$ifNull": [f"${limit}", None]}, "$$NOW"]} for limit in ("until", "not_before")],
}
