"""The trends of a scope: everything that `monitor trends` shows, gathered in two readings of its posts. Rendered elsewhere."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.analysis.bucket import Period
from monitor.analysis.clusters import Clusters, clusters_of
from monitor.analysis.coordination import Coordination, coordination
from monitor.analysis.rising import Rising, rising_tags, rising_terms
from monitor.analysis.spike import Assessment, Sensitivity
from monitor.analysis.tally import Counted
from monitor.moment import written
from monitor.scope import Scope
from monitor.store.connection import Store
from monitor.store.examples import Example, Examples
from monitor.store.scope_coverage import ScopeCoverage
from monitor.store.scoped import window_of
from monitor.store.search import Search
from monitor.stories import Story, stories
from monitor.trends.collected import collected
from monitor.trends.gathering import OF_POSTS, SECTIONS, TOPS, Gathering
from monitor.trends.hours import Compared, Hours, Interval, Volume, read_hours

LIMIT = 10  # rows of each list


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to show of a scope. `with_coverage`: hours that not all of its sources cover are not judged, and coverage is told."""

    scope: Scope
    now: datetime
    sections: Collection[str] = SECTIONS
    interval: Interval = "1h"
    sensitivity: Sensitivity = "normal"
    limit: int = LIMIT
    with_coverage: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RisingBoth:
    """Rising terms and tags; `now` and `before` are the posts compared, of those there are (`all_now`, `all_before`)."""

    terms: tuple[Rising, ...]
    tags: tuple[Rising, ...]
    before_period: Period
    now: int
    before: int
    all_now: int
    all_before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Stories that several posts tell, most posts first; `posts` of `of` were looked at, and are `unique` stories."""

    stories: tuple[Story, ...]
    posts: int
    unique: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Engaging:
    """Engagement and ids of the posts with most of it; of `unknown` posts no platform told any."""

    posts: tuple[tuple[int, str], ...]
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """Sections that were not asked for are None, or empty in `tops`. `read`: posts that were read one by one."""

    asked: Asked
    hours: Hours
    volumes: tuple[Volume, ...]
    unusual: tuple[Assessment, ...] | None
    compared: Compared | None
    rising: RisingBoth | None
    tops: Mapping[str, tuple[Counted, ...]]
    engaging: Engaging | None
    told: Told | None
    clusters: Clusters | None
    coordination: Coordination | None
    shares_left_out: int
    examples: Mapping[str, Example]
    read: int
    covered: ScopeCoverage | None = None


async def read_trends(store: Store, asked: Asked) -> Trends | None:
    """Gather the trends of a scope, widened to full hours; None where there is no such post, and so no period.

    Raises StoreUnavailableError. Cost: the hours from rollups where these answer; the posts of the period are read once where a
    section needs them, and those of the period before for what rises.
    """
    window = await window_of(store.database, asked.scope, now=asked.now)
    if window is None:
        return None
    known = await collected(store, asked.scope, window, now=asked.now) if asked.with_coverage else None
    hours = await read_hours(store, asked.scope, window, now=asked.now, collected=None if known is None else known.hours)
    wanted = set(asked.sections)
    gathering = Gathering(sections=wanted & OF_POSTS, limit=asked.limit)
    if gathering.sections:
        await _read(store, asked, hours.period, gathering)
    rising = await _rising(store, asked, hours, gathering) if "rising" in wanted else None
    assessed = hours.assessed(asked.sensitivity)
    within = [one for one in assessed if one.start >= hours.period.start]
    told = _told(gathering, asked.limit) if "stories" in wanted else None
    clusters = clusters_of(gathering.clustered) if "clusters" in wanted else None
    engaging = Engaging(posts=gathering.engaging(), unknown=gathering.unknown_engagement) if "posts" in wanted else None
    return Trends(
        asked=asked,
        hours=hours,
        volumes=hours.volumes(asked.interval, assessed) if wanted & {"volume", "spikes"} else (),
        unusual=tuple(one for one in within if one.spike or one.drop) if "spikes" in wanted else None,
        compared=hours.compared(assessed) if "change" in wanted else None,
        rising=rising,
        tops={top: gathering.tallies[top].most(asked.limit) for top in TOPS if top in wanted},
        engaging=engaging,
        told=told,
        clusters=clusters,
        coordination=coordination(gathering.shares) if "coordination" in wanted else None,
        shares_left_out=gathering.shares_left_out,
        examples=await Examples(store.database).of(_shown(rising, engaging, told, clusters)),
        read=gathering.posts,
        covered=None if known is None else known.covered,
    )


async def _read(store: Store, asked: Asked, period: Period, gathering: Gathering) -> None:
    frozen = replace(asked.scope.frozen(asked.now), begin=written(period.start), end=written(period.end))
    async for post in Search(store.database).posts(frozen.asks(asked.now), stored_by=frozen.stored_by()):
        gathering.add(post)


async def _rising(store: Store, asked: Asked, hours: Hours, gathering: Gathering) -> RisingBoth:
    earlier = Gathering(sections={"rising"}, limit=asked.limit)
    before = hours.before
    await _read(store, asked, before, earlier)
    now_posts, before_posts = gathering.compared.kept(), earlier.compared.kept()
    tags = rising_tags(now_posts, before_posts, limit=asked.limit)
    return RisingBoth(
        # A tag is a word of its post, too: it is told once.
        terms=_others(rising_terms(now_posts, before_posts, limit=2 * asked.limit), tags)[: asked.limit],
        tags=tags,
        before_period=before,
        now=len(now_posts),
        before=len(before_posts),
        all_now=gathering.compared.seen,
        all_before=earlier.compared.seen,
    )


def _others(terms: Sequence[Rising], tags: Sequence[Rising]) -> tuple[Rising, ...]:
    named = {tag.term.casefold() for tag in tags}
    return tuple(term for term in terms if term.term not in named)


def _told(gathering: Gathering, limit: int) -> Told:
    found = stories(gathering.tellings)
    several = sorted(
        (story for story in found if len(story.posts) > 1), key=lambda story: (-len(story.posts), story.first_post)
    )
    return Told(
        stories=tuple(several[:limit]), posts=len(gathering.tellings), unique=len(found), of=gathering.posts
    )  # fmt: skip


def _shown(rising: RisingBoth | None, engaging: Engaging | None, told: Told | None, clusters: Clusters | None) -> list[str]:
    """The ids of the posts whose texts are shown."""
    ids = [one.posts[0] for one in (*rising.terms, *rising.tags)] if rising else []
    ids += [post for _, post in engaging.posts] if engaging else []
    ids += [story.first_post for story in told.stories] if told else []
    ids += [cluster.examples[0] for cluster in clusters.clusters] if clusters else []
    return ids
