"""A comparison as JSON and as a table: each figure under its own key, and nothing that JSON or a table cannot hold."""

import json
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.analysis.bucket import Period
from monitor.analysis.change import Change
from monitor.analysis.coverage import Coverage, Together
from monitor.analysis.engagement import Engagement
from monitor.analysis.interval import Hits, Interval
from monitor.analysis.net_sentiment import Labels
from monitor.analysis.overlap import Overlap
from monitor.analysis.share import Share
from monitor.scope import Scope
from monitor.store.scope_coverage import ScopeCoverage
from monitor.store.tracked import First
from monitor.store.volumes import Freshness
from monitor.trends.compared import COLUMNS, json_of, rows_of
from monitor.trends.comparison import Comparison, Difference, Speaker, Standing
from monitor.trends.hours import Compared
from monitor.trends.sides import Side

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
PERIOD = Period(start=MONDAY, end=MONDAY + timedelta(days=7))
BEFORE = Period(start=MONDAY - timedelta(days=7), end=MONDAY)


def between(low: float, high: float) -> Interval:
    return Interval(low=low, high=high)


def a_change(*, ratio: float | None, low: float, high: float) -> Compared:
    made = Change(now=300, before=150, ratio=ratio, interval=between(low, high))
    return Compared(change=made, before=BEFORE, hours=160, of=168, dispersion=1.5)


def a_standing(label: str, **changes: Any) -> Standing:
    known: dict[str, Any] = {
        "side": Side(label=label, scope=Scope(topics=(label,))), "posts": 300, "unique": 280, "looked_at": 299, "authors": 50,
        "labels": Labels(negative=60, neutral=40, positive=100, unscored=100),
        "engagement": Engagement(total=600, known=290, unknown=10, median=2.5), "platforms": {"bluesky": 10, "mastodon": 290},
        "compared": a_change(ratio=2.0, low=1.7, high=2.4), "firsts": {"mastodon": First(written=MONDAY, seen=PERIOD.end)},
        "covered_from": {"mastodon": BEFORE.start},
    }  # fmt: skip
    return Standing(**known | changes)


NOTHING_OF_IT = a_standing(
    "milk", posts=0, unique=0, looked_at=0, authors=0, labels=Labels(negative=0, neutral=0, positive=0), platforms={},
    engagement=Engagement(total=0, known=0, unknown=0, median=None), compared=None, firsts={}, covered_from={},
)  # fmt: skip


def a_comparison(*standings: Standing, **changes: Any) -> Comparison:
    known: dict[str, Any] = {
        "period": PERIOD, "zone": ZoneInfo("Europe/Berlin"), "standings": standings,
        "shares": {"tea": Share(key="tea", posts=300, share=0.75, interval=between(0.7, 0.8))},
        "unique_shares": {"tea": Share(key="tea", posts=280, share=0.8, interval=between(0.76, 0.84))},
        "differences": (), "overlaps": (), "whole": 1000, "several": 0, "speakers": (), "warnings": (), "freshness": None,
        "covered": {},
    }  # fmt: skip
    return Comparison(**known | changes)


def side(comparison: Comparison, number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(json_of(comparison), allow_nan=False))["sides"][number]
    return found


def test_json__a_side__has_each_figure_under_its_key() -> None:
    found = side(a_comparison(a_standing("tea")))
    # 100 positive and 60 negative of 200: 0.2, whose variance is (0.8 - 0.04) / 199.
    low, high = found.pop("net_sentiment_interval")
    assert (low, high) == (pytest.approx(0.2 - 0.12112, abs=1e-4), pytest.approx(0.2 + 0.12112, abs=1e-4))
    assert found == {
        "side": "tea", "scope": "topic=tea", "posts": 300, "share": 0.75, "share_interval": [0.7, 0.8],
        "unique": 280, "looked_at": 299, "unique_share": 0.8, "unique_share_interval": [0.76, 0.84], "authors": 50,
        "positive": 100, "neutral": 40, "negative": 60, "unscored": 100, "net_sentiment": 0.2,
        "engagement": {"total": 600, "known": 290, "unknown": 10, "median": 2.5},
        "change": {
            "now": 300, "before": 150, "ratio": 2.0, "interval": [1.7, 2.4], "certain": True, "hours_compared": 160, "hours": 168,
        },
        "platforms": {"bluesky": 10, "mastodon": 290},
        "first": {"mastodon": {"written": "2026-11-02T00:00:00.000Z", "seen": "2026-11-09T00:00:00.000Z"}},
        "covered_from": {"mastodon": "2026-10-26T00:00:00.000Z"},
    }  # fmt: skip


def test_json__a_side_of_nothing__says_null_and_not_zero_where_nothing_is_known() -> None:
    found = side(a_comparison(NOTHING_OF_IT))
    unknown = {
        "share", "share_interval", "unique_share", "unique_share_interval", "net_sentiment", "net_sentiment_interval", "change",
    }  # fmt: skip
    assert {key for key, value in found.items() if value is None} == unknown
    assert (found["engagement"]["median"], found["posts"], found["platforms"]) == (None, 0, {})


def test_json__few_scored_posts__have_a_net_sentiment_without_an_interval() -> None:
    found = side(a_comparison(a_standing("tea", labels=Labels(negative=1, neutral=0, positive=3))))
    assert (found["net_sentiment"], found["net_sentiment_interval"]) == (0.5, None)


def test_json__nothing_before__is_an_open_interval() -> None:
    found = side(a_comparison(a_standing("tea", compared=a_change(ratio=None, low=9.0, high=inf))))
    assert (found["change"]["ratio"], found["change"]["interval"]) == (None, [9.0, None])


