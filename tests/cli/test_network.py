"""`monitor network` as it is typed: pairs that were planted, as a table, as JSON and as a file that a reader of GEXF takes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import Result

from monitor.post import Author, Post

Type = Callable[..., Result]
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
SPACE = {"g": "http://gexf.net/1.3"}


def made(number: int, **changes: Any) -> Post:
    at = NOON + timedelta(minutes=number)
    return Post(
        id=f"x:{number}", native_id=str(number), platform="mastodon", url=None, text="tea", created_at=at, fetched_at=at,
        author=Author(id=str(number % 3), handle=f"Ann{number % 3}"), seen_on=("x",), **changes,
    )  # fmt: skip


@pytest.fixture
def stored(with_store: Callable[..., Any]) -> None:
    posts = [made(number, tags=("tea", "\x1bmilk")) for number in range(5)]
    posts += [made(number, tags=("tea", "cup"), mentions=("bob",), domains=("tea.example",)) for number in range(5, 7)]
    posts += [made(7, tags=("alone",))]
    with_store(lambda store: store.posts.upsert(posts))


def test_json__tags_used_together(command: Type, stored: None) -> None:
    found = json.loads(command("network", "--json").stdout)
    assert (found["kind"], found["posts"], found["connecting"], found["directed"]) == ("tags", 8, 8, False)
    pairs = [(edge["source"]["id"], edge["target"]["id"], edge["posts"], edge["authors"]) for edge in found["edges"]]
    assert pairs == [("\x1bmilk", "tea", 5, 3), ("cup", "tea", 2, 2)]
    assert [(node["id"], node["posts"]) for node in found["nodes"]] == [("tea", 7), ("\x1bmilk", 5), ("cup", 2)]


@pytest.mark.parametrize(("kind", "target"), [("mentions", "mastodon:bob"), ("links", "tea.example")])
def test_json__who_mentions_and_links(command: Type, stored: None, kind: str, target: str) -> None:
    found = json.loads(command("network", "--kind", kind, "--json").stdout)
    assert found["directed"]
    assert [(edge["source"]["id"], edge["target"]["id"]) for edge in found["edges"]] == [
        ("mastodon:ann0", target),
        ("mastodon:ann2", target),
    ]


def test_out__a_file_of_gexf(command: Type, stored: None, tmp_path: Path) -> None:
    ended = command("network", "--top", "2", "--out", str(tmp_path / "tags.gexf"))
    assert ended.exit_code == 0, ended.exception
    root = ET.parse(tmp_path / "tags.gexf").getroot()
    assert [node.get("label") for node in root.iterfind(".//g:node", SPACE)] == ["tea", "\N{REPLACEMENT CHARACTER}milk"]
    assert [edge.get("weight") for edge in root.iterfind(".//g:edge", SPACE)] == ["5"]
    assert "2 nodes and 1 edges in " in ended.stderr
    assert "\x1b" not in ended.stdout
    shown = [line.split() for line in ended.stdout.splitlines() if "milk" in line]
    assert shown == [["\N{REPLACEMENT CHARACTER}milk", "tea", "5", "3"]]


def test_none__is_said(command: Type, stored: None) -> None:
    ended = command("network", "platform=lemmy")
    assert (ended.stdout, ended.stderr) == ("", "Nothing is connected by tags in the scope platform=lemmy.\n")


def test_out__where_no_file_can_be(command: Type, stored: None, tmp_path: Path) -> None:
    ended = command("network", "--out", str(tmp_path / "no" / "tags.gexf"))
    assert "cannot be written" in str(ended.exception)
