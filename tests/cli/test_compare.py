"""`monitor compare` as it is typed, on topics whose shares, sentiment, copies and common posts are known."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from monitor.post import Author, Counts, Match, Post, Score
from monitor.text.signature import signature

Type = Callable[..., Result]
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
WITHIN = "from=2026-11-02&to=2026-11-09"
COPY = "The old mill by the river burns and forty wrens are safe say the keepers of the park"


def made(number: int, topics: tuple[str, ...], label: Any, at: datetime, **changes: Any) -> Post:
    known: dict[str, Any] = {
        "id": f"x:{number}", "native_id": str(number), "platform": "mastodon", "url": None, "text": f"=post {number}",
        "created_at": at, "fetched_at": at, "author": Author(id=f"a{number % 50}"), "seen_on": ("x",),
        "topics": tuple(Match(id=topic, version=1) for topic in topics), "counts": Counts(likes=2),
        "sentiment": Score(scorer="x", version="1", label=label, compound=0.0 if label else None),
    }  # fmt: skip
    return Post(**known | changes)


@pytest.fixture
def stored(with_store: Callable[..., Any]) -> None:
    """Tea has 300 posts, a third negative, 20 of them one text; milk 100, nine of ten negative; 25 are of both; 75 of neither."""
    posts = [made(n, ("tea",), "negative" if n % 3 == 0 else "positive", NOON + timedelta(minutes=n)) for n in range(275)]
    for n in range(20):
        posts[n] = made(n, ("tea",), "positive", NOON + timedelta(minutes=n), text=COPY, signature=signature(COPY))
    posts += [made(n, ("tea", "milk"), "negative", NOON + timedelta(minutes=n)) for n in range(275, 300)]
    posts += [
        made(n, ("milk",), "positive" if n % 10 == 0 else "negative", NOON + timedelta(minutes=n), platform="bluesky")
        for n in range(300, 375)
    ]
    posts += [made(n, (), None, NOON + timedelta(minutes=n)) for n in range(375, 450)]
    posts += [made(n, ("tea",), None, NOON - timedelta(weeks=1, minutes=n - 450)) for n in range(450, 600)]
    with_store(lambda store: store.posts.upsert(posts))


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_json__shares_sentiment_overlap_and_change(command: Type, stored: None) -> None:
    result = command("compare", "tea", "topic=milk", "--within", f"{WITHIN}&lang=!xx", "--json")
    found = told(result)
    tea, milk = found["sides"]
    assert (found["posts"], found["whole"], tea["posts"], milk["posts"]) == (400, 450, 300, 100)
    assert (tea["share"], milk["share"]) == (0.75, 0.25)
    assert tea["share_interval"] == [pytest.approx(0.7053, abs=1e-3), pytest.approx(0.7899, abs=1e-3)]
    assert (tea["unique"], milk["unique"]) == (281, 100)
    assert tea["unique_share"] == pytest.approx(281 / 381)
    negative = sum(n % 3 == 0 for n in range(20, 275)) + 25
    assert (tea["negative"], tea["positive"], tea["unscored"]) == (negative, 300 - negative, 0)
    assert tea["net_sentiment"] == pytest.approx((300 - 2 * negative) / 300)
    (difference,) = found["differences"]
    assert difference["differ"]
    assert difference["negative_share"][1] < 0 < difference["net_sentiment"][0]
    (overlap,) = found["overlaps"]
    assert (overlap["first"], overlap["second"], overlap["posts"]) == ("milk", "tea", 25)
    assert overlap["jaccard"] == pytest.approx(25 / 375)
    assert overlap["lift"] == pytest.approx(25 * 450 / (300 * 100))
    # Accounts are of a platform: milk's own posts are on another one than tea's.
    assert found["authors_of_several"] == overlap["authors"] == 25
    assert tea["engagement"] == {"total": 600, "known": 300, "unknown": 0, "median": 2}
    # The week before is known from tea's first post on; milk had none in it.
    assert (tea["change"]["now"], tea["change"]["before"], milk["change"]) == (300, 150, None)
    assert tea["platforms"] == {"mastodon": 300}
    assert "tea has no posts of bluesky, which others have" in found["warnings"]
    assert "Not equal: tea has no posts of bluesky, which others have." in result.stderr


def test_json__rollups_and_posts_tell_the_same(command: Type, stored: None) -> None:
    command("rollup")
    by_rollups = told(command("compare", "tea", "milk", "--within", WITHIN, "--json"))
    by_posts = told(command("compare", "tea", "milk", "--within", f"{WITHIN}&lang=!xx", "--json"))
    assert [side["change"] for side in by_rollups["sides"]] == [side["change"] for side in by_posts["sides"]]
    assert by_rollups["whole"] == by_posts["whole"]
    assert by_rollups["waiting_hours"] == 0


def test_csv__one_table_with_totals(command: Type, stored: None) -> None:
    rows = list(csv.DictReader(io.StringIO(command("compare", "tea", "milk", "--within", WITHIN, "--csv").stdout)))
    assert [(row["side"], row["posts"], row["share"]) for row in rows] == [
        ("tea", "300", "0.75"),
        ("milk", "100", "0.25"),
        ("total", "400", "1.0"),
    ]
    assert sum(int(row["unique"]) for row in rows[:2]) == int(rows[2]["unique"]) == 381


def test_table__what_a_person_reads(command: Type, stored: None) -> None:
    lines = command("compare", "tea", "q=post*", "--within", WITHIN).stdout.splitlines()
    assert lines[0].startswith("2026-11-02 00:00 to 2026-11-09 00:00 (UTC); all together ")
    assert [line for line in lines if line.split()[:2] == ["tea", "300"]]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("tea",), "Name 2 to 10 topics or scopes to compare, not 1."),
        (("tea", "tea"), "are the same"),
        (("topic=tea&from=-7d", "milk"), "different periods"),
        (("topic=tea&from=-7d", "milk", "--within", "from=-3d"), "Both topic=tea&from=-7d and --within say something of begin"),
    ],
)
def test_refused__with_advice(command: Type, words: tuple[str, ...], sentence: str) -> None:
    assert sentence in str(command("compare", *words).exception)


def test_saved_searches__where_a_zone_is_usual__are_compared_by_the_clocks_they_were_saved_with(
    command: Type, stored: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command("searches", "save", "milk-utc", "topic=milk")
    (tmp_path / "monitor.yaml").write_text("version: 1\ndefaults: {timezone: Europe/Berlin}\n")
    monkeypatch.setenv("MONITOR_CONFIG", str(tmp_path / "monitor.yaml"))
    command("searches", "save", "tea", "topic=tea")
    command("searches", "save", "milk", "topic=milk")
    saved = ("topic=tea&tz=Europe/Berlin", "topic=milk&tz=Europe/Berlin")
    by_usual = command("compare", "@tea", "@milk", "--within", WITHIN)
    assert by_usual.stdout.splitlines()[0].startswith("2026-11-02 00:00 to 2026-11-09 00:00 (Europe/Berlin); all together ")
    found = told(command("compare", "@tea", "milk", "--within", WITHIN, "--json"))
    assert [(side["side"], side["scope"]) for side in found["sides"]] == [
        (saved[0], f"topic=tea&{WITHIN}&tz=Europe/Berlin"),
        ("milk", f"topic=milk&{WITHIN}&tz=Europe/Berlin"),
    ]
    by_utc = command("compare", "topic=tea&tz=UTC", "@milk-utc", "--within", WITHIN)
    assert by_utc.stdout.splitlines()[0].startswith("2026-11-02 00:00 to 2026-11-09 00:00 (UTC); all together ")
    assert "different periods or zones" in str(command("compare", "tea", "@milk-utc", "--within", WITHIN).exception)


def test_none__is_said(command: Type, with_store: Callable[..., Any]) -> None:
    ended = command("compare", "tea", "milk", "--json")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, "null\n", "No stored post is in any of them.\n")
