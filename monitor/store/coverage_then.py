"""What the ledger said at a moment: the coverage of a scope by what had been asked until then, whatever was asked since.

Counted are the sources that were there by then, so that one that is added later changes nothing; those of earlier releases do not tell
since when they are there, and count. Which topics a source serves is known as it is now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.analysis.bucket import Period
from monitor.analysis.coverage import Coverage, Told, coverage
from monitor.scope import Scope
from monitor.source import IMPORT, Source
from monitor.store.document import Document
from monitor.store.horizon import Horizons
from monitor.store.ledger import Entry, Stretch, entry_of, resolve
from monitor.store.outage import tells_outage
from monitor.store.scope_coverage import ScopeSources
from monitor.store.sources import source_of

_AT_ONCE = 200  # sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """`sources`: those that were there, by id; `coverage` without imported files, which are told by themselves."""

    coverage: Coverage
    sources: tuple[Source, ...]
    files: tuple[Source, ...]


class CoverageThen:
    """Reads `sources` and `ledger`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._sources = database["sources"]
        self._ledger = database["ledger"]

    async def of(self, scope: Scope, period: Period, *, then: datetime) -> Then:
        """The coverage of a period by what was asked until `then`."""
        found, _ = await ScopeSources(self.database).of(scope)
        sources: list[Source] = []
        stretches: dict[str, Sequence[Told]] = {}
        ids = sorted(found)
        for start in range(0, len(ids), _AT_ONCE):
            there, told = await self._some(ids[start : start + _AT_ONCE], period, then)
            sources += there
            stretches |= told
        horizon = await Horizons(self.database).read()
        if horizon is not None and horizon.at > period.start:  # whatever was known then: the posts are there no more
            stretches = {source: horizon.cut(told) for source, told in stretches.items()}
        polled = {source.id: source.platform for source in sources if source.kind != IMPORT}
        return Then(
            coverage=coverage(period, {name: stretches.get(name, ()) for name in polled}, polled),
            sources=tuple(source for source in sources if source.kind != IMPORT),
            files=tuple(source for source in sources if source.kind == IMPORT),
        )

    @tells_outage
    async def being_read(self) -> bool:
        """Whether a crawl works on some source now, so that posts it has fetched may still be on their way to the store."""
        held: Document = {"$expr": {"$gt": ["$lease.until", "$$NOW"]}}
        return await self._sources.find_one(held, {"_id": 1}) is not None

    @tells_outage
    async def _some(
        self, ids: Sequence[str], period: Period, then: datetime
    ) -> tuple[list[Source], Mapping[str, Sequence[Stretch]]]:
        # Pending ones first: an entry that is moved to the ledger meanwhile is then seen twice, and not missed.
        wanted = {"_id": {"$in": list(ids)}, "$or": [{"made_at": None}, {"made_at": {"$lte": then}}]}
        stored = await self._sources.find(wanted).sort("_id", 1).to_list()
        touching = [
            {"$or": [{"from": None}, {"from": {"$lt": period.end}}]},
            {"$or": [{"to": None}, {"to": {"$gt": period.start}}]},
        ]
        entries: dict[str, list[Entry]] = {
            source["_id"]: [entry_of(each) for each in source.get("ledger_pending", ()) if each["asked_at"] <= then]
            for source in stored
        }
        asked: Document = {"source": {"$in": list(entries)}, "asked_at": {"$lte": then}, "$and": touching}
        async for entry in self._ledger.find(asked):
            entries[entry["source"]].append(entry_of(entry))
        told = {name: resolve(each, from_at=period.start, to_at=period.end) for name, each in entries.items()}
        return [source_of(source) for source in stored], told
