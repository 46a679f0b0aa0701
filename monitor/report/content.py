"""The sections of a report from what was gathered: figures, trends, coverage and methods. Pure; written in `html` and `markdown`."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.analysis.net_sentiment import Labels, net_sentiment
from monitor.analysis.share import shares
from monitor.methods.gathering import Methods
from monitor.methods.paragraph import paragraph
from monitor.report.charts import gaps, sentiment_chart, volume_chart
from monitor.report.page import Cell, Page, Section, Table, cells, foreign, listed, plain
from monitor.store.figures import Figures
from monitor.store.scope_coverage import percent
from monitor.store.scope_volume import ScopeVolume
from monitor.store.summary import Summary
from monitor.trends.trends import Trends

MOST_HOLES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """All of one scope that stands still. `summary` and `trends` None: there is no such post."""

    methods: Methods
    summary: Summary | None
    trends: Trends | None
    estimate: ScopeVolume | None
    title: str | None = None
    note: str | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.methods.scope.zone)

    @property
    def posts(self) -> int:
        return 0 if self.summary is None else self.summary.whole.posts


def page_of(content: Content) -> Page:
    """The report."""
    methods, zone = content.methods, content.zone
    query = replace(methods.scope, begin=None, end=None).asks(methods.as_of)
    asked = "all posts" if query is None else str(query)
    begin, end = (clock(at, zone) for at in (methods.period.start, methods.period.end))
    empty = Section(heading="Posts", sentences=("No stored post is in this scope.",))
    return Page(
        title=plain(content.title or _title(methods)),
        lead=plain(f"{_many(content.posts)} from {begin} to {end} ({zone.key}). Asked for: {asked}"),
        note=None if content.note is None else plain(content.note),
        warning="Simulated data: people and posts are invented." if methods.simulated else None,
        sections=(*(_sections(content) if content.posts else [empty]), *_coverage(content), _methods(methods)),
        foot=f"As of {clock(methods.as_of, zone)} ({zone.key}). Scope: {methods.scope}",
    )


def clock(at: datetime, zone: ZoneInfo) -> str:
    """A moment by the clocks of a zone, to the minute."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _sections(content: Content) -> Iterator[Section]:
    summary, trends = content.summary, content.trends
    assert summary is not None  # there are posts
    yield _glance(content, summary)
    if trends is not None and trends.volumes:
        yield _volume(content, trends)
    yield _sentiment(summary)
    if trends is not None:
        yield from _unusual(content, trends)
        yield from _rising(trends)
        yield from _engaging(trends)
        yield from _stories(trends)
    yield from _tops(summary)


def _glance(content: Content, summary: Summary) -> Section:
    whole, found = summary.whole, content.methods.selection
    rows = [
        cells("posts", f"{whole.posts:,}"),
        cells("of these deleted at the source", f"{whole.deleted:,}"),
        cells("of these reposts", f"{found.reposts:,}"),
        cells(
            "different stories",
            f"{found.unique():,}" + ("" if found.told == found.posts else f" of the newest {found.told:,} posts"),
        ),
        cells("change", _change(content)),
        cells("net sentiment", f"{_net(whole)}, of {whole.scored:,} posts with a sentiment"),
        cells("time covered", _covered(content.methods)),
    ]
    return Section(heading="At a glance", tables=(Table(caption="Figures of the scope", headings=("", ""), rows=tuple(rows)),))


def _change(content: Content) -> str:
    compared = None if content.trends is None else content.trends.compared
    if compared is None:
        return "not told: no hour of the weeks before is known"
    made, zone = compared.change, content.zone
    since = f"{clock(compared.before.start, zone)} to {clock(compared.before.end, zone)}"
    hours = "" if compared.hours == compared.of else f"; compared are {compared.hours:,} of {compared.of:,} hours"
    chance = "" if made.certain else "; it may be chance"
    return f"{compared.told}, {made.now:,} against {made.before:,} posts from {since}{chance}{hours}"


