"""What the demo finds in what it collected: topics, the planted spike, coverage; each held against the simulator's truth."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor import clock
from monitor.analysis.bucket import HOUR, Period
from monitor.analysis.coverage import COVERED
from monitor.analysis.interval import Estimate
from monitor.analysis.net_sentiment import Labels, net_sentiment
from monitor.analysis.share import Share, shares
from monitor.analysis.spike import Assessment
from monitor.crawl.exported import moment
from monitor.scope import Scope
from monitor.simulator.expected import Planted, last_shown, posts_of, written_between
from monitor.store.connection import Store
from monitor.store.figures import Figures
from monitor.store.scope_coverage import ScopeCoverage, covered_over, percent
from monitor.store.scoped import window_of
from monitor.store.volumes import Volumes
from monitor.trends.trends import Asked, Trends, read_trends

# A feed shows its newest entries alone: a first look at it proves nothing about the time before.
WITHOUT_PAST = frozenset({"feeds"})
_OK, _UNCHANGED = 200, 304


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the simulator tells: the rows of its log, each post as it was shown last, its requests, and the planted spike."""

    rows: Sequence[Mapping[str, Any]]
    requests: Sequence[Mapping[str, Any]]
    planted: Planted

    @classmethod
    def of(cls, log: Mapping[str, Any], truth: Mapping[str, Any]) -> "Shown":
        """From `Log.as_json` and `World.truth`."""
        return cls(rows=last_shown(log["posts"]), requests=log["requests"], planted=Planted.of(truth))


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicFound:
    """One topic: its figures and share of voice, and how many posts of it were shown."""

    id: str
    figures: Figures
    share: Share | None
    net: Estimate | None
    shown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing held against the truth, and in words what was found."""

    name: str
    exact: bool
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """`trends` are those of the spike's topic (None: no post of it is stored), `shown_in_spike` its posts shown in the hours."""

    topics: tuple[TopicFound, ...]
    spike_topic: str
    planted: Planted
    trends: Trends | None
    shown_in_spike: int
    covered: ScopeCoverage
    refused: Mapping[str, int]

    @property
    def unusual(self) -> tuple[Assessment, ...]:
        """Hours of the spike's topic that are spikes."""
        found = self.trends.unusual if self.trends else None
        return tuple(one for one in found or () if one.spike)

    @property
    def planted_hours(self) -> tuple[datetime, ...]:
        count = int((self.planted.to_at - self.planted.from_at) / HOUR)
        return tuple(self.planted.from_at + number * HOUR for number in range(count))

    @property
    def counted_in_spike(self) -> int:
        """Posts of the spike's topic in the planted hours, as `monitor trends` counts them."""
        steps = self.trends.hours.steps if self.trends else {}
        return sum(count for at, count in steps.items() if self.planted.from_at <= at < self.planted.to_at)

    @property
    def checks(self) -> tuple[Check, ...]:
        return (self._hours(), self._posts(), self._voice(), self._coverage())

    def _hours(self) -> Check:
        planted = self.planted_hours
        found = {one.start for one in self.unusual}
        hits, others = sum(hour in found for hour in planted), len(found - set(planted))
        says = f"{hits} of {len(planted)} planted hours found, {self.planted.from_at:%H:%M} to {self.planted.to_at:%H:%M}"
        return Check(
            name="spike_hours", exact=hits == len(planted) > 0, says=f"{says}; {others or 'no'} others in all the time"
        )  # fmt: skip

    def _posts(self) -> Check:
        counted, shown = self.counted_in_spike, self.shown_in_spike
        return Check(
            name="spike_posts", exact=counted == shown > 0, says=f"{counted:,} posts counted in these hours, {shown:,} shown"
        )

    def _voice(self) -> Check:
        different = [
            f"{one.id} {one.figures.posts:,} of {one.shown:,}" for one in self.topics if one.figures.posts != one.shown
        ]
        counted, shown = (
            sum(amounts) for amounts in zip(*((one.figures.posts, one.shown) for one in self.topics), strict=True)
        )
        says = f"{counted:,} posts counted, {shown:,} shown" + (
            f"; {', '.join(different)}" if different else ", topic by topic"
        )
        return Check(name="share_of_voice", exact=not different, says=says)

    def _coverage(self) -> Check:
        """The simulator withholds nothing, so all time is to be proven, but for platforms that show no past."""
        wrong = [] if self.covered.coverage.sources else ["no source was polled"]
        for platform, together in self.covered.coverage.platforms.items():
            covered, refused = together.shares.get(COVERED, 0.0), self.refused.get(platform, 0)
            if platform in WITHOUT_PAST:
                wrong += [f"{platform} {percent(covered)} of a past that it does not show"] if covered else []
            elif together.every < 1:
                wrong.append(f"{platform} {percent(together.every)}, {refused:,} requests not answered")
        says = "all that pages back is proven; feeds show no past, none is claimed"
        return Check(name="coverage", exact=not wrong, says=", ".join(wrong) or says)


