"""The coverage of a scope: its sources, its period, and what the ledger says of them. What figures are to be shown beside."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.analysis.bucket import Period
from monitor.analysis.coverage import Coverage, Together, Told, coverage
from monitor.errors import UsageError
from monitor.moment import written
from monitor.scope import Scope
from monitor.source import IMPORT
from monitor.store.document import Document
from monitor.store.horizon import Horizon, Horizons
from monitor.store.outage import tells_outage
from monitor.store.timelines import Timelines

DEFAULT_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeCoverage:
    """`coverage` over `coverage.period`; `about` says in a sentence which sources answer for the scope.

    `assumed_begin`: the scope has no from, so the period begins where we chose. `paces`: posts per hour of covered time, by
    source, where something is known. `horizon`: what lies before it was removed, and counts as not covered.
    """

    coverage: Coverage
    about: str
    assumed_begin: bool
    paces: dict[str, float]
    horizon: Horizon | None = None

    @property
    def sentence(self) -> str:
        """One sentence that may stand under any figure of the scope."""
        whole = self.coverage.whole
        if not whole.sources:
            return "No source serves this scope, so none of its time is covered."
        if whole.sources == 1:
            return f"{percent(whole.every)} of the time is covered by its one source."
        return (
            f"{percent(whole.every)} of the time is covered by all {whole.sources} sources, "
            f"{percent(whole.any)} by at least one of them."
        )

    @property
    def removed(self) -> str | None:
        """What to say where posts of the period were removed by age."""
        return self.horizon.sentence if self.horizon is not None and self.horizon.at > self.coverage.period.start else None

    @property
    def told(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {"sentence": self.sentence, "about": self.about, **together_told(self.coverage.whole)}


def together_told(together: Together) -> dict[str, Any]:
    """What several sources cover, as JSON values."""
    return {
        "sources": together.sources,
        "every": together.every,
        "any": together.any,
        "states": dict(together.shares),
        "whole_hours": len(together.whole_hours),
    }


def percent(share: float) -> str:
    """A share as a percentage that says 100.0 % only of all, and 0.0 % only of nothing."""
    shown = round(share * 100, 1)
    if share < 1 and shown == 100:
        shown = 99.9
    if share > 0 and shown == 0:
        shown = 0.1
    return f"{shown:.1f} %"


def period_of(scope: Scope, *, now: datetime) -> tuple[Period, bool]:
    """The period that is meant, up to now at most, and whether its begin was chosen by us. Raises UsageError for the future."""
    begin, end = scope.between(now)
    ends = min(end or now, now).astimezone(UTC)
    begins = begin or ends - timedelta(days=DEFAULT_DAYS)
    if begins >= ends:
        raise UsageError("The scope begins in the future, of which nothing can be covered: write an earlier from=.")
    return Period(start=begins, end=ends), begin is None


def within_period(scope: Scope, period: Period) -> Scope:
    """The posts of a scope that were written within a period."""
    return replace(scope, begin=written(period.start), end=written(period.end))


class ScopeSources:
    """Which of the stored sources answer for a scope."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._sources = database["sources"]

    @tells_outage
    async def of(self, scope: Scope) -> tuple[dict[str, tuple[str, str]], str]:
        """Their ids with their platforms and kinds, and a sentence that says how they were chosen."""
        named = [topic for topic in scope.topics if not topic.startswith("!")]
        on = [platform for platform in scope.platforms if not platform.startswith("!")]
        not_on = [platform.removeprefix("!") for platform in scope.platforms if platform.startswith("!")]
        places: list[Document] = [{"platform": {"$in": on}}] if on else []
        places += [{"platform": {"$nin": not_on}}] if not_on else []
        topics: Document = {"topics": {"$in": named}} if named else {"topics.0": {"$exists": True}}
        found = await self._found([topics, *places])
        if named:
            return found, f"Counted are the sources that serve {' or '.join(named)} now."
        if found:
            return found, "The scope names no topic, so the sources of all topics are counted."
        # Only what was named by hand was ever crawled here.
        return await self._found(places), "No topic has sources here, so all that were named by hand are counted."

    async def _found(self, wanted: list[Document]) -> dict[str, tuple[str, str]]:
        found = self._sources.find({"$and": wanted} if wanted else {}, {"platform": 1, "kind": 1})
        return {stored["_id"]: (stored["platform"], stored["kind"]) async for stored in found}


async def scope_coverage(database: AsyncDatabase[dict[str, Any]], scope: Scope, *, now: datetime) -> ScopeCoverage:
    """What of a scope's time is covered, by the ledger as it is now."""
    period, assumed = period_of(scope, now=now)
    return await covered_over(database, scope, period, assumed_begin=assumed)


async def covered_over(
    database: AsyncDatabase[dict[str, Any]], scope: Scope, period: Period, *, assumed_begin: bool = False
) -> ScopeCoverage:
    """The same over another period than the scope's own."""
    found, about = await ScopeSources(database).of(scope)
    timelines = await Timelines(database).of(sorted(found))
    horizon = await Horizons(database).read()
    told: dict[str, Sequence[Told]] = {
        source: timelines[source].spans if source in timelines else () for source in sorted(found)
    }
    if horizon is not None and horizon.at > period.start:
        told = {source: horizon.cut(spans) for source, spans in told.items()}
    platforms = {source: platform for source, (platform, _) in found.items()}
    files = {source for source, (_, kind) in found.items() if kind == IMPORT}
    if files:
        about += f" {len(files)} imported files are told by themselves: they prove nothing of posts that are not in them."
    paces = {source: timeline.pace for source, timeline in timelines.items()}
    return ScopeCoverage(
        coverage=coverage(period, told, platforms, apart=files),
        about=about,
        assumed_begin=assumed_begin,
        paces={source: pace for source, pace in paces.items() if pace is not None},
        horizon=horizon,
    )
