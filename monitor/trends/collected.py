"""Which hours of a scope count as collected, by the ledger, and the coverage that is told beside its figures."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.analysis.bucket import HOUR, Period
from monitor.analysis.change import previous_same_weekdays
from monitor.scope import Scope
from monitor.store.connection import Store
from monitor.store.dirty import hour_of
from monitor.store.scope_coverage import ScopeCoverage, covered_over
from monitor.store.window import Window
from monitor.trends.hours import LEARNED, whole_hours


@dataclass(frozen=True, slots=True)
class Collected:
    """`covered`: of the period itself. `hours`: begins of those that all sources cover, also before the period; None: of a scope that
    no source serves, whose posts came from files or by hand, nobody knows, and every hour is taken as collected.
    """

    covered: ScopeCoverage
    hours: frozenset[datetime] | None


async def collected(store: Store, scope: Scope, window: Window, *, now: datetime) -> Collected:
    """Look it up for a scope's window, widened to full hours, up to now."""
    period = whole_hours(window)
    begin = min(period.start - LEARNED, previous_same_weekdays(period, zone=ZoneInfo(scope.zone)).start)
    end = min(period.end, now)
    if end <= period.start:
        end = period.start + HOUR  # of what is to come nothing is covered
    covered = await covered_over(store.database, scope, Period(start=period.start, end=end))
    if not covered.coverage.whole.sources:
        return Collected(covered, None)
    known = await covered_over(store.database, scope, Period(start=hour_of(begin), end=end))
    return Collected(covered, frozenset(known.coverage.whole.whole_hours))
