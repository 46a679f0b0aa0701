"""Trends as JSON and as a table: sections that were asked for, figures under their keys, and nothing that JSON cannot hold."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.analysis.bucket import Period
from monitor.analysis.change import Change
from monitor.analysis.clusters import Cluster, Clusters
from monitor.analysis.coordination import Coordination, Together
from monitor.analysis.interval import Interval
from monitor.analysis.rising import Rising
from monitor.analysis.spike import Assessment
from monitor.analysis.tally import Counted
from monitor.analysis.usual import Usual
from monitor.scope import Scope
from monitor.store.examples import Example
from monitor.store.volumes import Freshness
from monitor.stories import Story
from monitor.trends.gathering import SECTIONS, TOPS
from monitor.trends.hours import Compared, Hours, Volume
from monitor.trends.told import COLUMNS, LABELS_SHOWN, ends, json_of, rows_of
from monitor.trends.trends import Asked, Engaging, RisingBoth, Told, Trends

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
PERIOD = Period(start=NOON, end=NOON + 3 * HOUR)
BEFORE = Period(start=NOON - timedelta(days=7), end=NOON - timedelta(days=7) + 3 * HOUR)
OF_HOURS = {"from", "to", "posts", "mark", "usual", "band", "basis", "times_usual"}


def judged(hour: int, count: int, *, more: float = 0.5, fewer: float = 0.5) -> Assessment:
    usual = Usual(mean=10.0, dispersion=0.02, basis="hour of week")
    return Assessment(start=NOON + hour * HOUR, count=count, usual=usual, p_more=more, p_fewer=fewer, threshold=1e-4)


SPIKE, DROP, USUAL = judged(0, 90, more=1e-9), judged(1, 0, fewer=1e-6), judged(2, 11)


def volume(assessment: Assessment | None, hour: int, posts: int) -> Volume:
    return Volume(period=Period(start=NOON + hour * HOUR, end=NOON + (hour + 1) * HOUR), posts=posts, judged=assessment)


def rising(term: str, now: int) -> Rising:
    return Rising(term=term, now=now, before=1, authors=3, log_odds=1.5, z=4.0, posts=(f"{term}1", f"{term}2"))


def cluster(number: int, posts: int) -> Cluster:
    return Cluster(
        label=f"l{number}", terms=("a", "b"), posts=tuple(f"c{number}.{each}" for each in range(posts)), texts=2, share=0.25,
        interval=Interval(low=0.2, high=0.3), examples=(f"c{number}.0",),
    )  # fmt: skip


def pair(number: int) -> Together:
    return Together(first=f"x:a{number}", second=f"x:b{number}", items=("l1", "l2"), expected=0.1, chance=0.01)


@pytest.fixture
def trends() -> Callable[..., Trends]:
    """Trends with something in each section, changed as told."""

    def made(*, sections: tuple[str, ...] = SECTIONS, limit: int = 2, **changes: Any) -> Trends:
        known: dict[str, Any] = {
            "asked": Asked(scope=Scope(topics=("tea",)), now=PERIOD.end, sections=sections, limit=limit),
            "hours": Hours(
                period=PERIOD, zone=ZoneInfo("Europe/Berlin"), step=HOUR, freshness=None, complete_until=PERIOD.end,
                steps={NOON: 90, NOON + HOUR: 0, NOON + 2 * HOUR: 11}, known={NOON: 90, NOON + 2 * HOUR: 11},
            ),
            "volumes": (volume(SPIKE, 0, 90), volume(DROP, 1, 0), volume(None, 2, 11)), "unusual": (SPIKE, DROP),
            "compared": Compared(
                change=Change(now=101, before=50, ratio=2.02, interval=Interval(low=1.4, high=2.9)), before=BEFORE, hours=2, of=3,
                dispersion=1.5,
            ),
            "rising": RisingBoth(
                terms=(rising("cup", 9),), tags=(rising("recall", 8),), before_period=BEFORE, now=90, before=40, all_now=101,
                all_before=50,
            ),
            "tops": {top: (Counted(key=f"{top}1", at_least=5, at_most=7, authors=2),) for top in TOPS},
            "engaging": Engaging(posts=((12, "p1"), (3, "p2")), unknown=4),
            "told": Told(
                stories=(
                    Story(
                        posts=("p1", "p2", "p3"), began_at=NOON, first_platform="bluesky",
                        lags={"bluesky": timedelta(0), "mastodon": timedelta(minutes=1)},
                    ),
                ),
                posts=100, unique=98, of=101,
            ),
            "clusters": Clusters(clusters=(cluster(1, 3), cluster(2, 2)), posts=101, looked_at=100, without=95),
            "coordination": Coordination(
                pairs=(pair(1), pair(2), pair(3)), groups=(("x:a1", "x:b1"), ("x:a2", "x:b2"), ("x:a3", "x:b3")), usual_most=1.5,
                left_out=("l9",), rounds=200, seed=0,
            ),
            "shares_left_out": 6, "read": 101,
            "examples": {name: Example(text=f"Text of {name}", url=None) for name in ("p1", "cup1", "recall1", "c1.0")},
        }  # fmt: skip
        return Trends(**known | changes)

    return made


def told(trends: Trends) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(json_of(trends), allow_nan=False))
    return found


def test_json__what_is_of_the_whole_period(trends: Callable[..., Trends]) -> None:
    found = told(trends(sections=()))
    assert found == {
        "scope": "topic=tea", "tz": "Europe/Berlin", "from": "2026-11-02T12:00:00.000Z", "to": "2026-11-02T15:00:00.000Z",
        "posts": 101, "answered_by": "posts", "dirty_hours": None, "waiting_hours": None, "missing_hours": 1, "read_posts": 101,
        "coverage": None,
    } | {top: [{"key": f"{top}1", "at_least": 5, "at_most": 7, "authors": 2}] for top in TOPS}  # fmt: skip


def test_json__answered_by_rollups__tells_how_fresh_they_are(trends: Callable[..., Trends]) -> None:
    whole = trends()
    found = told(replace(whole, hours=replace(whole.hours, freshness=Freshness(dirty=4, waiting=1))))
    assert (found["answered_by"], found["dirty_hours"], found["waiting_hours"]) == ("rollups", 4, 1)


@pytest.mark.parametrize("section", [name for name in SECTIONS if name not in TOPS])
def test_json__a_section__is_there_where_it_was_asked_for(trends: Callable[..., Trends], section: str) -> None:
    key = "top_posts" if section == "posts" else section
    with_it, without = (set(told(trends(sections=sections, tops={}))) for sections in ((section,), ()))
    assert with_it - without == {key}
    assert key in told(trends())


def test_json__volume__says_what_is_usual_and_null_where_nothing_is(trends: Callable[..., Trends]) -> None:
    first, second, third = told(trends())["volume"]["intervals"]
    assert told(trends())["volume"]["interval"] == "1h"
    assert set(first) == set(third) == OF_HOURS
    low, high = first.pop("band")
    assert low < 10 < high < 90
    assert first == {
        "from": "2026-11-02T12:00:00.000Z", "to": "2026-11-02T13:00:00.000Z", "posts": 90, "mark": "spike", "usual": 10.0,
        "basis": "hour of week", "times_usual": 9.0,
    }  # fmt: skip
    assert (second["mark"], second["times_usual"]) == ("drop", 0.0)
    assert {key for key, value in third.items() if value is None} == {"mark", "usual", "band", "basis", "times_usual"}


def test_json__spikes__chance_is_that_of_their_kind(trends: Callable[..., Trends]) -> None:
    assert [(one["mark"], one["posts"], one["chance"]) for one in told(trends())["spikes"]] == [
        ("spike", 90, 1e-9),
        ("drop", 0, 1e-6),
    ]


def test_json__change__and_none(trends: Callable[..., Trends]) -> None:
    assert told(trends())["change"] == {
        "now": 101, "before": 50, "ratio": 2.02, "interval": [1.4, 2.9], "certain": True, "hours_compared": 2, "hours": 3,
        "dispersion": 1.5, "before_from": "2026-10-26T12:00:00.000Z", "before_to": "2026-10-26T15:00:00.000Z",
    }  # fmt: skip
    assert told(trends(compared=None))["change"] is None


def test_json__rising__terms_and_tags_with_an_example_each(trends: Callable[..., Trends]) -> None:
    found = told(trends())["rising"]
    assert (found["compared_now"], found["compared_before"], found["posts_now"], found["posts_before"]) == (90, 40, 101, 50)
    assert found["before_from"] == "2026-10-26T12:00:00.000Z"
    assert [one["term"] for one in found["tags"]] == ["recall"]
    assert found["terms"] == [
        {
            "term": "cup", "now": 9, "before": 1, "authors": 3, "log_odds": 1.5, "z": 4.0, "posts": ["cup1", "cup2"],
            "example": {"post": "cup1", "text": "Text of cup1"},
        }
    ]  # fmt: skip


def test_json__a_post_that_is_gone__has_no_text(trends: Callable[..., Trends]) -> None:
    found = told(trends())["top_posts"]
    assert found["posts"] == [
        {"engagement": 12, "post": "p1", "text": "Text of p1"},
        {"engagement": 3, "post": "p2", "text": ""},
    ]
    assert found["unknown"] == 4


def test_json__stories__with_seconds_until_each_platform_had_them(trends: Callable[..., Trends]) -> None:
    assert told(trends())["stories"] == {
        "posts": 101, "looked_at": 100, "unique": 98,
        "stories": [{
            "posts": 3, "began": "2026-11-02T12:00:00.000Z", "first_platform": "bluesky", "lags_s": {"bluesky": 0, "mastodon": 60},
            "first": {"post": "p1", "text": "Text of p1"},
        }],
    }  # fmt: skip


def test_json__rhythm__has_the_hours_of_the_week_by_local_clocks(trends: Callable[..., Trends]) -> None:
    found = told(trends())["rhythm"]
    assert len(found) == 168
    assert [cell for cell in found if cell["hours"]] == [
        {"weekday": 0, "hour": 13, "posts": 90, "hours": 1},
        {"weekday": 0, "hour": 15, "posts": 11, "hours": 1},
    ]


@pytest.mark.parametrize("number", [1, LABELS_SHOWN, LABELS_SHOWN + 3])
def test_json__clusters__the_largest_are_shown_and_the_posts_of_others_counted(
    trends: Callable[..., Trends], number: int
) -> None:
    made = Clusters(clusters=tuple(cluster(each, 5) for each in range(number)), posts=900, looked_at=800, without=70)
    found = told(trends(clusters=made))["clusters"]
    assert (found["posts"], found["looked_at"], found["without"]) == (900, 800, 70)
    assert (len(found["clusters"]), found["smaller"]) == (min(number, 20), max(0, number - 20) * 5)
    assert found["clusters"][0] == {
        "label": "l0", "terms": ["a", "b"], "posts": 5, "texts": 2, "share": 0.25, "share_interval": [0.2, 0.3],
        "examples": ["c0.0"], "example": {"post": "c0.0", "text": ""},
    }  # fmt: skip


def test_json__coordination__is_cut_at_the_limit_and_tells_how_many_there_are(trends: Callable[..., Trends]) -> None:
    found = told(trends(limit=2))["coordination"]
    assert [one["first"] for one in found["pairs"]] == ["x:a1", "x:a2"]
    assert found["pairs"][0] == {"first": "x:a1", "second": "x:b1", "things": 2, "expected": 0.1, "chance": 0.01}
    assert (found["all_pairs"], len(found["groups"]), found["shares_left_out"], found["things_left_out"]) == (3, 2, 6, 1)
    assert (found["usual_most"], found["rounds"], found["seed"]) == (1.5, 200, 0)


# ---- the table


def section(trends: Trends, name: str) -> list[Mapping[str, Any]]:
    return [row for row in rows_of(trends) if row["section"] == name]


def test_rows__have_no_other_columns_and_come_by_section(trends: Callable[..., Trends]) -> None:
    rows = list(rows_of(trends()))
    assert set().union(*rows) <= set(COLUMNS)
    assert list(dict.fromkeys(row["section"] for row in rows)) == [
        "volume", "change", "rising term", "rising tag", "engagement", *TOPS, "story", "cluster",
    ]  # fmt: skip


def test_rows__volume_and_change(trends: Callable[..., Trends]) -> None:
    first, _, third = section(trends(), "volume")
    assert (first["posts"], first["mark"], third["posts"], third["mark"]) == (90, "spike", 11, None)
    assert first["low"] < 10 < first["high"]
    assert (third["low"], third["high"]) == (None, None)
    (change,) = section(trends(), "change")
    assert change == {"section": "change", "posts": 101, "before": 50, "ratio": 2.02, "low": 1.4, "high": 2.9}


def test_rows__each_list(trends: Callable[..., Trends]) -> None:
    whole = trends()
    assert section(whole, "rising term") == [
        {
            "section": "rising term", "key": "cup", "posts": 9, "before": 1, "authors": 3, "post": "cup1", "text": "Text of cup1",
        }
    ]  # fmt: skip
    assert [(row["key"], row["posts"]) for row in section(whole, "engagement")] == [("p1", 12), ("p2", 3)]
    assert section(whole, "tags") == [
        {"section": "tags", "key": "tags1", "posts": 5, "authors": 2, "low": 5, "high": 7},
    ]
    assert [(row["key"], row["posts"], row["post"]) for row in section(whole, "story")] == [("bluesky", 3, "p1")]
    assert [(row["key"], row["posts"], row["ratio"], row["low"], row["high"]) for row in section(whole, "cluster")] == [
        ("l1", 3, 0.25, 0.2, 0.3),
        ("l2", 2, 0.25, 0.2, 0.3),
    ]


def test_rows__only_spikes_were_asked_for__hours_are_no_rows(trends: Callable[..., Trends]) -> None:
    assert section(trends(sections=("spikes",)), "volume") == []


def test_rows__nothing_was_gathered__are_none(trends: Callable[..., Trends]) -> None:
    nothing = {"compared": None, "rising": None, "engaging": None, "told": None, "clusters": None, "coordination": None}
    assert list(rows_of(trends(sections=(), tops={}, **nothing))) == []


@pytest.mark.parametrize(
    ("interval", "both"),
    [
        (None, None),
        (Interval(low=0.5, high=1.5), [0.5, 1.5]),
        (Interval(low=0.5, high=inf), [0.5, None]),
        (Interval(low=inf, high=inf), [None, None]),
    ],
)
def test_ends__infinity_is_null(interval: Interval | None, both: list[float | None] | None) -> None:
    assert ends(interval) == both
