"""Sources in MongoDB: what is polled, how far it is proven fetched, when it is due, and whether it may run at all.

Who may move a bookmark is `monitor.store.leases`' business, moving it `monitor.store.commit`'s. All times here are the
server's, so that nodes with wrong clocks agree.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pymongo.asynchronous.database import AsyncDatabase

from monitor import clock
from monitor.bookmark import Bookmark
from monitor.rate import Rate
from monitor.source import IMPORT, Source
from monitor.store.bookmarks import bookmark_document, bookmark_of
from monitor.store.document import Document, stored_moment
from monitor.store.outage import tells_outage

# The fixed words for how a source does, in code, docs and UI alike. "paused" is a person's wish and is never polled as due;
# "late" is told from `next_due` and the clock, and is not stored.
State = Literal["ok", "failing", "rate-limited", "needs credentials", "paused", "never ran"]

# A source that is overdue by more than this has been missed, not merely waited for its turn.
LATE = timedelta(minutes=5)

# Null and missing sort before any date, so a source that nobody ever leased is free.
FREE: Mapping[str, Any] = {"$expr": {"$lte": ["$lease.until", "$$NOW"]}}
DUE: Mapping[str, Any] = {"$expr": {"$lte": ["$next_due", "$$NOW"]}}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How a source does after a poll, the sentence that explains it, and when it is due again by this process's clock.

    `rate`: what its polls have shown so far; None leaves what is stored.
    """

    state: State
    reason: str | None = None
    next_due: datetime
    rate: Rate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A source and how it stands. `owner` None: nobody works on it; `leased_until` may lie in the past (it is free then).

    `pending`: ledger entries not yet moved to the ledger. `last_run` and `last_polled_at`: None before the first poll.
    """

    source: Source
    bookmark: Bookmark
    owner: str | None
    epoch: int
    leased_until: datetime | None
    next_due: datetime
    state: State
    state_reason: str | None
    last_run: str | None
    last_polled_at: datetime | None
    pending: int
    rate: Rate | None = None

    def due(self, now: datetime) -> bool:
        """Whether it is to be polled now; a file never is."""
        return not self.source.imported and bool(self.source.topics) and self.state != "paused" and self.next_due <= now

    def word(self, now: datetime) -> str:
        """How it does, in one of the seven fixed words: its state, or `late` where all would be well but for the time."""
        return "late" if self.state == "ok" and self.due(now - LATE) else self.state


class Sources:
    """The collection `sources`; `_id` is `Source.id`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._sources = database["sources"]

    @tells_outage
    async def ensure(self, source: Source) -> bool:
        """Make the source if there is none, due at once; True when it was made.

        To an existing one topics are added and an earlier `since` is taken over; bookmark, state and facts stay.
        """
        fresh = {
            "platform": source.platform,
            "kind": source.kind,
            "parameters": dict(source.parameters),
            "facts": dict(source.facts),
            "bookmark": bookmark_document(Bookmark()),
            "lease": {"owner": None, "epoch": 0, "until": None},
            "made_at": clock.now(),
            "next_due": clock.now(),
            "state": "never ran",
            "state_reason": None,
            "last_run": None,
            "last_polled_at": None,
            "ledger_pending": [],
        }
        update: Document = {"$setOnInsert": fresh, "$addToSet": {"topics": {"$each": list(source.topics)}}}
        if source.since is not None:
            update["$min"] = {"since": stored_moment(source.since)}
        result = await self._sources.update_one({"_id": source.id}, update, upsert=True)
        return result.upserted_id is not None

    @tells_outage
    async def find(self, source_id: str) -> Standing | None:
        """Read one source as it stands."""
        stored = await self._sources.find_one({"_id": source_id})
        return None if stored is None else standing_of(stored)

    @tells_outage
    async def list_all(self, *, platform: str | None = None, polled: bool = False) -> list[Standing]:
        """Read all sources, of one platform where given, by id; with `polled` none that are imported files."""
        wanted: Document = {} if platform is None else {"platform": platform}
        if polled:
            wanted["kind"] = {"$ne": IMPORT}
        return [standing_of(stored) async for stored in self._sources.find(wanted).sort("_id", 1)]

    @tells_outage
    async def set_facts(self, source_id: str, facts: Mapping[str, str]) -> None:
        """Replace what was looked up about a source."""
        await self._sources.update_one({"_id": source_id}, {"$set": {"facts": dict(facts)}})

    @tells_outage
    async def finish(self, source_id: str, *, epoch: int, run: str, state: SourceState) -> bool:
        """End a poll: give the lease back and say how it went and when the source is due again.

        What lies between now and `state.next_due` is counted from the server's present, so a wrong clock here does no harm.
        A source that was paused meanwhile stays so. False where somebody else holds the lease by now: nothing is changed then.
        """
        wait_ms = round((state.next_due - clock.now()).total_seconds() * 1000)
        paused = {"$eq": ["$state", "paused"]}
        fields: Document = {
            "lease.owner": None,
            "lease.until": None,
            "next_due": {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": wait_ms}},
            "state": {"$cond": [paused, "$state", state.state]},
            "state_reason": {"$cond": [paused, "$state_reason", {"$literal": state.reason}]},
            "last_run": {"$literal": run},
            "last_polled_at": "$$NOW",
        }
        if state.rate is not None:
            fields["rate"] = {"$literal": {name: told for name, told in asdict(state.rate).items() if told is not None}}
        result = await self._sources.update_one({"_id": source_id, "lease.epoch": epoch}, [{"$set": fields}])
        return result.matched_count == 1

    @tells_outage
    async def pause(self, source_id: str, reason: str) -> bool:
        """Poll a source no more until `resume`; a walk under way is not stopped. False where there is no such source."""
        result = await self._sources.update_one({"_id": source_id}, {"$set": {"state": "paused", "state_reason": reason}})
        return result.matched_count == 1

    @tells_outage
    async def resume(self, source_id: str) -> bool:
        """Make a source due at once, paused or not. False where there is no such source."""
        state = {"$cond": [{"$eq": [{"$ifNull": ["$last_polled_at", None]}, None]}, "never ran", "ok"]}
        fields = {"state": state, "state_reason": None, "next_due": "$$NOW"}
        result = await self._sources.update_one({"_id": source_id}, [{"$set": fields}])
        return result.matched_count == 1

    @tells_outage
    async def remove(self, source_id: str) -> bool:
        """Forget a source, how far it was read, and its ledger; its posts stay. False where there is no such source.

        A walk under way ends at its next page. Order: the source, then its ledger, since a source that is made anew under the
        same id must not find entries of its own making; repeating a removal that was cut short finishes it.
        """
        result = await self._sources.delete_one({"_id": source_id})
        await self.database["ledger"].delete_many({"source": source_id})
        await self.database["timelines"].delete_one({"_id": source_id})
        return result.deleted_count == 1

    @tells_outage
    async def release(self, topic: str, *, among: Collection[str] | None = None) -> int:
        """Have sources serve a topic no more, those `among` or all; returns how many did. What no topic wants is polled no more."""
        wanted: Document = {"topics": topic} | ({} if among is None else {"_id": {"$in": sorted(among)}})
        return (await self._sources.update_many(wanted, {"$pull": {"topics": topic}})).modified_count


def due_sources(platform: str) -> Document:
    """The filter for sources of a platform that are due, free, not paused and wanted by a topic.

    A source without topics was asked for once, by hand; only a hand asks it again. A file that was imported is never due.
    """
    return {
        "platform": platform,
        "kind": {"$ne": IMPORT},
        "state": {"$ne": "paused"},
        "topics.0": {"$exists": True},
        "$and": [FREE, DUE],
    }


def source_of(stored: Mapping[str, Any]) -> Source:
    """Make the source of a stored document."""
    return Source(
        platform=stored["platform"],
        kind=stored["kind"],
        parameters=stored["parameters"],
        facts=stored.get("facts", {}),
        topics=tuple(stored.get("topics", ())),
        since=stored.get("since"),
    )


def standing_of(stored: Mapping[str, Any]) -> Standing:
    """Make the standing of a stored document."""
    lease = stored["lease"]
    return Standing(
        source=source_of(stored),
        bookmark=bookmark_of(stored["bookmark"]),
        owner=lease["owner"],
        epoch=int(lease["epoch"]),
        leased_until=lease["until"],
        next_due=stored["next_due"],
        state=stored["state"],
        state_reason=stored.get("state_reason"),
        last_run=stored.get("last_run"),
        last_polled_at=stored.get("last_polled_at"),
        pending=len(stored.get("ledger_pending", ())),
        rate=Rate(**stored["rate"]) if "rate" in stored else None,
    )
