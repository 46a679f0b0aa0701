"""Which programs run, each by a sign of life every few seconds, and what all of them counted since there is this database.

Crawls come and go within minutes, so nobody could fetch their counters from them: every process adds what it counted since its last
sign of life to numbers in the collection `counters`, which only grow. A process that is killed loses what it counted since then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from monitor.store.document import Document
from monitor.store.outage import tells_outage

# A process that was silent for longer than SILENT_S is taken for dead; its document goes after KEPT_S.
SILENT_S = 30.0
KEPT_S = 3600.0

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A running program. `role`: what it is there for, in one word, such as `planner`; `memory_bytes`: resident."""

    id: str
    role: str
    host: str
    pid: int
    version: str
    started_at: datetime
    memory_bytes: int = 0
    silent_s: float = 0.0

    @property
    def alive(self) -> bool:
        return self.silent_s <= SILENT_S


class Processes:
    """The collections `processes` and `counters`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._processes = database["processes"]
        self._counters = database["counters"]

    @tells_outage
    async def beat(self, process: Process) -> None:
        """Note that this process lives, by the server's clock, and forget those that were silent for long."""
        told: Document = {
            "role": process.role,
            "host": process.host,
            "pid": process.pid,
            "version": process.version,
            "started_at": process.started_at,
            "memory_bytes": process.memory_bytes,
        }
        await self._processes.update_one(
            {"_id": process.id}, [{"$set": {"seen_at": "$$NOW", "told": {"$literal": told}}}], upsert=True
        )
        forgotten: Document = {"$dateSubtract": {"startDate": "$$NOW", "unit": "second", "amount": round(KEPT_S)}}
        await self._processes.delete_many({"$expr": {"$lt": ["$seen_at", forgotten]}})

    @tells_outage
    async def end(self, process_id: str) -> None:
        """Forget a process that ends as it should."""
        await self._processes.delete_one({"_id": process_id})

    @tells_outage
    async def list_all(self) -> list[Process]:
        """All that gave a sign of life within KEPT_S, by role; `silent_s` by the server's clock."""
        silent: Document = {"$dateDiff": {"startDate": "$seen_at", "endDate": "$$NOW", "unit": "millisecond"}}
        cursor = await self._processes.aggregate([{"$set": {"silent_ms": silent}}, {"$sort": {"told.role": 1, "_id": 1}}])
        return [
            Process(id=stored["_id"], silent_s=max(0.0, stored["silent_ms"] / 1000), **stored["told"])
            async for stored in cursor
        ]

    @tells_outage
    async def add(self, counted: Mapping[tuple[str, Labels], float]) -> None:
        """Add to counters, by name and labels."""
        changes = [
            UpdateOne(
                {"_id": counter_id(name, labels)},
                {"$inc": {"value": value}, "$setOnInsert": {"name": name, "labels": dict(labels)}},
                upsert=True,
            )
            for (name, labels), value in counted.items()
            if value
        ]
        if changes:
            await self._counters.bulk_write(changes, ordered=False)

    @tells_outage
    async def counters(self) -> dict[tuple[str, Labels], float]:
        """All counters as they stand, by name and labels."""
        return {
            (stored["name"], tuple(sorted(stored["labels"].items()))): float(stored["value"])
            async for stored in self._counters.find().sort("_id", 1)
        }


def counter_id(name: str, labels: Labels) -> str:
    """The key of a counter, such as `posts{fate=new,platform=mastodon}`."""
    return f"{name}{{{','.join(f'{key}={value}' for key, value in sorted(labels))}}}"
