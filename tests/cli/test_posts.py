"""`monitor posts` as it is typed: which posts, in which form, and what the manifest of a file promises."""

import csv
import hashlib
import io
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from monitor.cli import posts as posts_module
from monitor.errors import UsageError
from monitor.post import Author, Match, Post, Score
from monitor.query.refusal import QueryError
from monitor.store.connection import Store
from monitor.store.simulated import Simulated
from monitor.topic import Topic

AT = datetime(2025, 3, 1, 23, 30, tzinfo=UTC)
Type = Callable[..., Result]


def made(number: int, text: str, **changes: Any) -> Post:
    values: dict[str, Any] = {"platform": "mastodon", "author": Author(id=str(number), handle="ann"), **changes}
    at = AT - timedelta(hours=number)
    return Post(
        id=f"x:{number}", native_id=str(number), url=None, created_at=at, text=text, fetched_at=AT, seen_on=("x",), **values
    )  # fmt: skip


POSTS = (
    made(0, "Green tea", topics=(Match(id="tea", version=2),), sentiment=Score(scorer="vader", version="1", label="neutral")),
    made(1, "=cmd|' /C calc'!A0", platform="feeds", author=Author(id="@sum"), tags=("-1", "tea")),
    made(
        2, "coffee, no\r\nTEA \x1b[2J[red]\u202e", language="en", sentiment=Score(scorer="vader", version="1", reason="short")
    ),
    made(3, "coffee"),
)


@pytest.fixture
def stored(with_store: Callable[..., Any]) -> None:
    """The four posts, an hour between each two."""

    async def put(store: Store) -> None:
        await store.posts.upsert(POSTS)
        await store.topics.add(Topic(id="tea", name="Tea", query="tea"))

    with_store(put)


def ids(told: Result) -> list[str]:
    assert told.exit_code == 0, told.exception
    return [json.loads(line)["id"] for line in told.stdout.splitlines()]


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ("", ["x:0", "x:1", "x:2", "x:3"]),
        ("q=tea", ["x:0", "x:1", "x:2"]),
        ("topic=tea", ["x:0"]),
        ("q=tea&platform=!feeds", ["x:0", "x:2"]),
        ("to=2025-03-01T22:00:00Z", ["x:2", "x:3"]),
        ("from=2025-03-02&tz=Europe/Berlin", ["x:0"]),
        ("as_of=2025-03-01T23:00:00Z", []),
        ("https://example.org/explore?lang=en&view=list", ["x:2"]),
    ],
)
def test_scope__just_its_posts__newest_first(command: Type, stored: None, scope: str, found: list[str]) -> None:
    assert ids(command("posts", scope, "--jsonl")) == found


def test_limit__the_newest(command: Type, stored: None) -> None:
    assert ids(command("posts", "--jsonl", "--limit", "2")) == ["x:0", "x:1"]


def test_json__is_one_array_of_posts_as_in_files(command: Type, stored: None) -> None:
    told = json.loads(command("posts", "lang=en", "--json").stdout)
    assert [(post["id"], post["text"], post["created_at"], post["sentiment"]["label"]) for post in told] == [
        ("x:2", POSTS[2].text, "2025-03-01T21:30:00.000Z", None)
    ]


def test_csv__what_would_run_as_a_formula_begins_with_a_quote(command: Type, stored: None) -> None:
    told = command("posts", "platform=feeds", "--csv").stdout_bytes.decode()
    (row,) = csv.DictReader(io.StringIO(told, newline=""))
    assert (row["text"], row["author.id"], row["tags"]) == ("'=cmd|' /C calc'!A0", "'@sum", "'-1 tea")


def test_none__stays_json_and_is_said_on_stderr(command: Type, stored: None) -> None:
    told = command("posts", "q=cocoa", "--json")
    assert (told.exit_code, told.stdout) == (0, "[]")
    assert told.stderr == "No stored post is in the scope q=cocoa.\n"


# ---- the table


def test_table__a_line_per_post_in_the_zone_and_its_whole_id(command: Type, stored: None) -> None:
    told = command("posts", "topic=tea&tz=Europe/Berlin").stdout.splitlines()
    assert told[0].split() == ["written", "(Europe/Berlin)", "platform", "author", "sentiment", "post"]
    assert told[1].split() == ["2025-03-02", "00:30", "mastodon", "ann", "neutral", "Green", "tea"]
    assert told[2].split() == ["x:0"]


def test_table__a_strangers_text__moves_no_cursor(command: Type, stored: None) -> None:
    told = command("posts", "lang=en").stdout
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "coffee, no TEA" in told


def test_table__says_that_there_are_more(command: Type, stored: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posts_module, "ROWS", 4)
    assert command("posts").stderr == ""
    monkeypatch.setattr(posts_module, "ROWS", 3)
    told = command("posts")
    assert told.stderr.startswith("There are more than these 3: raise --limit, or write all with --out FILE.\nnext: ")
    assert "x:2" in told.stdout
    assert "x:3" not in told.stdout


