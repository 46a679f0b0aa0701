"""The ledger laid flat: what it says of every moment, for many sources at once.

The ledger grows by an entry a page, so that a month of a thousand sources has millions of entries and a few thousand stretches. The
collection `timelines` keeps these, per source and up to a version of its bookmark; what was written since is laid over them. It
holds nothing that the ledger does not say, and may be dropped at any time.
"""

import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from monitor.bookmark import Interval
from monitor.store.document import Document
from monitor.store.ledger import Entry, Stretch, entry_of, resolve
from monitor.store.outage import is_outage, tells_outage

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)
_SOURCES_AT_ONCE = 100
_READ_AT_ONCE = 10_000
_FIELDS = ("source", "from", "to", "state", "reason", "posts", "asked_at", "version", "n")
_DUPLICATE_KEY = 11000


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What the ledger says of a source, oldest first, without what was never asked; `version` of the bookmark that it knows.

    `pace`: posts per hour of covered time, as the pages told that were laid flat; None before the first.
    """

    version: int
    spans: tuple[Stretch, ...]
    posts: int = 0
    hours: float = 0.0

    @property
    def pace(self) -> float | None:
        return self.posts / self.hours if self.hours else None


class Timelines:
    """The collection `timelines`, filled from `ledger` and from the field `ledger_pending` of `sources`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._kept = database["timelines"]
        self._entries = database["ledger"]
        self._sources = database["sources"]

    @tells_outage
    async def of(self, source_ids: Sequence[str]) -> dict[str, Timeline]:
        """The timelines of sources as the ledger is now. Three queries for each hundred sources, whatever the time."""
        found: dict[str, Timeline] = {}
        for start in range(0, len(source_ids), _SOURCES_AT_ONCE):
            found |= await self._some(source_ids[start : start + _SOURCES_AT_ONCE])
        return found

    async def _some(self, ids: Sequence[str]) -> dict[str, Timeline]:
        # In this order: an entry that is moved meanwhile from the source to the ledger is then seen twice, and not missed.
        sources = await self._sources.find({"_id": {"$in": list(ids)}}, {"ledger_pending": 1, "bookmark.version": 1}).to_list()
        kept = {stored["_id"]: _timeline_of(stored) async for stored in self._kept.find({"_id": {"$in": list(ids)}})}
        now = {source["_id"]: int(source["bookmark"]["version"]) for source in sources}
        # A source that was removed and made again counts from 0, and what was kept of it meanwhile is of the other one.
        if strange := [source for source in now if source in kept and kept[source].version > now[source]]:
            await self._kept.delete_many({"$or": [{"_id": source, "version": kept[source].version} for source in strange]})
        known = {source: kept[source] for source in now if source in kept and kept[source].version <= now[source]}
        stale = [source for source in now if source not in known or known[source].version < now[source] or not now[source]]
        pending = {source["_id"]: source.get("ledger_pending", []) for source in sources}
        fresh: dict[str, list[Entry]] = {source: [entry_of(each) for each in pending[source]] for source in stale}
        async for stored in self._newer(stale, known):
            fresh[stored["source"]].append(entry_of(stored))
        empty = Timeline(version=-1, spans=())
        made = {source: laid(known.get(source, empty), fresh[source], version=now[source] or sys.maxsize) for source in stale}
        # What was never polled, such as a file that was imported, has entries that are not commits of a bookmark, and few.
        await self._keep({source: timeline for source, timeline in made.items() if now[source]})
        return {source: made.get(source, known.get(source, empty)) for source in now}

    async def _newer(self, sources: Sequence[str], known: Mapping[str, Timeline]) -> AsyncIterator[Document]:
        first = [source for source in sources if source not in known]
        asked: list[Document] = [
            {"source": source, "version": {"$gt": known[source].version}} for source in sources if source in known
        ]
        asked += [{"source": {"$in": first}}] if first else []
        if asked:
            fields = {"_id": 0} | dict.fromkeys(_FIELDS, 1)
            async for stored in self._entries.find({"$or": asked}, fields, batch_size=_READ_AT_ONCE):
                yield stored

    async def _keep(self, made: Mapping[str, Timeline]) -> None:
        # One that knows more stays: its version is not below ours, and the upsert then finds its id taken.
        updates = [
            UpdateOne({"_id": source, "version": {"$lt": timeline.version}}, {"$set": _document(timeline)}, upsert=True)
            for source, timeline in made.items()
        ]
        if not updates:
            return
        try:
            await self._kept.bulk_write(updates, ordered=False)
        except BulkWriteError as error:
            if is_outage(error) or any(each["code"] != _DUPLICATE_KEY for each in error.details["writeErrors"]):
                raise


def laid(timeline: Timeline, entries: Iterable[Entry], *, version: int) -> Timeline:
    """A timeline with entries of later versions laid over it. Pure."""
    fresh = {(entry.version, entry.number): entry for entry in entries if timeline.version < entry.version <= version}
    before = [
        Entry(
            interval=Interval(
                from_at=span.from_at, to_at=span.to_at, state=span.state, reason=span.reason, asked_at=span.to_at
            ),
            version=timeline.version,
            number=0,
        )
        for span in timeline.spans
        if span.state != "never asked"
    ]
    spans = resolve([*before, *fresh.values()], from_at=_BEGINNING, to_at=_END)
    read = [
        entry.interval
        for entry in fresh.values()
        if entry.interval.state == "covered" and entry.interval.from_at is not None and entry.interval.to_at is not None
    ]
    hours = sum((each.to_at - each.from_at).total_seconds() / 3600 for each in read if each.to_at and each.from_at)
    return Timeline(
        version=version,
        spans=tuple(span for span in spans if span.state != "never asked"),
        posts=timeline.posts + sum(each.posts for each in read),
        hours=timeline.hours + hours,
    )


def _document(timeline: Timeline) -> Document:
    return {
        "version": timeline.version,
        "posts": timeline.posts,
        "hours": timeline.hours,
        "spans": [[span.from_at, span.to_at, span.state, span.reason] for span in timeline.spans],
    }


def _timeline_of(stored: Mapping[str, Any]) -> Timeline:
    return Timeline(
        version=int(stored["version"]),
        posts=int(stored["posts"]),
        hours=float(stored["hours"]),
        spans=tuple(
            Stretch(from_at=from_at, to_at=to_at, state=state, reason=reason)
            for from_at, to_at, state, reason in stored["spans"]
        ),
    )