def _volume(content: Content, trends: Trends) -> Section:
    zone, volumes, hourly = content.zone, trends.volumes, trends.asked.interval == "1h"
    found = gaps(content.methods.then.coverage.sources, content.methods.period)
    peak = max(volumes, key=lambda one: one.posts)
    when = clock(peak.period.start, zone) if hourly else f"{peak.period.start.astimezone(zone):%Y-%m-%d}"
    times = peak.judged.times_usual if peak.judged is not None else None
    usual = "" if times is None else f", {times:.1f} times the usual"
    told = f"The most, {_many(peak.posts)}, came {'at' if hourly else 'on'} {when}{usual}."
    if content.methods.then.coverage.whole.sources:
        told += f" {_hatched(sum(1 for gap in found if gap.whole), len(found))}"
    else:
        told += " How much of this time was collected is not known."
    rows = []
    for one in volumes:
        band = one.judged.band if one.judged else None
        mark = "" if one.judged is None else "spike" if one.judged.spike else "drop" if one.judged.drop else ""
        start = clock(one.period.start, zone) if hourly else f"{one.period.start.astimezone(zone):%Y-%m-%d}"
        rows.append(cells(start, f"{one.posts:,}", "" if band is None else f"{band[0]:,} to {band[1]:,}", mark))
    table = Table(
        caption=f"Posts by {'hour' if hourly else 'day'}, {zone.key}",
        headings=("hour" if hourly else "day", "posts", "usual", ""), rows=tuple(rows), right=frozenset({1, 2}),
    )  # fmt: skip
    chart = volume_chart(volumes, found, zone=zone, caption=told, hourly=hourly)
    return Section(heading="Volume", chart=chart, tables=(table,))


def _hatched(whole: int, found: int) -> str:
    if not found:
        return "All of this time was collected."
    partly = found - whole
    told = [f"{whole} {'stretch was' if whole == 1 else 'stretches were'} not collected at all"] if whole else []
    told += [f"{partly} {'stretch was' if partly == 1 else 'stretches were'} not collected from all sources"] if partly else []
    return f"{listed(told)[:1].upper()}{listed(told)[1:]} (hatched)."


def _sentiment(summary: Summary) -> Section:
    whole = summary.whole
    parts = [
        (share, summary.by_platform[share.key])
        for share in shares({name: each.posts for name, each in summary.by_platform.items()})
    ]
    rows = [
        cells(
            share.key, f"{share.posts:,}", f"{share.share:.1%} ({share.interval.low:.1%} to {share.interval.high:.1%})",
            f"{figures.positive:,}", f"{figures.neutral:,}", f"{figures.negative:,}", _net(figures),
        )
        for share, figures in parts
    ]  # fmt: skip
    rows.append(
        cells("all", f"{whole.posts:,}", "", f"{whole.positive:,}", f"{whole.neutral:,}", f"{whole.negative:,}", _net(whole))
    )
    headings = ("platform", "posts", "share", "positive", "neutral", "negative", "net sentiment")
    caption = "Posts and sentiment by platform, with 95 % intervals"
    right, wide = frozenset(range(1, 7)), frozenset({3, 4, 5})
    table = Table(caption=caption, headings=headings, rows=tuple(rows), right=right, wide=wide)
    bars = [
        (name, each.negative, each.neutral, each.positive)
        for name, each in (("all", whole), *((share.key, figures) for share, figures in parts))
        if each.scored
    ]
    told = f"Net sentiment is {_net(whole)}, of {whole.scored:,} of {_many(whole.posts)}; the others have no sentiment."
    return Section(
        heading="Platforms and sentiment", chart=sentiment_chart(bars, caption=told) if bars else None, tables=(table,),
        sentences=() if bars else ("No post has a sentiment.",),
    )  # fmt: skip


def _unusual(content: Content, trends: Trends) -> Iterator[Section]:
    if trends.unusual is None:
        return
    if not trends.unusual:
        yield Section(heading="Spikes and drops", sentences=("No hour was unusual, as far as it is known what is usual.",))
        return
    rows = []
    for one in sorted(trends.unusual, key=lambda each: -each.count)[: trends.asked.limit]:
        low, high = one.band or (0, 0)
        what = "spike" if one.spike else "drop"
        start = clock(one.start, content.zone)
        rows.append(cells(start, what, f"{one.count:,}", f"{low:,} to {high:,}", f"{one.times_usual or 0:.1f}"))
    told = f"{len(trends.unusual):,} hours were unusual." if len(trends.unusual) != 1 else "One hour was unusual."
    headings = ("hour", "what", "posts", "usual", "times the usual")
    table = Table(caption="Unusual hours, the largest first", headings=headings, rows=tuple(rows), right=frozenset({2, 3, 4}))
    yield Section(heading="Spikes and drops", sentences=(told,), tables=(table,))


def _rising(trends: Trends) -> Iterator[Section]:
    rising = trends.rising
    if rising is None:
        return
    tables = tuple(
        Table(
            caption=caption,
            headings=("term", "now", "before", "authors", "newest post"),
            rows=tuple(
                (foreign(one.term), *cells(f"{one.now:,}", f"{one.before:,}", f"{one.authors:,}"), _post(trends, one.posts[0]))
                for one in found
            ),
            right=frozenset({1, 2, 3}),
        )
        for caption, found in (("Rising terms", rising.terms), ("Rising tags", rising.tags))
        if found
    )
    none = () if tables else ("Nothing rises against the weeks before.",)
    yield Section(heading="What rises", sentences=none, tables=tables)


