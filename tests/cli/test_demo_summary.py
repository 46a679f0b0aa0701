"""The demo's closing page fits 80 columns, and says where what was counted is not the truth."""

import io
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from monitor import clock
from monitor.analysis.bucket import HOUR, Period
from monitor.cli.demo_findings import Findings, Shown, find
from monitor.cli.demo_summary import show_summary
from monitor.post import Author, Match, Post, Score
from monitor.simulator.expected import Planted, last_shown
from monitor.source import Source
from monitor.stages.rollup import roll_up_waiting
from monitor.store.connection import Store
from monitor.store.rollups import Rollups

WithStore = Callable[[Callable[[Store], Coroutine[Any, Any, Any]]], Any]

BEGIN = datetime(2026, 11, 10, tzinfo=UTC)
SPIKE = BEGIN + timedelta(days=7, hours=13)
QUERIES = {"electric-cars": '"electric cars"', "tea": "tea"}
RESULT = {
    "shown": 1234567, "stored": 1234567, "missing": 0, "invented": 0, "doubled": 0, "different": 0, "scored": 1034567,
    "unscored": 200000, "quarantined": 0, "seconds": 19.5, "platforms": {"mastodon": 1234567},
}  # fmt: skip


def posts() -> list[Post]:
    """Two topics for eight days, an hour each; in three hours one of them 20 times."""
    moments = [("electric-cars", BEGIN + number * 2 * HOUR) for number in range(96)]
    moments += [("tea", BEGIN + number * 3 * HOUR) for number in range(64)]
    moments += [("electric-cars", SPIKE + hour * HOUR + timedelta(minutes=2 * n + 1)) for hour in range(3) for n in range(20)]
    return [a_post(number, topic, at) for number, (topic, at) in enumerate(moments)]


def a_post(number: int, topic: str, at: datetime) -> Post:
    label = ("positive", "neutral", "negative")[number % 3]
    return Post(
        id=f"x:{number}", platform="mastodon", native_id=f"{number}", url=None, created_at=at, text=topic.replace("-", " "),
        fetched_at=at, author=Author(id="ann"), topics=(Match(id=topic, version=1),), seen_on=("x",),
        sentiment=Score(scorer="vader", version="1", label=label, compound=0.5),  # type: ignore[arg-type]
    )  # fmt: skip


def shown(of: list[Post]) -> Shown:
    rows = [
        {
            "uri": post.id,
            "title": None,
            "summary": None,
            "text": post.text,
            "tags": [],
            "created_at": post.created_at.isoformat(),
        }
        for post in of
    ]
    planted = Planted(subject="electric cars", from_at=SPIKE, to_at=SPIKE + 3 * HOUR, extra_posts=60)
    return Shown(rows=last_shown(rows), requests=[{"platform": "mastodon", "whole": True, "status": 200}], planted=planted)


def found(with_store: WithStore, told: Shown, stored: list[Post], *, platform: str = "feeds") -> Findings:
    async def found_in(store: Store) -> Findings:
        await store.posts.upsert(stored)
        await roll_up_waiting(Rollups(store.database))
        await store.sources.ensure(
            Source(platform=platform, kind="url", parameters={"url": "https://f.example"}, topics=("tea",))
        )
        return await find(store, QUERIES, told, Period(start=clock.now() - timedelta(days=1), end=clock.now()))

    made: Findings = with_store(found_in)
    return made


def exact(findings: Findings) -> dict[str, bool]:
    return {check.name: check.exact for check in findings.checks}


def test_what_is_the_truth_is_said_to_be__in_80_columns(with_store: WithStore) -> None:
    findings = found(with_store, shown(posts()), posts())
    assert exact(findings) == dict.fromkeys(("spike_hours", "spike_posts", "share_of_voice", "coverage"), True)
    assert findings.counted_in_spike == 61  # a post is usual in one of the three hours
    told = io.StringIO()
    show_summary(findings, RESULT, Console(file=told, width=80))
    lines = told.getvalue().splitlines()
    assert max(map(len, lines)) <= 80, max(lines, key=len)
    assert "\N{HORIZONTAL ELLIPSIS}" not in told.getvalue()
    assert told.getvalue().count("exact: ") == 5
    spiked = [line for line in lines if line.endswith("spike")]
    assert [line[:10] for line in spiked] == [f"{SPIKE:%Y-%m-%d}"]
    order = [
        "Topics",
        "Volume of electric-cars",
        "The planted spike was found",
        "Share of voice",
        "Coverage",
        "Post by post",
        "Try next",
    ]
    places = [next(place for place, line in enumerate(lines) if line.startswith(title)) for title in order]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("lost", "wrong"),
    [
        (lambda post: post.topics[0].id == "tea" and post.created_at == BEGIN, {"share_of_voice"}),
        (lambda post: SPIKE <= post.created_at < SPIKE + timedelta(minutes=2), {"spike_posts", "share_of_voice"}),
        (lambda post: SPIKE < post.created_at < SPIKE + HOUR, {"spike_hours", "spike_posts", "share_of_voice"}),
    ],
)
def test_a_post_that_is_not_counted_is_told(with_store: WithStore, lost: Callable[[Post], bool], wrong: set[str]) -> None:
    stored = [post for post in posts() if not lost(post)]
    assert len(stored) < len(posts())
    findings = found(with_store, shown(posts()), stored)
    assert {name for name, right in exact(findings).items() if not right} == wrong
    told = io.StringIO()
    show_summary(findings, RESULT, Console(file=told, width=80))
    assert told.getvalue().count("WRONG: ") == len(wrong)
    assert ("The planted spike was not found whole" in told.getvalue()) is ("spike_hours" in wrong)


def test_a_platform_that_could_be_read_back_and_was_not__is_told(with_store: WithStore) -> None:
    told = shown(posts())
    requests = [{"platform": "mastodon", "whole": True, "status": 429}]
    findings = found(with_store, Shown(rows=told.rows, requests=requests, planted=told.planted), posts(), platform="mastodon")
    check = next(check for check in findings.checks if check.name == "coverage")
    assert (check.exact, check.says) == (False, "mastodon 0.0 %, 1 requests not answered")
