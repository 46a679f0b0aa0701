"""The fleet as it is at one moment: sources, queue, nodes, programs, deployed versions and topics, all ages by the server's clock."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.field_drop import Filled
from monitor.source import IMPORT
from monitor.store.document import Document
from monitor.store.field_counts import FieldCounts
from monitor.store.outage import tells_outage
from monitor.store.processes import SILENT_S, Process, Processes
from monitor.store.sources import LATE, standing_of

_FIELDS = (
    "platform", "kind", "parameters", "topics", "lease", "next_due", "state", "state_reason", "last_run", "last_polled_at", "rate",
)  # fmt: skip
_NO_BOOKMARK: Document = {"heads": [], "gaps": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A polled source: `word` is one of the seven. `polled_s`: seconds since its last poll, None before the first; `waits_s`: for how
    long it has been due, below 0 where it is not yet; `per_hour`: new posts, as its polls show, None where nobody knows."""

    id: str
    platform: str
    topics: tuple[str, ...]
    word: str
    reason: str | None
    polled_s: float | None
    waits_s: float
    worked_on: bool
    gaps: int
    per_hour: float | None
    interval_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeView:
    """A machine with scrapyd, by its last sign of life."""

    name: str
    version: str | None
    egg: str | None
    running: int
    max_proc: int
    draining: bool
    silent_s: float
    problem: str | None = None  # in its own words, such as what it lacks for the deployed version

    @property
    def state(self) -> str:
        return "silent" if self.silent_s > SILENT_S else "draining" if self.draining else "alive"


@dataclass(frozen=True, slots=True, kw_only=True)
class EggView:
    """A deployed version; `stopped`: why shifts do not use it, None where they may."""

    version: str
    deployed_at: datetime | None
    stopped: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicView:
    """A topic and how long ago its newest post was written, None where it has none."""

    id: str
    name: str
    newest_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetView:
    """`crawls`: how many hold a source now. `jobs` by platform and state; `pending_s`: how long the job waits that waits longest,
    None where none may start yet. `dead`: the reasons of jobs that were given up lately, by platform, the last first. `eggs`: newest
    first. `filled`: which fields posts had, by version."""

    now: datetime
    sources: Sequence[SourceView] = ()
    crawls: int = 0
    jobs: Mapping[tuple[str, str], int]
    pending_s: float | None = None
    dead: Sequence[tuple[str, str]] = ()
    nodes: Sequence[NodeView] = ()
    processes: Sequence[Process] = ()
    eggs: Sequence[EggView] = ()
    topics: Sequence[TopicView] = ()
    filled: Sequence[Filled] = ()

    def sources_by_state(self) -> dict[tuple[str, ...], float]:
        return dict(Counter((source.platform, source.word) for source in self.sources))

    def longest_waits(self) -> dict[tuple[str, ...], float]:
        """By platform, in seconds; 0 where nothing waits that nobody works on."""
        longest: defaultdict[tuple[str, ...], float] = defaultdict(float)
        for source in self.sources:
            waits = 0.0 if source.word == "paused" or source.worked_on else max(0.0, source.waits_s)
            longest[source.platform,] = max(longest[source.platform,], waits)
        return dict(longest)

    def jobs_by_state(self) -> dict[tuple[str, ...], float]:
        by_state: Counter[tuple[str, ...]] = Counter()
        for (_, state), count in self.jobs.items():
            by_state[state,] += count
        return dict(by_state)

    def nodes_by_state(self) -> dict[tuple[str, ...], float]:
        return dict(Counter((node.state,) for node in self.nodes))

    def processes_by_role(self) -> dict[tuple[str, ...], float]:
        return dict(Counter((process.role, process.version) for process in self.processes if process.alive))

    def memory_by_role(self) -> dict[tuple[str, ...], float]:
        memory: Counter[tuple[str, ...]] = Counter()
        for process in self.processes:
            if process.alive:
                memory[process.role,] += process.memory_bytes
        return dict(memory)

    def versions(self) -> dict[str, list[str]]:
        """Who runs which version of this program, of all that live; more than one is a mixed fleet."""
        running: defaultdict[str, list[str]] = defaultdict(list)
        for node in self.nodes:
            if node.state != "silent" and node.version:
                running[node.version].append(f"node {node.name}")
        for process in self.processes:
            if process.alive:
                running[process.version].append(f"{process.role} on {process.host}")
        return dict(sorted(running.items()))