def _engaging(trends: Trends) -> Iterator[Section]:
    found = trends.engaging
    if found is None or not found.posts:
        return
    rows = tuple((Cell(f"{amount:,}"), _post(trends, post)) for amount, post in found.posts)
    unknown = (f"Of {_many(found.unknown)} the engagement is unknown.",) if found.unknown else ()
    table = Table(caption="Posts with most reactions", headings=("reactions", "post"), rows=rows, right=frozenset({0}))
    yield Section(heading="Most engaging posts", sentences=unknown, tables=(table,))


def _stories(trends: Trends) -> Iterator[Section]:
    told = trends.told
    if told is None or not told.stories:
        return
    rows = tuple(
        (*cells(f"{len(story.posts):,}", story.first_platform), _post(trends, story.first_post)) for story in told.stories
    )
    table = Table(
        caption="Stories that most posts tell", headings=("posts", "first on", "first post"), rows=rows, right=frozenset({0})
    )
    yield Section(heading="Stories", tables=(table,))


def _tops(summary: Summary) -> Iterator[Section]:
    tables = tuple(
        Table(
            caption=f"Most frequent {top}",
            headings=(top, "posts"),
            rows=tuple(
                (foreign(each.key if each.platform is None else f"{each.key} ({each.platform})"), Cell(f"{each.at_least:,}"))
                for each in frequent
            ),
            right=frozenset({1}),
        )
        for top, frequent in summary.tops.items()
        if frequent
    )
    if tables:
        yield Section(heading="Tags, authors and domains", tables=tables)


def _coverage(content: Content) -> Iterator[Section]:
    found, zone = content.methods.then.coverage, content.zone
    whole = found.whole
    told = [f"Covered of the time: {_covered(content.methods)}."] if whole.sources else []
    told += [] if whole.sources else ["No source serves this scope, so none of its time is known to be covered."]
    told += _estimated(content.estimate)
    told.append("Coverage says what was asked and answered, and nothing of posts that a platform does not show.")
    holes = sorted(
        ((hole, each.source) for each in found.sources for hole in each.holes), key=lambda one: (-one[0].length, one[1])
    )
    rows = tuple(
        (*cells(clock(hole.from_at, zone), clock(hole.to_at, zone), hole.state), foreign(hole.reason or "-"), foreign(source))
        for hole, source in holes[:MOST_HOLES]
    )
    caption = f"Gaps, the longest of {len(holes)}" if len(holes) > MOST_HOLES else "Gaps"
    table = Table(caption=caption, headings=("from", "to", "state", "reason", "source"), rows=rows)
    yield Section(heading="Coverage", sentences=tuple(told), tables=(table,) if rows else ())


def _covered(methods: Methods) -> str:
    whole = methods.then.coverage.whole
    if whole.sources < 2:
        return percent(whole.every)
    return f"{percent(whole.any)} by at least one of {whole.sources} sources, {percent(whole.every)} by all of them"


def _estimated(estimate: ScopeVolume | None) -> Iterator[str]:
    """With what the gaps held, where that is known."""
    if estimate is None or not estimate.volume.missing_hours:
        return
    posts, interval = estimate.volume.posts, estimate.volume.interval
    if posts is None or interval is None:
        yield f"How many posts fell into the gaps is not told: too little is known of {listed(estimate.unknown)}."
    else:
        yield f"With those that fell into the gaps there were about {posts:,.0f} posts ({interval.low:,.0f} to {interval.high:,.0f})."


def _methods(methods: Methods) -> Section:
    return Section(heading="Methods", sentences=(plain(paragraph(methods)),))


def _post(trends: Trends, post: str) -> Cell:
    example = trends.examples.get(post)
    if example is None or not example.text.strip():
        return foreign(post, None if example is None else example.url)
    return foreign(example.text, example.url)


def _net(figures: Figures) -> str:
    labels = Labels(
        negative=figures.negative, neutral=figures.neutral, positive=figures.positive, unscored=figures.unscored
    )  # fmt: skip
    estimate = net_sentiment(labels)
    if estimate is None:
        return "-"
    few = "few" if estimate.interval is None else f"{estimate.interval.low:+.2f} to {estimate.interval.high:+.2f}"
    return f"{estimate.value:+.2f} ({few})"


def _title(methods: Methods) -> str:
    topics = [topic.id for topic in methods.topics]
    return f"Report on {listed(topics)}" if topics else "Report"


def _many(posts: int) -> str:
    return f"{posts:,} post{'' if posts == 1 else 's'}"
