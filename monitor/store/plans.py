"""The planner's part of the store: its turn, what is due by platform, and the shifts that wait in the collection `jobs`.

The invariant: a slot is never filled twice at a time. It does not rest on the turn, which only spares work, but on the unique
index on `live_slot`, which a job has while it is pending or leased.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pymongo import ReturnDocument, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from monitor.source import IMPORT, Source
from monitor.store.document import Document
from monitor.store.outage import tells_outage

PROJECT = "monitor"  # of all jobs; scrapyd wants a name
LIVE = ("pending", "leased")
_TURN = "turn"
_DUPLICATE_KEY = 11000


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a kind of source at one place asks for now. `like` is one of these sources; the credential is the same for all.

    `polls_per_s`: by the intervals that are known; of `unknown` sources none is.
    """

    like: Source
    sources: int
    due: int
    soon: int
    held: int
    polls_per_s: float
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A job to be queued. `wait_s`: not before so many seconds have passed."""

    slot: str
    platform: str
    arguments: Mapping[str, str]
    priority: float
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How one of the last shifts of a slot ended: after how many seconds (None: it never began), and whether its node gave up on it."""

    lasted_s: float | None
    dead: bool


class Plans:
    """The collection `planner`, and of `jobs` what the planner needs."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._planner = database["planner"]
        self._jobs = database["jobs"]
        self._sources = database["sources"]

    @tells_outage
    async def take_turn(self, *, owner: str, lease_s: float) -> bool:
        """Take the turn, or hold on to it, for `lease_s` from now by the server's clock. False while another has it."""
        until: Document = {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": round(lease_s * 1000)}}
        ours: Document = {"$literal": owner}
        # Null and missing sort before any date, so a turn that nobody ever had is free.
        mine: Document = {"$or": [{"$eq": ["$owner", ours]}, {"$lte": ["$until", "$$NOW"]}]}
        fields: Document = {
            "owner": {"$cond": [mine, ours, "$owner"]},
            "until": {"$cond": [mine, until, "$until"]},
            "acted_at": {"$cond": [mine, "$$NOW", "$acted_at"]},
        }
        turn = await self._planner.find_one_and_update(
            {"_id": _TURN}, [{"$set": fields}], upsert=True, return_document=ReturnDocument.AFTER
        )
        return turn is not None and bool(turn["owner"] == owner)

    @tells_outage
    async def give_turn_back(self, *, owner: str) -> None:
        """Let another planner act at once."""
        await self._planner.update_one({"_id": _TURN, "owner": owner}, [{"$set": {"owner": None, "until": "$$NOW"}}])

    @tells_outage
    async def due(self, *, ahead_s: float) -> list[Due]:
        """What all polled sources that some topic wants ask for, and will within `ahead_s`; counted by the server."""
        ahead: Document = {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": round(ahead_s * 1000)}}
        free: Document = {"$lte": ["$lease.until", "$$NOW"]}
        waiting: Document = {"$lte": ["$next_due", "$$NOW"]}
        every: Document = {"$ifNull": ["$rate.interval_s", 0]}
        grouped: Document = {
            "_id": {"platform": "$platform", "kind": "$kind", "instance": "$parameters.instance"},
            "parameters": {"$first": "$parameters"},
            "sources": {"$sum": 1},
            "due": _count({"$and": [waiting, free]}),
            "soon": _count({"$and": [{"$lte": ["$next_due", ahead]}, {"$not": [waiting]}, free]}),
            "held": _count({"$not": [free]}),
            "polls_per_s": {"$sum": {"$cond": [{"$gt": [every, 0]}, {"$divide": [1, every]}, 0]}},
            "unknown": _count({"$lte": [every, 0]}),
        }
        wanted: Document = {"kind": {"$ne": IMPORT}, "state": {"$ne": "paused"}, "topics.0": {"$exists": True}}
        cursor = await self._sources.aggregate([{"$match": wanted}, {"$group": grouped}])
        return [_due_of(stored) async for stored in cursor]

    @tells_outage
    async def live(self) -> dict[str, str]:
        """State by slot of the planned shifts that wait or run."""
        found = self._jobs.find({"live_slot": {"$exists": True}}, {"live_slot": 1, "state": 1})
        return {stored["live_slot"]: stored["state"] async for stored in found}

    @tells_outage
    async def ended(self, slots: Collection[str], *, within_s: float) -> dict[str, list[Ended]]:
        """How the shifts of these slots ended that did so in the last `within_s` seconds, the last first."""
        since: Document = {"$dateSubtract": {"startDate": "$$NOW", "unit": "millisecond", "amount": round(within_s * 1000)}}
        wanted: Document = {"slot": {"$in": sorted(slots)}, "$expr": {"$gte": ["$ended_at", since]}}
        fields = {"slot": 1, "state": 1, "started_at": 1, "ended_at": 1}
        found: dict[str, list[Ended]] = {}
        async for stored in self._jobs.find(wanted, fields).sort("ended_at", -1):
            found.setdefault(stored["slot"], []).append(_ended_of(stored))
        return found

    @tells_outage
    async def queue(self, shifts: Iterable[Shift]) -> int:
        """Queue shifts whose slots are empty; returns how many were. Repeating it, here or in another process, adds nothing."""
        queued = [_queued(shift) for shift in shifts]
        if not queued:
            return 0
        try:
            return (await self._jobs.bulk_write(queued, ordered=False)).upserted_count
        except BulkWriteError as error:
            # Another planner was quicker with these slots; the others are done.
            if error.details["writeConcernErrors"] or {each["code"] for each in error.details["writeErrors"]} != {
                _DUPLICATE_KEY
            }:
                raise
            return int(error.details["nUpserted"])

    @tells_outage
    async def withdraw(self, slots: Collection[str], *, reason: str) -> int:
        """Take back shifts that nobody has begun; returns how many."""
        if not slots:
            return 0
        wanted: Document = {"live_slot": {"$in": sorted(slots)}, "state": "pending"}
        ended: Document = {"$set": {"state": "cancelled", "reason": {"$literal": reason}, "ended_at": "$$NOW"}}
        return (await self._jobs.update_many(wanted, [ended, {"$unset": "live_slot"}])).modified_count


def _queued(shift: Shift) -> UpdateOne:
    fresh: Document = {
        "_id": uuid4().hex,
        "project": PROJECT,
        "spider": shift.platform,
        "version": None,
        "args": dict(shift.arguments),
        "settings": {},
        "priority": shift.priority,
        "state": "pending",
        "slot": shift.slot,
        "live_slot": shift.slot,
        "attempts": 0,
        "requeued": 0,
        "cancel_requested": False,
    }
    by_clock: Document = {
        # Milliseconds: what is queued later has the greater number, whichever process queued it.
        "seq": {"$toLong": "$$NOW"},
        "created_at": "$$NOW",
        "not_before": {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": round(shift.wait_s * 1000)}},
    }
    made: Document = {"$mergeObjects": [{"$literal": fresh}, by_clock]}
    # A document that is there has a state, and stays as it is; an answer that was lost is asked for again without harm.
    kept: Document = {"$cond": [{"$eq": [{"$type": "$state"}, "missing"]}, made, "$$ROOT"]}
    return UpdateOne({"live_slot": shift.slot}, [{"$replaceWith": kept}], upsert=True)


def _count(condition: Document) -> Document:
    return {"$sum": {"$cond": [condition, 1, 0]}}


def _due_of(stored: Mapping[str, Any]) -> Due:
    names: Sequence[str] = ("sources", "due", "soon", "held", "unknown")
    like = Source(platform=stored["_id"]["platform"], kind=stored["_id"]["kind"], parameters=stored["parameters"])
    return Due(like=like, polls_per_s=float(stored["polls_per_s"]), **{name: int(stored[name]) for name in names})


def _ended_of(stored: Mapping[str, Any]) -> Ended:
    started, ended = stored.get("started_at"), stored["ended_at"]
    return Ended(lasted_s=(ended - started).total_seconds() if started else None, dead=stored["state"] == "dead")
