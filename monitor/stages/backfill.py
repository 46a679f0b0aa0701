"""The back-fill stage: holes of a scope become gaps that the next polls read, within a number of calls.

The invariant: whenever this is killed, each source has all of its new gaps or none, and a repeat opens what is missing; what is
open already is not opened again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from monitor.analysis.coverage import REMOVED
from monitor.backfill import Fill, Pace, budgeted, fills, opened
from monitor.bookmark import Bookmark
from monitor.paging import Rules
from monitor.source import Source
from monitor.store.backfills import Backfills
from monitor.store.connection import Store
from monitor.store.scope_coverage import ScopeCoverage
from monitor.store.sources import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """What a platform says of a source: how it pages, and how many posts a page holds."""

    rules: Rules
    page_size: int


# None, with the reason: the past of such a source cannot be asked.
Look = Callable[[Source], Paging | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What can be done for one source, whose bookmark was `bookmark` then."""

    source: str
    bookmark: Bookmark
    fills: tuple[Fill, ...]

    @property
    def calls(self) -> int:
        """How many its gaps are given."""
        return sum(fill.gap.calls or 0 for fill in self.fills if fill.gap)


async def plan(store: Store, covered: ScopeCoverage, look: Look, *, calls: int, now: datetime) -> tuple[Planned, ...]:
    """What of the holes can be filled with so many calls, newest first. Changes nothing."""
    standings = {standing.source.id: standing for standing in await store.sources.list_all()}
    holes = {each.source: each.holes for each in covered.coverage.sources if each.holes and each.source in standings}
    made: dict[str, tuple[Fill, ...]] = {}
    for source, missing in holes.items():
        paging = _paging(standings[source], look)
        if isinstance(paging, str):
            made[source] = tuple(Fill(hole=hole, reason=hole.reason if hole.state == REMOVED else paging) for hole in missing)
        else:
            pace = Pace(posts_per_hour=covered.paces.get(source), page_size=paging.page_size)
            made[source] = fills(standings[source].bookmark, missing, rules=paging.rules, pace=pace, now=now)
    shared = iter(budgeted([fill for each in made.values() for fill in each], calls))
    return tuple(
        Planned(source=source, bookmark=standings[source].bookmark, fills=tuple(next(shared) for _ in each))
        for source, each in made.items()
    )


async def carry_out(store: Store, planned: tuple[Planned, ...], *, owner: str, now: datetime) -> tuple[str, ...]:
    """Open the gaps of a plan and make their sources due. Returns the sources that were busy: repeat it for them.

    Each source by itself, under a lease. Raises StoreUnavailableError; what was opened before stays so.
    """
    busy: list[str] = []
    backfills = Backfills(store.database)
    for each in planned:
        if not each.calls:
            if any(gap.calls for gap in each.bookmark.gaps):  # opened by one that was killed before it said when
                await backfills.make_due(each.source)
            continue
        claim = await store.leases.claim(each.source, owner=owner)
        if claim is None:
            busy.append(each.source)
            continue
        try:
            same = claim.bookmark == each.bookmark
            if not same or not await backfills.open(claim, opened(claim.bookmark, each.fills, now=now), run=owner):
                busy.append(each.source)
        finally:
            await backfills.leave(claim)
    return tuple(busy)


def _paging(standing: Standing, look: Look) -> Paging | str:
    if standing.state == "paused":
        return "is paused: monitor sources resume makes it polled again"
    if not standing.source.topics:
        return "no topic wants it, so that nothing polls it"
    return look(standing.source)
