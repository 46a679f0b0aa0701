"""`monitor stats` as it is typed: the figures of a scope, how they were made, and what is not counted yet."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import Result

from monitor.post import Author, Match, Post, Score

AT = datetime(2025, 3, 1, 22, 30, tzinfo=UTC)
Type = Callable[..., Result]
FIGURES = {"posts", "deleted", "positive", "neutral", "negative", "net_sentiment", "net_sentiment_interval"}


def made(number: int) -> Post:
    """Forty posts, one every two hours back from midnight in Berlin: three of four positive, one of four in a feed."""
    label: Any = "negative" if number % 4 == 0 else "positive"
    return Post(
        id=f"x:{number}", native_id=str(number), platform="feeds" if number % 4 == 0 else "mastodon", url=None, text="Tea",
        created_at=AT - timedelta(hours=2 * number), fetched_at=AT, author=Author(id=f"\x1b{number % 3}"), tags=("tea",),
        links=("https://www.tea.example/",), topics=(Match(id="tea", version=1),), seen_on=("x",),
        sentiment=Score(scorer="x", version="1", label=label, compound=0.5),
    )  # fmt: skip


@pytest.fixture
def stored(with_store: Callable[..., Any]) -> None:
    with_store(lambda store: store.posts.upsert([made(number) for number in range(40)]))


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("scope", ["topic=tea&tz=Europe/Berlin", "q=tea&tz=Europe/Berlin"])
def test_json__figures_by_local_day_and_platform(command: Type, stored: None, scope: str) -> None:
    command("rollup")
    stats = told(command("stats", scope, "--json"))
    assert [(day["from"], day["posts"]) for day in stats["days"]] == [
        ("2025-02-26T16:30:00.000Z", 4),
        ("2025-02-26T23:00:00.000Z", 12),
        ("2025-02-27T23:00:00.000Z", 12),
        ("2025-02-28T23:00:00.000Z", 12),
    ]
    assert (stats["posts"], stats["positive"], stats["negative"], stats["net_sentiment"]) == (40, 30, 10, 0.5)
    low, high = stats["net_sentiment_interval"]
    assert 0.2 < low < 0.5 < high < 0.8
    assert [(each["platform"], each["share"], each["net_sentiment"]) for each in stats["platforms"]] == [
        ("mastodon", 0.75, 1.0),
        ("feeds", 0.25, -1.0),
    ]
    low, high = stats["platforms"][1]["share_interval"]
    assert 0.1 < low < 0.25 < high < 0.45
    assert stats["tags"] == [{"key": "tea", "platform": None, "at_least": 40, "at_most": 40}]
    assert stats["domains"] == [{"key": "tea.example", "platform": None, "at_least": 40, "at_most": 40}]
    assert sum(each["at_least"] for each in stats["authors"]) == 40


def test_json__says_how_it_was_made_and_what_is_not_counted(command: Type, stored: None) -> None:
    before = command("stats", "platform=feeds", "--json")
    figures = told(before)
    assert (figures["answered_by"], figures["posts"]) == ("rollups", 0)
    assert figures["dirty_hours"] == figures["waiting_hours"] == 37
    assert before.stderr == "37 hours are not counted yet. To count them: monitor rollup\n"
    command("rollup")
    after = told(command("stats", "platform=feeds", "--json"))
    assert (after["posts"], after["waiting_hours"]) == (10, 0)
    by_posts = told(command("stats", "platform=feeds&q=tea", "--json"))
    assert (by_posts["answered_by"], by_posts["dirty_hours"], by_posts["waiting_hours"]) == ("posts", None, None)
    same = FIGURES | {"days", "platforms", "tags", "authors", "domains"}
    assert {name: after[name] for name in same} == {name: by_posts[name] for name in same}


@pytest.mark.parametrize("scope", ["from=2025-03-01T00:00:00Z&to=2025-03-01T12:00:30Z&q=tea", "q=tea&platform=lemmy"])
def test_json__has_the_same_keys_whatever_is_found(command: Type, stored: None, scope: str) -> None:
    keys = {"scope", "tz", "from", "to", "answered_by", "dirty_hours", "waiting_hours", "days", "platforms"}
    assert told(command("stats", scope, "--json")).keys() == keys | FIGURES | {"tags", "authors", "domains"}


def test_period__is_widened_to_whole_minutes(command: Type, stored: None) -> None:
    figures = told(command("stats", "q=tea&from=2025-03-01T20:30:10Z&to=2025-03-01T22:29:50Z", "--json"))
    assert (figures["from"], figures["to"]) == ("2025-03-01T20:30:00.000Z", "2025-03-01T22:30:00.000Z")
    assert figures["posts"] == 1


def test_table__what_a_person_reads(command: Type, stored: None) -> None:
    lines = command("stats", "q=tea&tz=Europe/Berlin").stdout.splitlines()
    assert lines[:2] == ["40 posts from 2025-02-26 17:30 to 2025-03-01 23:31 (Europe/Berlin)", "counted one by one"]
    assert lines[2].startswith("net sentiment +0.50 (+0.2")
    rows = [line.split() for line in lines]
    assert ["2025-03-01", "12", "+0.50", "(few)", "█" * 40] in rows
    assert ["2025-02-26", "4", "+0.50", "(few)", "█" * 13] in rows
    assert [row for row in rows if row[:4] == ["mastodon", "30", "75.0%", "(59.8%"]]
    assert ["tea.example", "40"] in rows
    assert ["\N{REPLACEMENT CHARACTER}0", "(feeds)", "4"] in rows


def test_table__from_rollups__says_how_many_hours_are_dirty(command: Type, stored: None) -> None:
    command("rollup")
    told = command("stats", "platform=feeds").stdout.splitlines()
    assert told[0].startswith("10 posts from ")
    # Hours stay dirty for two minutes, since a write that announced itself may still be under way.
    assert told[1] == "from rollups, 37 hours of them dirty"


def test_none__is_said(command: Type, with_store: Callable[..., Any]) -> None:
    ended = command("stats", "topic=tea")
    assert (ended.exit_code, ended.stdout) == (0, "")
    assert ended.stderr == "No stored post is in the scope topic=tea.\n"
