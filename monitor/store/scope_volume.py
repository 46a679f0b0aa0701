"""How many posts of a scope there were, with those that fell into holes: what is stored is counted, the rest estimated.

Each platform by itself, by the hours that all of the scope's sources there cover: where one platform was down, the others' hours
are known all the same.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pymongo.asynchronous.database import AsyncDatabase

from monitor.analysis.bucket import HOUR, Period
from monitor.analysis.interval import Interval
from monitor.analysis.usual import WEEK, WEEKS
from monitor.analysis.volume import Volume, added, volume
from monitor.scope import Scope
from monitor.store.dirty import hour_of
from monitor.store.scope_coverage import ScopeCoverage, covered_over, percent, within_period
from monitor.store.search import Search
from monitor.store.volumes import Volumes
from monitor.store.window import Window, hours

# As far back as the dispersion of the hours is learned from, and what each of these is held against.
HISTORY = 2 * WEEKS * WEEK

Counts = Mapping[str, Mapping[datetime, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeVolume:
    """`volume` of the hours inside the period, with the posts of its edges; `unknown`: platforms of which too little is known."""

    covered: ScopeCoverage
    volume: Volume
    unknown: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Counted, covered, estimated: in one line."""
        found, every = self.volume, percent(self.covered.coverage.whole.every)
        told = f"{found.counted:,} posts counted; {every} of the time is covered"
        if not found.missing_hours:
            return told
        if found.posts is None or found.interval is None:
            return f"{told}; no estimate: too little is known of {', '.join(self.unknown)}"
        return f"{told}; estimated {found.posts:,.0f} ({found.interval.low:,.0f} to {found.interval.high:,.0f})"


async def scope_volume(
    database: AsyncDatabase[dict[str, Any]], scope: Scope, period: Period, *, by_rollups: bool, now: datetime
) -> ScopeVolume:
    """The volume of a scope over a period. `by_rollups`: rollups know such scopes; else its posts are read one by one.

    Where all is covered, only the period is read; else the eight weeks before it, too.
    """
    covered = await covered_over(database, scope, period)
    inner = inner_hours(period)
    holes = inner is not None and any(
        len(_inside(together.whole_hours, inner)) < inner.hours for together in covered.coverage.platforms.values()
    )
    counts = await _counts(database, scope, period, by_rollups=by_rollups, now=now)
    known = covered
    if holes:
        since, until = hour_of(period.start - HISTORY), hour_of(period.start)
        before = await _counts(database, scope, Period(start=since, end=until), by_rollups=by_rollups, now=now)
        counts = {platform: {**before.get(platform, {}), **counts.get(platform, {})} for platform in {*before, *counts}}
        known = await covered_over(database, scope, Period(start=since, end=period.end))
    parts = platform_volumes(counts, known, inner, period, zone=ZoneInfo(scope.zone))
    unknown = tuple(platform for platform, part in parts.items() if part.posts is None)
    return ScopeVolume(covered=covered, volume=added(parts.values()), unknown=unknown)


def inner_hours(period: Period) -> Period | None:
    """The full hours inside a period; None where there is none."""
    begin = hour_of(period.start)
    begin += HOUR if begin < period.start else timedelta(0)
    end = hour_of(period.end)
    return Period(start=begin, end=end) if begin < end else None


def platform_volumes(
    counts: Counts, known: ScopeCoverage, inner: Period | None, period: Period, *, zone: ZoneInfo
) -> dict[str, Volume]:
    """The volume of each platform: that of its hours inside the period, and what was counted at the edges. Pure."""
    made: dict[str, Volume] = {}
    for platform in sorted({*counts, *known.coverage.platforms}):
        posts = counts.get(platform, {})
        counted = sum(count for hour, count in posts.items() if hour + HOUR > period.start)
        together = known.coverage.platforms.get(platform)
        if inner is None or together is None:  # no source of the scope is there any more: what came is all that is known
            made[platform] = _exactly(counted)
            continue
        # Of the hour in which the period begins, only what lies in the period was counted.
        covered = frozenset(each for each in together.whole_hours if each >= inner.start or each + HOUR <= period.start)
        found = volume(
            {hour: posts.get(hour, 0) for hour in covered},
            partial={hour: count for hour, count in posts.items() if hour not in covered and inner.start <= hour < inner.end},
            period=inner,
            zone=zone,
        )
        made[platform] = added([found, _exactly(counted - found.counted)])
    return made


def _exactly(posts: int) -> Volume:
    return Volume(counted=posts, missing_hours=0, posts=posts, interval=Interval(low=posts, high=posts))


def _inside(moments: tuple[datetime, ...], period: Period) -> list[datetime]:
    return [moment for moment in moments if period.start <= moment < period.end]


async def _counts(
    database: AsyncDatabase[dict[str, Any]], scope: Scope, period: Period, *, by_rollups: bool, now: datetime
) -> Counts:
    """Posts by platform and hour of UTC; of the first and the last hour only what lies in the period."""
    counts: defaultdict[str, dict[datetime, int]] = defaultdict(dict)
    if by_rollups:
        topic = scope.topics[0] if scope.topics else None
        window = Window.around(period.start, period.end, platforms=scope.platforms, topic=topic)
        cuts = hours(window)
        for platform, figures in (await Volumes(database).by_platform(window, cuts)).by_platform.items():
            for cut, each in zip(cuts, figures, strict=False):
                if each.posts:
                    counts[platform][hour_of(cut)] = each.posts
        return counts
    within = within_period(scope, period)
    async for post in Search(database).posts(within.asks(now), stored_by=within.stored_by()):
        hour = hour_of(post.created_at)
        counts[post.platform][hour] = counts[post.platform].get(hour, 0) + 1
    return counts
