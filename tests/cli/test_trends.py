"""`monitor trends` as it is typed, on a world whose spike, rising tag, copied story, topics and pair of accounts were planted."""

import csv
import io
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import Result

from monitor.post import Author, Counts, Match, Post
from monitor.text.signature import signature

Type = Callable[..., Result]
BEGIN = datetime(2026, 10, 12, tzinfo=UTC)  # a Monday
WEEK = BEGIN + timedelta(weeks=2)
SPIKE = WEEK + timedelta(days=2, hours=13)
COPY = "The old mill by the river burns and forty wrens are safe say the keepers of the park"
SCOPE = "topic=tea&from=2026-10-26&to=2026-11-02"
SUBJECTS = {
    "kettle": "kettle copper boil steam whistle spout stove",
    "garden": "garden leaves harvest slope rain picking basket",
    "cups": "porcelain cup saucer glaze potter handle painted",
}


def made(number: int, at: datetime, text: str, **changes: Any) -> Post:
    known: dict[str, Any] = {
        "id": f"https://x.example/{number}", "native_id": str(number), "platform": "mastodon", "url": None, "text": text,
        "created_at": at, "fetched_at": at, "author": Author(id=f"a{number % 97}", handle=f"a{number % 97}"), "language": "en",
        "topics": (Match(id="tea", version=1),), "seen_on": ("x",), "counts": Counts(likes=number % 7),
        "signature": signature(text),
    }  # fmt: skip
    return Post(**known | changes)


def world() -> list[Post]:
    """Three weeks of one post an hour; in the last one an hour of 30, 40 posts of a new tag, and a text that 12 repeat."""
    rng = random.Random(7)
    posts: list[Post] = []

    def say(at: datetime, **changes: Any) -> None:
        words = rng.choice(sorted(SUBJECTS.values())).split()
        text = " ".join([*rng.sample(words, 4), f"n{len(posts)}x"])
        own = (f"https://site.example/{len(posts)}",)
        posts.append(made(len(posts), at, text, **{"link_ids": own, "links": own, "domains": ("site.example",)} | changes))

    for hour in range(3 * 168):
        say(BEGIN + timedelta(hours=hour, minutes=rng.randrange(60)))
    for _ in range(29):
        say(SPIKE + timedelta(minutes=rng.randrange(60)))
    for number in range(40):
        say(WEEK + timedelta(hours=4 * number + 1), tags=("recall",))
    for number in range(12):
        platform = "bluesky" if number < 2 else "mastodon"
        at = WEEK + timedelta(days=5, hours=number)
        posts.append(made(len(posts), at, COPY, platform=platform, counts=Counts(likes=1000 if number == 0 else 0)))
    for number in range(6):  # two accounts that share the same six pages within seconds
        for second, name in enumerate(("\x1b[31mann", "bob")):
            at = WEEK + timedelta(hours=11 * number + 3, seconds=5 * second)
            links = (f"https://news.example/{number}",)
            say(at, author=Author(id=name, handle=name), link_ids=links, links=links, domains=("news.example",))
    return posts


@pytest.fixture
def stored(with_store: Callable[..., Any]) -> list[Post]:
    posts = world()
    with_store(lambda store: store.posts.upsert(posts))
    return posts


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_json__what_was_planted_is_found(command: Type, stored: list[Post]) -> None:
    found = told(command("trends", f"{SCOPE}&lang=en", "--json"))
    within = [post for post in stored if post.created_at >= WEEK]
    assert (found["posts"], found["answered_by"], found["read_posts"]) == (len(within), "posts", len(within))
    assert sum(one["posts"] for one in found["volume"]["intervals"]) == len(within)
    assert [one["from"] for one in found["spikes"]] == ["2026-10-28T13:00:00.000Z"]
    (spike,) = found["spikes"]
    assert spike["posts"] == sum(SPIKE <= post.created_at < SPIKE + timedelta(hours=1) for post in stored)
    assert (spike["mark"], spike["basis"]) == ("spike", "hour of week")
    assert spike["chance"] < 1e-4
    assert spike["band"][1] < spike["posts"]
    assert found["change"]["now"] == len(within)
    assert (found["change"]["before"], found["change"]["hours_compared"]) == (168, 168)
    assert found["change"]["ratio"] == pytest.approx(len(within) / 168)
    (tag,) = found["rising"]["tags"]
    assert (tag["term"], tag["now"], tag["before"], len(tag["posts"])) == ("recall", 40, 0, 10)
    assert tag["example"]["post"] == tag["posts"][0]
    most = found["top_posts"]["posts"][0]
    assert (most["engagement"], most["text"]) == (1000, COPY)
    assert found["tags"] == [{"key": "recall", "at_least": 40, "at_most": 40, "authors": 40}]
    assert found["domains"][1] == {"key": "news.example", "at_least": 12, "at_most": 12, "authors": 2}
    assert found["domains"][0]["at_least"] == len(within) - 12 - 12
    assert [one["at_least"] for one in found["links"]] == [2] * 6 + [1] * 4
    assert sum(cell["posts"] for cell in found["rhythm"]) == len(within)