def test_json__what_is_of_all_sides() -> None:
    covered = Together(sources=2, every=0.5, any=0.75, shares={"covered": 0.625, "never asked": 0.375}, whole_hours=(MONDAY,))
    comparison = a_comparison(
        a_standing("tea"),
        a_standing("milk", posts=100),
        differences=(
            Difference(first="tea", second="milk", net=between(0.1, 0.3), negative=None),
            Difference(first="milk", second="cup", net=None, negative=between(-0.1, 0.2)),
        ),
        several=12,
        speakers=(Speaker(account="mastodon:ann", posts={"tea": 3, "milk": 4}),),
        warnings=("milk has no posts of bluesky, which others have",),
        freshness=Freshness(dirty=5, waiting=3),
        covered={
            "tea": ScopeCoverage(
                coverage=Coverage(period=PERIOD, sources=(), platforms={}, whole=covered),
                about="About.",
                assumed_begin=False,
                paces={},
            )
        },
    )
    found = json.loads(json.dumps(json_of(comparison), allow_nan=False))
    assert (found["from"], found["to"], found["tz"]) == (
        "2026-11-02T00:00:00.000Z",
        "2026-11-09T00:00:00.000Z",
        "Europe/Berlin",
    )
    assert (found["posts"], found["whole"], found["authors_of_several"], found["waiting_hours"]) == (400, 1000, 12, 3)
    assert [each["side"] for each in found["sides"]] == ["tea", "milk"]
    assert found["differences"] == [
        {"first": "tea", "second": "milk", "net_sentiment": [0.1, 0.3], "negative_share": None, "differ": True},
        {"first": "milk", "second": "cup", "net_sentiment": None, "negative_share": [-0.1, 0.2], "differ": False},
    ]
    assert found["several"] == [{"account": "mastodon:ann", "posts": {"tea": 3, "milk": 4}}]
    assert found["warnings"] == ["milk has no posts of bluesky, which others have"]
    told = found["coverage"]["tea"]
    assert (told["about"], told["sources"], told["every"], told["any"], told["whole_hours"]) == ("About.", 2, 0.5, 0.75, 1)
    assert told["sentence"] == "50.0 % of the time is covered by all 2 sources, 75.0 % by at least one of them."


def an_overlap(of_first: tuple[int, int], of_second: tuple[int, int]) -> Overlap:
    return Overlap(
        first="milk", second="tea", posts=25, authors=20, of_first=Hits(hits=of_first[0], trials=of_first[1]),
        of_second=Hits(hits=of_second[0], trials=of_second[1]), jaccard=0.1, lift=1.25,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("overlaps", "told"),
    [
        (None, None),
        ((), []),
        ((an_overlap((25, 100), (25, 250)),), [(0.25, 0.1)]),
        ((an_overlap((0, 0), (0, 250)),), [(None, 0.0)]),
    ],
)
def test_json__overlaps__are_null_where_they_were_not_looked_for(overlaps: Any, told: Any) -> None:
    found = json_of(a_comparison(a_standing("tea"), overlaps=overlaps))["overlaps"]
    assert (None if found is None else [(one["of_first"], one["of_second"]) for one in found]) == told
    for one in found or ():
        assert (one["first"], one["second"], one["posts"], one["authors"]) == ("milk", "tea", 25, 20)
        assert (one["jaccard"], one["lift"]) == (0.1, 1.25)


def test_json__nothing_of_coverage_and_rollups__is_null() -> None:
    found = json_of(a_comparison(a_standing("tea")))
    assert (found["coverage"], found["waiting_hours"]) == (None, None)


def test_rows__a_side__has_every_column() -> None:
    row, _ = rows_of(a_comparison(a_standing("tea")))
    assert tuple(row) == COLUMNS
    assert {**row, "net_low": None, "net_high": None} == {
        "side": "tea", "posts": 300, "share": 0.75, "share_low": 0.7, "share_high": 0.8, "unique": 280, "unique_share": 0.8,
        "authors": 50, "before": 150, "ratio": 2.0, "ratio_low": 1.7, "ratio_high": 2.4, "net_sentiment": 0.2, "net_low": None,
        "net_high": None, "positive": 100, "neutral": 40, "negative": 60, "unscored": 100, "engagement": 600,
        "engagement_known": 290,
    }  # fmt: skip
    assert row["net_low"] < 0.2 < row["net_high"]


def test_rows__nothing_to_compare_with__leaves_cells_empty() -> None:
    row, _ = rows_of(a_comparison(NOTHING_OF_IT))
    empty = {
        "share", "share_low", "share_high", "unique_share", "before", "ratio", "ratio_low", "ratio_high", "net_sentiment", "net_low",
        "net_high",
    }  # fmt: skip
    assert {column for column in COLUMNS if row[column] is None} == empty


def test_rows__the_last__is_the_sum_of_the_sides_and_sums_no_authors() -> None:
    other = a_standing(
        "milk", posts=100, unique=7, labels=Labels(negative=1, neutral=2, positive=3, unscored=94),
        engagement=Engagement(total=11, known=5, unknown=95, median=2.0),
    )  # fmt: skip
    *sides, total = rows_of(a_comparison(a_standing("tea"), other))
    assert [row["side"] for row in sides] == ["tea", "milk"]
    assert dict(total) == {
        "side": "total", "posts": 400, "share": 1.0, "unique": 287, "unique_share": 1.0, "positive": 103, "neutral": 42,
        "negative": 61, "unscored": 194, "engagement": 611, "engagement_known": 295,
    }  # fmt: skip


def test_rows__no_post_at_all__has_no_share() -> None:
    *_, total = rows_of(a_comparison(NOTHING_OF_IT, shares={}, unique_shares={}))
    assert (total["share"], total["unique_share"], total["posts"]) == (None, None, 0)
