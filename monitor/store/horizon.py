"""The horizon: the hour before which posts were removed on purpose. It only moves forward, and nothing before it is stored again.

A note in `meta`: `at`, since when it is there (`moved_at`, by the server's clock), and in words why (`why`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.analysis.coverage import REMOVED, Hole, Told
from monitor.scope import Scope
from monitor.store.document import Document
from monitor.store.outage import tells_outage

NOTE = "horizon"
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """`why` as in `older than 400d`."""

    at: datetime
    moved_at: datetime
    why: str

    @property
    def reason(self) -> str:
        """Why there is nothing at a moment before it, as a hole says it."""
        return f"removed on {self.moved_at:%Y-%m-%d}: {self.why}"

    @property
    def sentence(self) -> str:
        """What stands beside figures of a time that begins before it."""
        return f"Posts written before {self.at:%Y-%m-%d %H:%M} UTC are not kept: {self.reason}."

    def cut(self, stretches: Sequence[Told]) -> list[Told]:
        """What a ledger says, with all before the horizon as removed: what was read there is there no more, and is not asked again."""
        removed = Hole(from_at=_BEGINNING, to_at=self.at, state=REMOVED, reason=self.reason)
        left = [
            Hole(from_at=max(each.from_at, self.at), to_at=each.to_at, state=each.state, reason=each.reason)
            for each in stretches
            if each.to_at > self.at
        ]
        return [removed, *left]


class Horizons:
    """The note of one database."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._meta = database["meta"]

    @tells_outage
    async def read(self) -> Horizon | None:
        """Where it is; None: nothing was ever removed by age."""
        return horizon_of(await self._meta.find_one({"_id": NOTE}))

    async def sentence(self, scope: Scope, *, now: datetime) -> str | None:
        """What to say beside a scope that begins before it, or has no begin; None: nothing."""
        horizon, (begin, _) = await self.read(), scope.between(now)
        return horizon.sentence if horizon is not None and (begin is None or begin < horizon.at) else None

    @tells_outage
    async def advance(self, at: datetime, *, why: str) -> Horizon:
        """Move it forward to `at`, and return where it is: one that is there already stays."""
        first: Document = {"$lt": [{"$ifNull": ["$at", _BEGINNING]}, at]}
        moved = {
            name: {"$cond": [first, value, f"${name}"]}
            for name, value in (("at", at), ("moved_at", "$$NOW"), ("why", {"$literal": why}))
        }
        await self._meta.update_one({"_id": NOTE}, [{"$set": moved}], upsert=True)
        made = await self.read()
        assert made is not None
        return made

    @tells_outage
    async def now(self) -> datetime:
        """The server's clock. Retention goes by it: a machine whose clock is wrong must not remove what is young."""
        hello = await self.database.client.admin.command("hello")
        told: datetime = hello["localTime"]
        return told.astimezone(UTC)

    @tells_outage
    async def is_due(self, *, every_s: float) -> bool:
        """Whether retention is to be looked after now: true for one caller, whoever asks, once in so many seconds."""
        overdue: Document = {"$lte": [{"$ifNull": ["$next_at", _BEGINNING]}, "$$NOW"]}
        later = {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": round(every_s)}}
        turn: list[Document] = [{"$set": {"next_at": later}}]
        await self._meta.update_one({"_id": "retention"}, {"$setOnInsert": {"next_at": _EPOCH}}, upsert=True)
        return (await self._meta.update_one({"_id": "retention", "$expr": overdue}, turn)).modified_count == 1


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def horizon_of(note: Document | None) -> Horizon | None:
    """The horizon that a note tells."""
    if note is None:
        return None
    return Horizon(at=note["at"].astimezone(UTC), moved_at=note["moved_at"], why=note["why"])