def test_json__stories_topics_and_coordination(command: Type, stored: list[Post]) -> None:
    found = told(command("trends", SCOPE, "--only", "stories,clusters,coordination", "--json"))
    assert not {"volume", "spikes", "rising", "tags"} & found.keys()
    story = found["stories"]["stories"][0]
    assert (story["posts"], story["first_platform"], story["lags_s"]) == (12, "bluesky", {"bluesky": 0.0, "mastodon": 7200.0})
    assert story["first"]["text"] == COPY
    within = [post for post in stored if post.created_at >= WEEK]
    assert found["stories"]["unique"] == len(within) - 11 - 6  # the copies, and the second post of each page
    words = [set(cluster["terms"]) for cluster in found["clusters"]["clusters"]]
    assert len(words) == 3
    assert all(any(subject in each for each in words) for subject in ("kettle", "garden", "cup"))
    (pair,) = found["coordination"]["pairs"]
    assert (pair["first"], pair["second"], pair["things"]) == ("mastodon:\x1b[31mann", "mastodon:bob", 6)
    assert pair["chance"] < 0.05


def test_json__posts_and_rollups_tell_the_same(command: Type, stored: list[Post]) -> None:
    command("rollup")
    sections = ("volume", "spikes", "change", "rhythm")
    scopes = (SCOPE, f"{SCOPE}&lang=en", f"{SCOPE}&q=lang:en -zebra")
    answers = [told(command("trends", scope, "--only", ",".join(sections), "--json")) for scope in scopes]
    assert [answer["answered_by"] for answer in answers] == ["rollups", "posts", "posts"]
    assert len({json.dumps([answer["posts"], *(answer[name] for name in sections)]) for answer in answers}) == 1


def test_json__local_days(command: Type, stored: list[Post]) -> None:
    scope = "topic=tea&from=2026-10-26&to=2026-11-02&tz=Asia/Kathmandu"
    found = told(command("trends", f"{scope}&lang=en", "--only", "volume,rhythm", "--interval", "1d", "--json"))
    days = found["volume"]["intervals"]
    assert [day["from"] for day in days][:2] == ["2026-10-25T18:00:00.000Z", "2026-10-25T18:15:00.000Z"]
    first = datetime(2026, 10, 26, 18, 15, tzinfo=UTC)
    assert days[2]["posts"] == sum(first <= post.created_at < first + timedelta(days=1) for post in stored)
    berlin = told(command("trends", f"{SCOPE}&tz=Europe/Berlin&lang=en", "--only", "volume", "--interval", "1d", "--json"))
    assert len(berlin["volume"]["intervals"]) == 7
    wednesday = berlin["volume"]["intervals"][2]
    begin = datetime(2026, 10, 27, 23, tzinfo=UTC)
    assert wednesday["from"] == "2026-10-27T23:00:00.000Z"
    assert wednesday["posts"] == sum(begin <= post.created_at < begin + timedelta(days=1) for post in stored)
    assert wednesday["band"][0] < wednesday["usual"] < wednesday["band"][1]


def test_csv__is_a_table_that_runs_no_formula(command: Type, with_store: Callable[..., Any]) -> None:
    at = datetime(2026, 10, 5, 12, tzinfo=UTC)
    with_store(lambda store: store.posts.upsert([made(1, at, "=cmd()", tags=("=1+1",), counts=Counts(likes=2))]))
    command("rollup")
    result = command("trends", "from=2026-10-05&to=2026-10-06", "--only", "posts,tags,volume", "--csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["section"] for row in rows] == ["volume"] * 24 + ["engagement", "tags"]
    assert [row["posts"] for row in rows[:24]] == ["0"] * 12 + ["1"] + ["0"] * 11
    assert rows[24]["text"] == "'=cmd()"
    assert (rows[25]["key"], rows[25]["posts"]) == ("'=1+1", "1")


def test_table__what_a_person_reads(command: Type, stored: list[Post]) -> None:
    shown = command(
        "trends", f"{SCOPE}&lang=en", "--only", "volume,spikes,change,rising,authors,rhythm,stories", "--limit", "40"
    ).stdout
    assert "\x1b" not in shown
    assert "recall" in shown
    lines = shown.splitlines()
    assert lines[0].endswith("posts from 2026-10-26 00:00 to 2026-11-02 00:00 (UTC)")
    assert [line for line in lines if line.startswith("2026-10-28 13:00") and " spike " in line]
    assert [line for line in lines if line.startswith("Stories: ")]


def test_table__says_how_many_things_too_many_share_at_once(command: Type, with_store: Callable[..., Any]) -> None:
    links = ("https://anthem.example/1",)
    posts = [
        made(n, BEGIN + timedelta(seconds=n / 4), f"post {n}", author=Author(id=f"u{n}"), link_ids=links, signature=None)
        for n in range(110)
    ]
    with_store(lambda store: store.posts.upsert(posts))
    shown = command("trends", "topic=tea", "--only", "coordination").stdout
    assert "; things left out that too many share at once: 1" in " ".join(shown.split())


def test_none__is_said(command: Type, with_store: Callable[..., Any]) -> None:
    ended = command("trends", "topic=tea", "--json")
    assert (ended.exit_code, ended.stdout) == (0, "null\n")
    assert ended.stderr == "No stored post is in the scope topic=tea.\n"


def test_only__an_unknown_section_is_refused(command: Type) -> None:
    ended = command("trends", "topic=tea", "--only", "volume,weather")
    assert "There is no section weather. The sections are volume, " in str(ended.exception)