class FleetViews:
    """Reads views; changes nothing."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database

    async def read(self) -> FleetView:
        """Everything, by a handful of queries; what changes between them may not quite agree."""
        now = await self._now()
        jobs, pending_s, dead = await self._jobs(now)
        sources, crawls = await self._sources(now)
        return FleetView(
            now=now,
            sources=sources,
            crawls=crawls,
            jobs=jobs,
            pending_s=pending_s,
            dead=dead,
            nodes=await self._nodes(now),
            processes=await Processes(self.database).list_all(),
            eggs=await self._eggs(),
            topics=await self._topics(now),
            filled=await FieldCounts(self.database).list_all(),
        )

    @tells_outage
    async def _now(self) -> datetime:
        cursor = await self.database.aggregate([{"$documents": [{}]}, {"$set": {"now": "$$NOW"}}])
        now: datetime = (await cursor.to_list())[0]["now"]
        return now

    @tells_outage
    async def _sources(self, now: datetime) -> tuple[list[SourceView], int]:
        # Bookmarks may be large, and of them only the number of gaps is shown.
        fields: Document = dict.fromkeys(_FIELDS, 1) | {"gaps": {"$size": {"$ifNull": ["$bookmark.gaps", []]}}}
        cursor = self.database["sources"].find({"kind": {"$ne": IMPORT}}, fields).sort("_id", 1)
        stored = await cursor.to_list()
        owners = {each["lease"]["owner"] for each in stored if _worked_on(each, now)}
        return [_source_of(each, now) for each in stored], len(owners)

    @tells_outage
    async def _jobs(self, now: datetime) -> tuple[dict[tuple[str, str], int], float | None, list[tuple[str, str]]]:
        jobs = self.database["jobs"]
        grouped = await jobs.aggregate([{"$group": {"_id": {"spider": "$spider", "state": "$state"}, "count": {"$sum": 1}}}])
        counts = {(each["_id"]["spider"], each["_id"]["state"]): int(each["count"]) async for each in grouped}
        ready: Document = {"state": "pending", "not_before": {"$lte": now}}
        first = await jobs.find(ready, {"not_before": 1}).sort("not_before", 1).limit(1).to_list()
        pending_s = (now - first[0]["not_before"]).total_seconds() if first else None
        lately: Document = {"state": "dead", "ended_at": {"$gte": now - timedelta(days=1)}}
        dead = [
            (str(each["spider"]), str(each.get("reason") or "no reason is known"))
            async for each in jobs.find(lately, {"spider": 1, "reason": 1}).sort("ended_at", -1).limit(5)
        ]
        return counts, pending_s, dead

    @tells_outage
    async def _nodes(self, now: datetime) -> list[NodeView]:
        return [
            NodeView(
                name=str(each["_id"]),
                version=each.get("version"),
                egg=each.get("egg"),
                running=int(each.get("running") or 0),
                max_proc=int(each.get("max_proc") or 0),
                draining=bool(each.get("draining")),
                silent_s=_age_s(each.get("seen_at"), now) or 0.0,
                problem=each.get("problem"),
            )
            async for each in self.database["nodes"].find().sort("_id", 1)
        ]

    @tells_outage
    async def _eggs(self) -> list[EggView]:
        found = self.database["eggs"].find({}, {"version": 1, "deployed_at": 1, "stopped": 1, "order": 1}).sort("order", -1)
        return [
            EggView(
                version=str(each["version"]),
                deployed_at=each.get("deployed_at"),
                stopped=(each.get("stopped") or {}).get("reason"),
            )
            async for each in found
        ]

    @tells_outage
    async def _topics(self, now: datetime) -> list[TopicView]:
        made = []
        async for topic in self.database["topics"].find({}, {"name": 1}).sort("_id", 1):
            posts = self.database["posts"].find({"topics.id": topic["_id"]}, {"created_at": 1})
            newest = await posts.sort("created_at", -1).limit(1).to_list()
            age_s = _age_s(newest[0]["created_at"], now) if newest else None
            made.append(TopicView(id=topic["_id"], name=topic["name"], newest_s=age_s))
        return made


def _source_of(stored: Mapping[str, Any], now: datetime) -> SourceView:
    standing = standing_of({**stored, "bookmark": _NO_BOOKMARK})
    waits = now - standing.next_due
    wanted = bool(standing.source.topics)
    return SourceView(
        id=stored["_id"],
        platform=standing.source.platform,
        topics=standing.source.topics,
        word="late" if standing.state == "ok" and wanted and waits > LATE else standing.state,
        reason=standing.state_reason,
        polled_s=_age_s(standing.last_polled_at, now),
        waits_s=waits.total_seconds() if wanted else -1.0,
        worked_on=_worked_on(stored, now),
        gaps=int(stored["gaps"]),
        per_hour=standing.rate.per_hour if standing.rate else None,
        interval_s=standing.rate.interval_s if standing.rate else None,
    )


def _worked_on(stored: Mapping[str, Any], now: datetime) -> bool:
    until = stored["lease"]["until"]
    return until is not None and until > now


def _age_s(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else max(0.0, (now - moment).total_seconds())
