"""The sections of a report: what each says of what was gathered, and which are left out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.analysis.bucket import Period
from monitor.analysis.change import Change
from monitor.analysis.coverage import Hole, coverage
from monitor.analysis.interval import Interval
from monitor.analysis.rising import Rising
from monitor.analysis.spike import Assessment
from monitor.analysis.usual import Usual
from monitor.analysis.volume import Volume as Estimated
from monitor.methods.gathering import Methods, Watched
from monitor.methods.selection import Selection
from monitor.query.parse import parse
from monitor.report.content import MOST_HOLES, Content, page_of
from monitor.report.page import LONGEST, Page, Section, Table
from monitor.scope import Scope
from monitor.source import Source
from monitor.store.coverage_then import Then
from monitor.store.examples import Example
from monitor.store.figures import Figures
from monitor.store.scope_coverage import ScopeCoverage
from monitor.store.scope_volume import ScopeVolume
from monitor.store.summary import Summary
from monitor.store.tops import Frequent
from monitor.stories import Story
from monitor.trends.hours import Compared, Hours, Volume
from monitor.trends.trends import Asked, Engaging, RisingBoth, Told, Trends

HOUR = timedelta(hours=1)
DAY = datetime(2026, 11, 10, tzinfo=UTC)
PERIOD = Period(start=DAY, end=DAY + 24 * HOUR)
BEFORE = Period(start=DAY - timedelta(days=7), end=DAY - timedelta(days=6))
SCOPE = Scope(topics=("tea",), begin="2026-11-10T00:00:00Z", end="2026-11-11T00:00:00Z", zone="Europe/Berlin")
BERLIN = ZoneInfo("Europe/Berlin")

Made = Callable[..., Content]


def then(*asked: tuple[tuple[float, float], ...]) -> Then:
    """Sources that were read for these hours."""
    sources = [Source(platform="x", kind="tag", parameters={"tag": f"t{number}"}) for number in range(len(asked))]
    told = {
        source.id: [
            Hole(from_at=DAY + begin * HOUR, to_at=DAY + end * HOUR, state="covered" if end > begin else "failed")
            for begin, end in stretches
        ]
        for source, stretches in zip(sources, asked, strict=True)
    }
    found = coverage(PERIOD, told, {source.id: "x" for source in sources})
    return Then(coverage=found, sources=tuple(sources), files=())


def methods(**changes: Any) -> Methods:
    known: dict[str, Any] = {
        "scope": SCOPE, "as_of": DAY + timedelta(days=3), "period": PERIOD, "query": parse("tea"),
        "topics": (Watched(id="tea", versions=(), pseudonymised=False, redacted=()),),
        "selection": Selection(as_of=DAY + timedelta(days=3)), "then": then(((0, 24),)), "relations": {},
    }  # fmt: skip
    return Methods(**known | changes)


MASTODON = Figures(posts=1000, deleted=7, positive=300, neutral=100, negative=100)
FEEDS = Figures(posts=250, positive=0, neutral=0, negative=0)


def summary(**changes: Any) -> Summary:
    known: dict[str, Any] = {
        "cuts": (DAY, DAY + timedelta(days=1)), "by_day": (MASTODON + FEEDS,), "by_platform": {"feeds": FEEDS, "mastodon": MASTODON},
        "tops": {}, "freshness": None,
    }  # fmt: skip
    return Summary(**known | changes)


def compared(*, now: int = 1250, before: int = 1000, low: float = 1.1, high: float = 1.4, hours: int = 24) -> Compared:
    made = Change(now=now, before=before, ratio=now / before if before else None, interval=Interval(low=low, high=high))
    return Compared(change=made, before=BEFORE, hours=hours, of=24, dispersion=1.0)


def judged(hour: int, count: int, *, more: float = 0.5, fewer: float = 0.5) -> Assessment:
    usual = Usual(mean=10.0, dispersion=0.02, basis="hour of week")
    return Assessment(start=DAY + hour * HOUR, count=count, usual=usual, p_more=more, p_fewer=fewer, threshold=1e-4)


def volume(hour: int, posts: int, assessment: Assessment | None = None) -> Volume:
    return Volume(period=Period(start=DAY + hour * HOUR, end=DAY + (hour + 1) * HOUR), posts=posts, judged=assessment)


def trends(**changes: Any) -> Trends:
    known: dict[str, Any] = {
        "asked": Asked(scope=SCOPE, now=PERIOD.end, limit=2),
        "hours": Hours(period=PERIOD, zone=BERLIN, step=HOUR, steps={}, known={}, complete_until=PERIOD.end, freshness=None),
        "volumes": (volume(0, 10), volume(1, 30, judged(1, 30))), "unusual": None, "compared": compared(), "rising": None,
        "tops": {}, "engaging": None, "told": None, "clusters": None, "coordination": None, "shares_left_out": 0, "examples": {},
        "read": 1250,
    }  # fmt: skip
    return Trends(**known | changes)


@pytest.fixture
def content() -> Made:
    """A day of 1,250 posts that one source covers, changed as told: `methods`, `trends` and `summary` field by field."""

    def made(*, of_methods: dict[str, Any] | None = None, of_trends: dict[str, Any] | None = None, **changes: Any) -> Content:
        known: dict[str, Any] = {
            "methods": methods(**of_methods or {}), "summary": summary(), "trends": trends(**of_trends or {}), "estimate": None,
        }  # fmt: skip
        return Content(**known | changes)

    return made


def section(page: Page, heading: str) -> Section:
    found = [each for each in page.sections if each.heading == heading]
    assert len(found) == 1, [each.heading for each in page.sections]
    return found[0]


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def glance(content: Content) -> dict[str, str]:
    (table,) = section(page_of(content), "At a glance").tables
    return {row[0]: row[1] for row in texts(table)}


# ---- the page


def test_page__says_what_it_is_of(content: Made) -> None:
    page = page_of(content())
    assert (page.title, page.note, page.warning) == ("Report on tea", None, None)
    assert page.lead == (
        "1,250 posts from 2026-11-10 01:00 to 2026-11-11 01:00 (Europe/Berlin). Asked for: topic:tea"
    )  # fmt: skip
    assert page.foot == f"As of 2026-11-13 01:00 (Europe/Berlin). Scope: {SCOPE}"


def test_page__own_title_and_note__are_one_line_without_invisible_signs(content: Made) -> None:
    page = page_of(content(title="My\n\u202etitle", note="a\n b"))
    assert (page.title, page.note) == ("My \N{REPLACEMENT CHARACTER}title", "a b")


@pytest.mark.parametrize(
    ("scope", "topics", "title", "asked"),
    [
        (Scope(), (), "Report", "all posts"),
        (Scope(query="chai"), (), "Report", "chai"),
        (Scope(topics=("a", "b", "c")), ("a", "b", "c"), "Report on a, b and c", "topic:a OR topic:b OR topic:c"),
    ],
)
def test_page__title_and_what_was_asked_for(
    content: Made, scope: Scope, topics: tuple[str, ...], title: str, asked: str
) -> None:
    watched = tuple(Watched(id=topic, versions=(), pseudonymised=False, redacted=()) for topic in topics)
    page = page_of(content(of_methods={"scope": scope, "topics": watched}))
    assert page.title == title
    assert page.lead.endswith(f"Asked for: {asked}")


def test_page__simulated_data__are_warned_of(content: Made) -> None:
    assert page_of(content(of_methods={"simulated": True})).warning == "Simulated data: people and posts are invented."


@pytest.mark.parametrize("nothing", [None, summary(by_day=(Figures(),), by_platform={})])
def test_page__no_post__has_coverage_and_methods_alone(content: Made, nothing: Summary | None) -> None:
    page = page_of(content(summary=nothing, trends=None))
    assert [each.heading for each in page.sections] == ["Posts", "Coverage", "Methods"]
    assert section(page, "Posts").sentences == ("No stored post is in this scope.",)
    assert page.lead.startswith("0 posts from")


def test_page__sections_that_found_nothing__are_left_out(content: Made) -> None:
    headings = [each.heading for each in page_of(content(trends=None)).sections]
    assert headings == ["At a glance", "Platforms and sentiment", "Coverage", "Methods"]


# ---- figures


def test_glance__figures_of_the_scope(content: Made) -> None:
    # 300 positive and 100 negative of 500: 0.4, and 1.96 times the root of (0.8 - 0.16) / 499.
    assert glance(content()) == {
        "posts": "1,250", "of these deleted at the source": "7", "of these reposts": "0", "different stories": "0",
        "change": "+25% (+10% to +40%), 1,250 against 1,000 posts from 2026-11-03 01:00 to 2026-11-04 01:00",
        "net sentiment": "+0.40 (+0.33 to +0.47), of 500 posts with a sentiment", "time covered": "100.0 %",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (None, "not told: no hour of the weeks before is known"),
        (compared(low=0.9), "+25% (-10% to +40%), 1,250 against 1,000 posts from 2026-11-03 01:00 to 2026-11-04 01:00; it may"),
        (compared(now=500, low=0.4, high=0.6), "-50% (-60% to -40%), 500 against 1,000 posts"),
        (compared(hours=20), "2026-11-04 01:00; compared are 20 of 24 hours"),
        (compared(before=0, low=9.0, high=inf), "new (at least +800%), 1,250 against 0 posts from"),
        (compared(now=0, before=0, low=0.0, high=inf), "none, 0 against 0 posts from"),
    ],
)  # fmt: skip
def test_glance__change(content: Made, made: Compared | None, told: str) -> None:
    assert told in glance(content(of_trends={"compared": made}))["change"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ((), "0.0 %"),
        ((((0, 18),),), "75.0 %"),
        ((((0, 18),), ((12, 24),)), "100.0 % by at least one of 2 sources, 25.0 % by all of them"),
    ],
)
def test_glance__time_covered(content: Made, asked: Any, told: str) -> None:
    assert glance(content(of_methods={"then": then(*asked)}))["time covered"] == told


def test_sentiment__platforms_by_share_and_all_below(content: Made) -> None:
    found = section(page_of(content()), "Platforms and sentiment")
    first, second, last = texts(found.tables[0])
    assert first[:2] == ["mastodon", "1,000"]
    assert first[2].startswith("80.0% (7")
    assert first[3:] == ["300", "100", "100", "+0.40 (+0.33 to +0.47)"]
    assert second[1:] == ["250", second[2], "0", "0", "0", "-"]
    assert last == ["all", "1,250", "", "300", "100", "100", "+0.40 (+0.33 to +0.47)"]
    assert found.chart is not None
    assert found.chart.caption.startswith("Net sentiment is +0.40 (+0.33 to +0.47), of 500 of 1,250 posts;")


def test_sentiment__few_scored_posts__have_no_interval(content: Made) -> None:
    few = Figures(posts=3, positive=1, negative=2)
    made = content(summary=summary(by_day=(few,), by_platform={"feeds": few}))
    assert glance(made)["net sentiment"] == "-0.33 (few), of 3 posts with a sentiment"


def test_sentiment__none__is_said_without_a_chart(content: Made) -> None:
    found = section(page_of(content(summary=summary(by_day=(FEEDS,), by_platform={"feeds": FEEDS}))), "Platforms and sentiment")
    assert (found.chart, found.sentences) == (None, ("No post has a sentiment.",))


# ---- volume


@pytest.mark.parametrize(("interval", "when"), [("1h", "at 2026-11-10 02:00"), ("1d", "on 2026-11-10")])
def test_volume__peak_is_told_by_local_clocks(content: Made, interval: str, when: str) -> None:
    asked = Asked(scope=SCOPE, now=PERIOD.end, interval=interval)  # type: ignore[arg-type]
    found = section(page_of(content(of_trends={"asked": asked})), "Volume")
    assert found.chart is not None
    assert found.chart.caption == f"The most, 30 posts, came {when}, 3.0 times the usual. All of this time was collected."


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ((((0, 24),),), "All of this time was collected."),
        ((((0, 6), (7, 24)),), "1 stretch was not collected at all (hatched)."),
        ((((0, 6), (7, 8), (9, 24)),), "2 stretches were not collected at all (hatched)."),
        ((((0, 6), (7, 24)), ((0, 24),)), "1 stretch was not collected from all sources (hatched)."),
        (
            (((0, 6), (7, 24)), ((0, 3), (4, 6), (8, 24))),
            "1 stretch was not collected at all and 2 stretches were not collected from all sources (hatched).",
        ),
        ((), "How much of this time was collected is not known."),
    ],
)
def test_volume__gaps_are_told(content: Made, asked: Any, told: str) -> None:
    found = section(page_of(content(of_methods={"then": then(*asked)})), "Volume")
    assert found.chart is not None
    assert found.chart.caption.endswith(told)


def test_volume__table_marks_what_is_unusual(content: Made) -> None:
    volumes = (volume(0, 10), volume(1, 90, judged(1, 90, more=1e-9)), volume(2, 0, judged(2, 0, fewer=1e-6)))
    (table,) = section(page_of(content(of_trends={"volumes": volumes})), "Volume").tables
    first, second, third = texts(table)
    assert first == ["2026-11-10 01:00", "10", "", ""]
    assert (second[1], second[3], third[1], third[3]) == ("90", "spike", "0", "drop")
    low, high = second[2].split(" to ")
    assert int(low) < 10 < int(high)


@pytest.mark.parametrize(
    ("unusual", "sentence", "rows"),
    [
        ((), "No hour was unusual, as far as it is known what is usual.", []),
        ((judged(3, 90, more=1e-9),), "One hour was unusual.", [("2026-11-10 04:00", "spike", "90", "9.0")]),
        (
            (judged(3, 90, more=1e-9), judged(4, 0, fewer=1e-9), judged(5, 200, more=1e-9)),
            "3 hours were unusual.",
            [("2026-11-10 06:00", "spike", "200", "20.0"), ("2026-11-10 04:00", "spike", "90", "9.0")],
        ),
    ],
)
def test_unusual__largest_first_up_to_the_limit(content: Made, unusual: Any, sentence: str, rows: Any) -> None:
    found = section(page_of(content(of_trends={"unusual": unusual})), "Spikes and drops")
    assert found.sentences == (sentence,)
    assert [(row[0], row[1], row[2], row[4]) for table in found.tables for row in texts(table)] == rows


# ---- posts


def rising(term: str) -> Rising:
    return Rising(term=term, now=1200, before=2, authors=3, log_odds=1.0, z=4.0, posts=(f"{term}1", f"{term}2"))


def risen(*, terms: tuple[Rising, ...] = (), tags: tuple[Rising, ...] = ()) -> RisingBoth:
    return RisingBoth(terms=terms, tags=tags, before_period=BEFORE, now=1, before=1, all_now=1, all_before=1)


def test_rising__terms_and_tags_with_their_newest_post(content: Made) -> None:
    examples = {"cup1": Example(text="A cup\nof tea", url="https://a.example/1")}
    made = content(of_trends={"rising": risen(terms=(rising("cup"),), tags=(rising("tag"),)), "examples": examples})
    terms, tags = section(page_of(made), "What rises").tables
    assert (terms.caption, texts(terms)) == ("Rising terms", [["cup", "1,200", "2", "3", "A cup of tea"]])
    assert (terms.rows[0][4].link, terms.rows[0][4].foreign) == ("https://a.example/1", True)
    assert texts(tags) == [["tag", "1,200", "2", "3", "tag1"]]


def test_rising__nothing__is_said(content: Made) -> None:
    found = section(page_of(content(of_trends={"rising": risen()})), "What rises")
    assert (found.sentences, found.tables) == (("Nothing rises against the weeks before.",), ())


def test_engaging__with_posts_whose_engagement_is_unknown(content: Made) -> None:
    examples = {"p1": Example(text=" ", url="javascript:alert(1)"), "p2": Example(text="x" * 900, url=None)}
    made = content(of_trends={"engaging": Engaging(posts=((1200, "p1"), (3, "p2")), unknown=1), "examples": examples})
    found = section(page_of(made), "Most engaging posts")
    assert found.sentences == ("Of 1 post the engagement is unknown.",)
    first, second = found.tables[0].rows
    assert [cell.text for cell in first] == ["1,200", "p1"]
    assert first[1].link is None
    assert len(second[1].text) == LONGEST


def test_stories(content: Made) -> None:
    story = Story(posts=("p1", "p2"), began_at=DAY, first_platform="bluesky", lags={})
    (table,) = section(page_of(content(of_trends={"told": Told(stories=(story,), posts=2, unique=1, of=2)})), "Stories").tables
    assert texts(table) == [["2", "bluesky", "p1"]]


def test_tops__authors_are_named_with_their_platform(content: Made) -> None:
    tops = {
        "tags": (Frequent(key="cup", platform=None, at_least=1500, at_most=1500),),
        "authors": (Frequent(key="ann", platform="mastodon", at_least=3, at_most=4),),
        "domains": (),
    }
    tables = section(page_of(content(summary=summary(tops=tops))), "Tags, authors and domains").tables
    assert {table.caption: texts(table) for table in tables} == {
        "Most frequent tags": [["cup", "1,500"]],
        "Most frequent authors": [["ann (mastodon)", "3"]],
    }


# ---- coverage


def test_coverage__no_source__claims_nothing(content: Made) -> None:
    found = section(page_of(content(of_methods={"then": then()})), "Coverage")
    assert found.sentences[0] == "No source serves this scope, so none of its time is known to be covered."
    assert found.tables == ()


def test_coverage__gaps__the_longest_first(content: Made) -> None:
    asked = tuple((begin, begin + 0.5) for begin in (*range(12), 20))
    (table,) = section(page_of(content(of_methods={"then": then(asked)})), "Coverage").tables
    rows = texts(table)
    assert (len(rows), table.caption) == (MOST_HOLES, "Gaps, the longest of 13")
    assert rows[0] == ["2026-11-10 12:30", "2026-11-10 21:00", "never asked", "-", "x/tag?tag=t0"]
    assert rows[1][:2] == ["2026-11-10 21:30", "2026-11-11 01:00"]


@pytest.mark.parametrize(
    ("estimated", "told"),
    [
        (Estimated(counted=90, missing_hours=0, posts=90.0, interval=Interval(low=90, high=90)), None),
        (
            Estimated(counted=90, missing_hours=3, posts=1234.4, interval=Interval(low=1000, high=1500.2)),
            "With those that fell into the gaps there were about 1,234 posts (1,000 to 1,500).",
        ),
        (
            Estimated(counted=90, missing_hours=3, posts=None, interval=None),
            "How many posts fell into the gaps is not told: too little is known of a and b.",
        ),
    ],
)
def test_coverage__what_the_gaps_held(content: Made, estimated: Estimated, told: str | None) -> None:
    covered = ScopeCoverage(coverage=then().coverage, about="", assumed_begin=False, paces={})
    estimate = ScopeVolume(covered=covered, volume=estimated, unknown=("a", "b"))
    sentences = section(page_of(content(estimate=estimate)), "Coverage").sentences
    assert len(sentences) == (2 if told is None else 3)
    assert told is None or told in sentences
