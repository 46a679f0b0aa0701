"""A comparison of topics or scopes: shares of voice, change, sentiment, engagement, overlap; gathered here, rendered elsewhere."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import combinations
from zoneinfo import ZoneInfo

from monitor.analysis.bucket import Period
from monitor.analysis.engagement import Engagement, engagement, total_engagement
from monitor.analysis.excerpt import Excerpt, account
from monitor.analysis.interval import Hits, Interval, difference
from monitor.analysis.net_sentiment import Labels, net_difference
from monitor.analysis.overlap import Overlap, overlaps
from monitor.analysis.share import Share, shares
from monitor.moment import written
from monitor.post import Post
from monitor.scope import Scope
from monitor.store.connection import Store
from monitor.store.scope_coverage import ScopeCoverage
from monitor.store.scoped import window_of
from monitor.store.search import Search
from monitor.store.step_counts import HOUR, StepCounter
from monitor.store.tracked import First, Tracked
from monitor.store.volumes import Freshness
from monitor.store.window import Window
from monitor.stories import Stories, Telling
from monitor.trends.collected import collected
from monitor.trends.gathering import MOST_TOLD
from monitor.trends.hours import Compared, read_hours, whole_hours
from monitor.trends.sides import Side

MOST_HELD = 100_000  # posts of each side whose ids are held to find common ones
SPEAKERS = 10
LATE = HOUR * 24  # a side that begins later than the period by more is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One side: its posts, how many stories they are (of the newest `looked_at`), its figures, and since when it is tracked."""

    side: Side
    posts: int
    unique: int
    looked_at: int
    authors: int
    labels: Labels
    engagement: Engagement
    platforms: Mapping[str, int]
    compared: Compared | None
    firsts: Mapping[str, First]
    covered_from: Mapping[str, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The one side minus the other: net sentiment and the share of negative posts; None where too few are scored."""

    first: str
    second: str
    net: Interval | None
    negative: Interval | None

    @property
    def differ(self) -> bool:
        """Whether one of the two intervals leaves out "no difference"."""
        return any(interval is not None and 0.0 not in interval for interval in (self.net, self.negative))


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """An account that several sides have posts of."""

    account: str
    posts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All sides, in the order they were named. `whole`: posts of the common scope, whatever their topic.

    `overlaps` None: there were too many posts to hold. `several`: how many accounts speak in several sides, and those that do in most.
    """

    period: Period
    zone: ZoneInfo
    standings: tuple[Standing, ...]
    shares: Mapping[str, Share]
    unique_shares: Mapping[str, Share]
    differences: tuple[Difference, ...]
    overlaps: tuple[Overlap, ...] | None
    whole: int
    several: int
    speakers: tuple[Speaker, ...]
    warnings: tuple[str, ...]
    freshness: Freshness | None
    covered: Mapping[str, ScopeCoverage]


@dataclass(slots=True)
class _Gathering:
    posts: int = 0
    labels: Counter[str | None] = field(default_factory=Counter)
    platforms: Counter[str] = field(default_factory=Counter)
    authors: Counter[str] = field(default_factory=Counter)
    engagements: Counter[int | None] = field(default_factory=Counter)
    held: list[Excerpt] = field(default_factory=list)
    tellings: list[Telling] = field(default_factory=list)

    def add(self, post: Post, side: frozenset[str], *, holds: bool) -> None:
        author = account(post.platform, post.author.handle or post.author.id)
        self.posts += 1
        self.labels[post.sentiment.label if post.sentiment else None] += 1
        self.platforms[post.platform] += 1
        self.engagements[engagement(post.counts)] += 1
        if post.deleted_at is None:
            self.authors[author] += 1
        if holds:
            self.held.append(Excerpt(id=post.id, author=author, created_at=post.created_at, topics=side))
        if len(self.tellings) < MOST_TOLD:
            self.tellings.append(Telling.of(post))


async def compare(
    store: Store,
    sides: Sequence[Side],
    within: Scope,
    *,
    now: datetime,
    with_coverage: bool = False,
) -> Comparison | None:
    """Gather the comparison; None where no side has a post and the period is open.

    `with_coverage`: changes are told of hours that all sources of a side cover, and its coverage is told.
    """
    windows = [window for side in sides if (window := await window_of(store.database, side.scope, now=now))]
    if not windows:
        return None
    window = Window(from_at=min(one.from_at for one in windows), to_at=max(one.to_at for one in windows))
    period = whole_hours(window)
    gathered = {side.label: await _gathered(store, side, period, now=now) for side in sides}
    standings, fresh = [], []
    covered: dict[str, ScopeCoverage] = {}
    for side in sides:
        known = await collected(store, side.scope, window, now=now) if with_coverage else None
        if known is not None:
            covered[side.label] = known.covered
        hours = await read_hours(store, side.scope, window, now=now, collected=None if known is None else known.hours)
        fresh.append(hours.freshness)
        found = gathered[side.label]
        standings.append(await _standing(store, side, found, hours.compared(hours.assessed()), now=now))
    whole = await StepCounter(store.database).count(within, period, step=HOUR, now=now)
    told = [one for one in fresh if one is not None]
    several = _speakers(gathered)
    held = [excerpt for found in gathered.values() for excerpt in found.held]
    counted = sum(found.posts for found in gathered.values())
    return Comparison(
        period=period,
        zone=ZoneInfo(sides[0].scope.zone),
        standings=tuple(standings),
        shares={share.key: share for share in shares({one.side.label: one.posts for one in standings})},
        unique_shares={share.key: share for share in shares({one.side.label: one.unique for one in standings})},
        differences=tuple(_difference(one, other) for one, other in combinations(standings, 2)),
        overlaps=overlaps(held, whole=sum(whole.counts.values())) if len(held) == counted else None,
        whole=sum(whole.counts.values()),
        several=len(several),
        speakers=tuple(several[:SPEAKERS]),
        warnings=tuple(_warnings(standings, period)),
        freshness=max(told, key=lambda one: one.waiting, default=None),
        covered=covered,
    )


async def _gathered(store: Store, side: Side, period: Period, *, now: datetime) -> _Gathering:
    found, named = _Gathering(), frozenset({side.label})
    frozen = replace(side.scope.frozen(now), begin=written(period.start), end=written(period.end))
    async for post in Search(store.database).posts(frozen.asks(now), stored_by=frozen.stored_by()):
        found.add(post, named, holds=len(found.held) < MOST_HELD)
    return found


async def _standing(store: Store, side: Side, found: _Gathering, compared: Compared | None, *, now: datetime) -> Standing:
    grown = Stories()
    for telling in reversed(found.tellings):  # read newest first; copies are found best in the order of time
        grown.add(telling)
    tracked = Tracked(store.database)
    topic = side.scope.topics[0] if len(side.scope.topics) == 1 and not side.scope.topics[0].startswith("!") else None
    labels = found.labels
    return Standing(
        side=side,
        posts=found.posts,
        unique=grown.unique,
        looked_at=len(found.tellings),
        authors=len(found.authors),
        labels=Labels(
            negative=labels["negative"], neutral=labels["neutral"], positive=labels["positive"], unscored=labels[None]
        ),
        engagement=total_engagement(found.engagements.elements()),
        platforms=dict(sorted(found.platforms.items())),
        compared=compared,
        firsts=await tracked.firsts(replace(side.scope, begin=None, end=None).asks(now)),
        covered_from=await tracked.covered_from(topic) if topic else {},
    )


def _difference(one: Standing, other: Standing) -> Difference:
    negative = None
    if one.labels.scored and other.labels.scored:
        negative = difference(
            Hits(hits=one.labels.negative, trials=one.labels.scored),
            Hits(hits=other.labels.negative, trials=other.labels.scored),
        )
    net = net_difference(one.labels, other.labels)
    return Difference(first=one.side.label, second=other.side.label, net=net, negative=negative)


def _speakers(gathered: Mapping[str, _Gathering]) -> list[Speaker]:
    """The accounts of several sides, those of most sides first, then of most posts."""
    counts = Counter(author for found in gathered.values() for author in found.authors)
    several = [
        Speaker(
            account=author, posts={label: found.authors[author] for label, found in gathered.items() if found.authors[author]}
        )
        for author, sides in counts.items()
        if sides > 1
    ]
    return sorted(several, key=lambda one: (-len(one.posts), -sum(one.posts.values()), one.account))


def _warnings(standings: Sequence[Standing], period: Period) -> list[str]:
    """What makes the sides unequal: platforms that one lacks, or has only from later on than the period and the others."""
    told = []
    begins = {standing.side.label: _begins(standing) for standing in standings}
    for platform in sorted({platform for found in begins.values() for platform in found}):
        earliest = min(found[platform] for found in begins.values() if platform in found)
        for label, found in begins.items():
            if platform not in found:
                told.append(f"{label} has no posts of {platform}, which others have")
            elif found[platform] > period.start + LATE and found[platform] > earliest + LATE:
                told.append(
                    f"{label} has {platform} only from {found[platform]:%Y-%m-%d} on, others from {earliest:%Y-%m-%d} on"
                )
    cut = [standing for standing in standings if standing.looked_at < standing.posts]
    return told + [f"{one.side.label}: stories are those of its newest {one.looked_at:,} posts" for one in cut]


def _begins(standing: Standing) -> dict[str, datetime]:
    """By platform when its tracking began: the first post, or the first moment that the ledger has as read."""
    begins = {platform: first.written for platform, first in standing.firsts.items()}
    for platform, moment in standing.covered_from.items():
        begins[platform] = min(moment, begins.get(platform, moment))
    return begins