# ---- files


def test_out__the_manifest_tells_what_the_file_is(command: Type, stored: None, tmp_path: Path) -> None:
    out = tmp_path / "tea.jsonl"
    told = command("posts", "topic=tea&from=2025-03-01&q=tea", "--out", str(out))
    assert (told.exit_code, told.stdout) == (0, "")
    assert told.stderr == f"1 posts in {out}, described in tea.jsonl.manifest.json\n"
    content = out.read_bytes()
    manifest = json.loads((tmp_path / "tea.jsonl.manifest.json").read_text())
    as_of = manifest["as_of"]
    assert manifest == {
        "file": "tea.jsonl",
        "form": "jsonl",
        "fields": None,
        "formula_guard": None,
        "scope": "topic=tea&q=tea&from=2025-03-01",
        "frozen": f"topic=tea&q=tea&from=2025-03-01T00:00:00Z&tz=UTC&as_of={as_of}",
        "query": "topic:tea AND since:2025-03-01 AND tea",
        "tree": {
            "and": [
                {"field": {"name": "topic", "value": "tea"}},
                {"field": {"name": "since", "value": "2025-03-01"}},
                {"term": {"kind": "word", "text": "tea"}},
            ]
        },
        "limit": None,
        "after": None,
        "as_of": as_of,
        "versions": manifest["versions"],
        "simulated": False,
        "posts": 1,
        "platforms": {"mastodon": 1},
        "scorers": {"vader 1": 1},
        "terms": {},
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert manifest["versions"].keys() == {"monitor", "schema", "topics"}
    assert manifest["versions"]["topics"] == {"tea": 1}
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["tea.jsonl", "tea.jsonl.manifest.json"]


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.JSONL"])
def test_out__the_frozen_scope__makes_the_same_file_again(
    command: Type, stored: None, with_store: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    out = tmp_path / name
    command("posts", "q=tea&to=now", "--out", str(out))
    before = out.read_bytes()
    manifest = json.loads(Path(f"{out}.manifest.json").read_text())
    later = made(1, "tea again").filled(id="x:9", fetched_at=datetime.fromisoformat(manifest["as_of"]) + timedelta(seconds=1))
    with_store(lambda store: store.posts.upsert([later]))
    command("posts", manifest["frozen"], "--out", str(out))
    again = json.loads(Path(f"{out}.manifest.json").read_text())
    assert out.read_bytes() == before
    assert again["scope"] == manifest["frozen"] == again["frozen"]
    assert again | {"scope": ""} == manifest | {"scope": ""}


def test_out__fails_in_between__leaves_the_old_file_and_no_other(
    command: Type, stored: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "a.csv"
    out.write_text("old")

    async def broken(*_: Any) -> Any:
        yield POSTS[0]
        raise UsageError("the server went away")

    monkeypatch.setattr(posts_module._Page, "posts", broken)
    assert isinstance(command("posts", "--out", str(out)).exception, UsageError)
    assert out.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["a.csv"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("posts.txt", "does not say which form is meant"), ("missing/posts.csv", "cannot be written"), ("fifo.csv", "is no file")],
)
def test_out__where_no_file_can_be__is_refused(command: Type, tmp_path: Path, name: str, sentence: str) -> None:
    os.mkfifo(tmp_path / "fifo.csv")
    error = command("posts", "--out", str(tmp_path / name)).exception
    assert isinstance(error, UsageError)
    assert sentence in str(error)


# ---- what is said besides


def test_scope__cannot_be_read__is_refused_before_anything_is_opened(command: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posts_module, "run", None)
    assert isinstance(command("posts", "climate").exception, QueryError)


def test_topic__there_is_none__is_said(command: Type, stored: None) -> None:
    assert "There is no topic coffee now" in command("posts", "topic=!coffee", "--jsonl").stderr


def test_simulated_data__is_said_on_stderr_and_in_the_manifest(
    command: Type, with_store: Callable[..., Any], tmp_path: Path
) -> None:
    with_store(lambda store: Simulated(store.database).begin())
    assert "holds simulated data" in command("posts", "--out", str(tmp_path / "a.csv")).stderr
    assert json.loads((tmp_path / "a.csv.manifest.json").read_text())["simulated"] is True


def test_after__page_by_page__each_post_once(command: Type, stored: None) -> None:
    told, found = command("posts", "--jsonl", "--limit", "3"), list[str]()
    for _ in range(2):
        found += ids(told)
        if "next: " not in told.stderr:
            break
        told = command("posts", "--jsonl", "--limit", "3", "--after", told.stderr.removeprefix("next: ").strip())
    assert found == [post.id for post in POSTS]
    assert told.stderr == ""


def test_after__no_cursor__is_refused(command: Type) -> None:
    told = command("posts", "--after", "tea")
    assert isinstance(told.exception, UsageError)
    assert "This is no cursor" in str(told.exception)