async def find(store: Store, queries: Mapping[str, str], shown: Shown, period: Period) -> Findings:
    """Gather the findings. `queries`: of each topic by its id; `period`: that which was asked for, up to when the asking began.

    Raises StoreUnavailableError. The hours must have been counted before.
    """
    now = clock.now()
    spike_topic = next(topic for topic, query in queries.items() if query.strip('"') == shown.planted.subject)
    scope = Scope(topics=(spike_topic,))
    trends = await read_trends(store, Asked(scope=scope, now=now, sections=("volume", "spikes"), interval="1d"))
    within = written_between(shown.rows, shown.planted.from_at, shown.planted.to_at)
    return Findings(
        topics=await _topics(store, queries, posts_of(shown.rows, queries.values()), now),
        spike_topic=spike_topic,
        planted=shown.planted,
        trends=trends,
        shown_in_spike=posts_of(within, [queries[spike_topic]])[queries[spike_topic]],
        covered=await covered_over(store.database, Scope(), period),
        refused=_refused(shown.requests),
    )


async def _topics(store: Store, queries: Mapping[str, str], shown: Mapping[str, int], now: datetime) -> tuple[TopicFound, ...]:
    figures = {}
    for topic in queries:
        window = await window_of(store.database, Scope(topics=(topic,)), now=now)
        figures[topic] = Figures() if window is None else await Volumes(store.database).total(window)
    voices = {share.key: share for share in shares({topic: told.posts for topic, told in figures.items()})}
    found = [
        TopicFound(
            id=topic, figures=told, share=voices.get(topic), net=net_sentiment(_labels(told)), shown=shown[queries[topic]]
        )
        for topic, told in figures.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.figures.posts, one.id)))


def _labels(figures: Figures) -> Labels:
    return Labels(
        negative=figures.negative, neutral=figures.neutral, positive=figures.positive, unscored=figures.unscored
    )  # fmt: skip


def _refused(requests: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Requests by platform that were not answered to the end, or with something else than posts."""
    refused: dict[str, int] = {}
    for request in requests:
        if not request["whole"] or request["status"] not in (_OK, _UNCHANGED):
            refused[request["platform"]] = refused.get(request["platform"], 0) + 1
    return refused


def told(findings: Findings) -> dict[str, Any]:
    """The findings as `--json` prints them."""
    coverage = findings.covered.coverage
    return {
        "topics": [_topic_told(one) for one in findings.topics],
        "spike": {
            "topic": findings.spike_topic,
            "planted_from": moment(findings.planted.from_at),
            "planted_to": moment(findings.planted.to_at),
            "planted_posts": findings.planted.extra_posts,
            "posts": findings.counted_in_spike,
            "shown": findings.shown_in_spike,
            "hours": [_hour_told(one) for one in findings.unusual],
        },
        "share_of_voice": [
            {
                "id": one.id,
                "posts": one.figures.posts,
                "shown": one.shown,
                "share": one.share.share if one.share else None,
                "interval": [one.share.interval.low, one.share.interval.high] if one.share else None,
            }
            for one in findings.topics
        ],
        "coverage": {
            "from": moment(coverage.period.start),
            "to": moment(coverage.period.end),
            "sentence": findings.covered.sentence,
            "platforms": [
                {"platform": name, "sources": one.sources, "every": one.every, "any": one.any, "states": dict(one.shares)}
                for name, one in coverage.platforms.items()
            ],
        },
        "checks": [{"check": one.name, "exact": one.exact, "says": one.says} for one in findings.checks],
    }


def _topic_told(one: TopicFound) -> dict[str, Any]:
    interval = one.net.interval if one.net else None
    return {
        "id": one.id,
        "posts": one.figures.posts,
        "scored": one.figures.scored,
        "net_sentiment": one.net.value if one.net else None,
        "net_interval": [interval.low, interval.high] if interval else None,
    }


def _hour_told(one: Assessment) -> dict[str, Any]:
    return {
        "from": moment(one.start),
        "posts": one.count,
        "usual": one.usual.mean if one.usual else None,
        "band": list(one.band) if one.band else None,
        "times_usual": one.times_usual,
    }
