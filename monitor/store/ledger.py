"""The ledger: what was asked of each source and what came of it, as intervals of event time; append-only.

Entries are born in the same update as the bookmark they belong to (field `ledger_pending` of the source) and moved here
later under an `_id` of source, version and number, so moving twice is harmless. The newest entry wins per moment; what no
entry names was never asked. It proves what was asked and answered, not what an API withheld.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Literal

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from monitor.bookmark import Interval, State
from monitor.store.document import Document, stored_moment
from monitor.store.outage import tells_outage

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An interval with the commit that wrote it; later versions, and within one the later number, win."""

    interval: Interval
    version: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What the ledger says of [from_at, to_at): one state all along."""

    from_at: datetime
    to_at: datetime
    state: State | Literal["never asked"]
    reason: str | None = None


class Ledger:
    """The collection `ledger`, filled from the field `ledger_pending` of `sources`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._entries = database["ledger"]
        self._sources = database["sources"]

    @tells_outage
    async def settle(self, source_id: str) -> int:
        """Move the pending entries of one source here and return how many; durable here before they leave the source.

        To be called at the end of each walk, and within a long one; safe at any time, by any number of processes at once.
        """
        source = await self._sources.find_one({"_id": source_id}, {"ledger_pending": 1})
        pending: list[Document] = [] if source is None else source.get("ledger_pending", [])
        if not pending:
            return 0
        moved = [
            UpdateOne(
                {"_id": f"{source_id}:{entry['version']}:{entry['n']}"},
                {"$setOnInsert": {"source": source_id, **entry}},
                upsert=True,
            )
            for entry in pending
        ]
        await self._entries.bulk_write(moved, ordered=False)
        versions = sorted({entry["version"] for entry in pending})
        # By version and not by emptying the list: a commit may have added to it meanwhile.
        await self._sources.update_one({"_id": source_id}, {"$pull": {"ledger_pending": {"version": {"$in": versions}}}})
        return len(pending)

    @tells_outage
    async def settle_all(self) -> int:
        """Move what walks that died left behind, of all sources; returns how many entries."""
        waiting = await self._sources.find({"ledger_pending.0": {"$exists": True}}, {"_id": 1}).to_list()
        return sum([await self.settle(source["_id"]) for source in waiting])

    @tells_outage
    async def stretches(
        self, source_id: str, *, from_at: datetime, to_at: datetime, before: int | None = None
    ) -> list[Stretch]:
        """Tell what is known of each moment in [from_at, to_at), oldest first, without holes.

        `before`: what was known before the commit that made this version of the bookmark; None: what is known now.
        """
        # Pending first: an entry that is moved between the two looks is then seen twice, and not missed.
        source = await self._sources.find_one({"_id": source_id}, {"ledger_pending": 1})
        pending: list[Document] = [] if source is None else source.get("ledger_pending", [])
        touching = {
            "source": source_id,
            "$and": [{"$or": [{"from": None}, {"from": {"$lt": to_at}}]}, {"$or": [{"to": None}, {"to": {"$gt": from_at}}]}],
        }
        moved = await self._entries.find(touching).to_list()
        entries = [entry_of(stored) for stored in (*pending, *moved)]
        known = [entry for entry in entries if before is None or entry.version < before]
        return resolve(known, from_at=from_at, to_at=to_at)


def pending_documents(intervals: Sequence[Interval], *, version: int, epoch: int, run: str) -> list[Document]:
    """Make the entries of one commit as they ride in its update; `n` numbers them."""
    return [
        {
            "version": version,
            "n": number,
            "epoch": epoch,
            "run": run,
            "from": stored_moment(interval.from_at),
            "to": stored_moment(interval.to_at),
            "state": interval.state,
            "reason": interval.reason,
            "posts": interval.posts,
            "asked_at": stored_moment(interval.asked_at),
        }
        for number, interval in enumerate(intervals)
    ]


def resolve(entries: Iterable[Entry], *, from_at: datetime, to_at: datetime) -> list[Stretch]:
    """Lay entries over each other, the newest on top, and name every moment of [from_at, to_at) once.

    Stretches are disjoint, oldest first, without holes; neighbours differ in state or reason. n log n in the entries.
    """
    spans = [(max(_start(entry), from_at), min(_end(entry), to_at), entry) for entry in entries]
    spans = sorted((span for span in spans if span[0] < span[1]), key=lambda span: span[0])
    borders = sorted({from_at, to_at} | {border for start, end, _ in spans for border in (start, end)})
    open_spans: list[tuple[tuple[int, int], datetime, Entry]] = []
    stretches: list[Stretch] = []
    opened = 0
    for start, end in pairwise(borders):
        while opened < len(spans) and spans[opened][0] <= start:
            entry = spans[opened][2]
            heapq.heappush(open_spans, (_newest_first(entry), spans[opened][1], entry))
            opened += 1
        while open_spans and open_spans[0][1] <= start:
            heapq.heappop(open_spans)
        _extend(stretches, start, end, open_spans[0][2].interval if open_spans else None)
    return stretches


def _extend(stretches: list[Stretch], start: datetime, end: datetime, interval: Interval | None) -> None:
    state: State | Literal["never asked"] = "never asked" if interval is None else interval.state
    reason = None if interval is None else interval.reason
    if stretches and (stretches[-1].state, stretches[-1].reason) == (state, reason):
        start = stretches.pop().from_at
    stretches.append(Stretch(from_at=start, to_at=end, state=state, reason=reason))


def _newest_first(entry: Entry) -> tuple[int, int]:
    return -entry.version, -entry.number


def _start(entry: Entry) -> datetime:
    return entry.interval.from_at or _BEGINNING


def _end(entry: Entry) -> datetime:
    return entry.interval.to_at or _END


def entry_of(stored: Mapping[str, Any]) -> Entry:
    """Make the entry of a stored document, or of a pending one."""
    interval = Interval(
        from_at=stored["from"],
        to_at=stored["to"],
        state=stored["state"],
        reason=stored["reason"],
        posts=int(stored["posts"]),
        asked_at=stored["asked_at"],
    )
    return Entry(interval=interval, version=int(stored["version"]), number=int(stored["n"]))
