"""Records of crawls: one document each, written at the start, so that a killed crawl is seen, and completed at the end."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

import monitor
from monitor import clock
from monitor.store.outage import tells_outage


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One crawl. `ended_at` and `reason` are None while it runs, and for ever when it was killed.

    `owner` is the name under which it holds leases; `coverage` the share (0 to 1) of posts in which a field was known;
    `failures` a sentence by source.
    """

    id: str
    platform: str
    arguments: Mapping[str, str]
    owner: str
    host: str
    pid: int
    version: str
    started_at: datetime
    ended_at: datetime | None = None
    reason: str | None = None
    stats: Mapping[str, Any] = field(default_factory=dict)
    coverage: Mapping[str, float] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)


class Runs:
    """The collection `runs`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._runs = database["runs"]

    @tells_outage
    async def start(self, run_id: str, *, platform: str, arguments: Mapping[str, str], owner: str) -> None:
        """Note that this process begins a crawl; repeating it changes nothing."""
        begun = {
            "platform": platform,
            "arguments": _pairs(arguments),
            "owner": owner,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "version": monitor.__version__,
            "started_at": clock.now(),
        }
        await self._runs.update_one({"_id": run_id}, {"$setOnInsert": begun}, upsert=True)

    @tells_outage
    async def finish(
        self,
        run_id: str,
        *,
        reason: str,
        stats: Mapping[str, Any],
        coverage: Mapping[str, float],
        failures: Mapping[str, str],
    ) -> None:
        """Note how a crawl ended."""
        ended = {
            "ended_at": clock.now(),
            "reason": reason,
            "stats": _pairs(stats),
            "coverage": _pairs(coverage),
            "failures": _pairs(failures),
        }
        await self._runs.update_one({"_id": run_id}, {"$set": ended})

    @tells_outage
    async def find(self, run_id: str) -> Run | None:
        """Read one record."""
        stored = await self._runs.find_one({"_id": run_id})
        return None if stored is None else _run_of(stored)

    @tells_outage
    async def list_newest(self, *, platform: str | None = None, limit: int = 50) -> list[Run]:
        """Read records, last started first."""
        wanted = {} if platform is None else {"platform": platform}
        return [_run_of(stored) async for stored in self._runs.find(wanted).sort("started_at", -1).limit(limit)]


def _pairs(named: Mapping[str, Any]) -> list[dict[str, Any]]:
    # Names of stats and sources hold dots, which no query can address as keys of a document.
    return [{"name": name, "value": value} for name, value in sorted(named.items())]


def _named(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    return {pair["name"]: pair["value"] for pair in pairs}


def _run_of(stored: Mapping[str, Any]) -> Run:
    return Run(
        id=stored["_id"],
        platform=stored["platform"],
        arguments=_named(stored["arguments"]),
        owner=stored["owner"],
        host=stored["host"],
        pid=int(stored["pid"]),
        version=stored["version"],
        started_at=stored["started_at"],
        ended_at=stored.get("ended_at"),
        reason=stored.get("reason"),
        stats=_named(stored.get("stats", [])),
        coverage=_named(stored.get("coverage", [])),
        failures=_named(stored.get("failures", [])),
    )
