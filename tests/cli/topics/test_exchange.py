"""`monitor topics export` and `import` as they are typed: what is written reads back the same, and all or nothing is made."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli import monitor
from monitor.source import Source

Type = Callable[..., Result]
# As releases before wishes for freshness and privacy wrote it.
TOPIC = {"id": "tea", "name": "Tea", "queries": ["tea"], "platforms": ["hackernews"], "sources": []}
UNWISHED = {"every_s": None, "every_on": {}, "authors": "keep", "redact": [], "tags": []}
SOURCE = {"platform": "hackernews", "kind": "query", "parameters": {"query": "tea"}}


@pytest.fixture
def read_in(own_database: Any) -> Callable[[str], Result]:
    """Type `monitor topics import -` with this on stdin."""
    return lambda text: CliRunner().invoke(monitor, ["topics", "import", "-"], input=text)


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_export_import__round_trip(
    command: Type, read_in: Callable[[str], Result], with_store: Callable[..., Any], form: tuple[str, ...]
) -> None:
    assert command("topics", "add", "tea", "--platform", "hackernews,mastodon", "--name", "Thé\u2028").exit_code == 0
    assert command("topics", "edit", "tea", "--query", '"green tea" OR chai', "--yes").exit_code == 0
    since = datetime(2026, 1, 1, tzinfo=UTC)
    old = Source(platform="hackernews", kind="account", parameters={"account": "ann"}, topics=("tea",), since=since)
    with_store(lambda store: store.sources.ensure(old))
    assert command("topics", "add", "milk", "--platform", "hackernews").exit_code == 0
    written = command("topics", "export", *form).stdout

    async def empty(store: Any) -> None:
        for name in ("topics", "topic_versions", "sources"):
            await store.database[name].delete_many({})

    with_store(empty)
    ended = read_in(written)
    assert ended.exit_code == 0, ended.exception
    assert command("topics", "export", *form).stdout == written
    assert [topic.version for topic in with_store(lambda store: store.topics.list_all())] == [1, 2]


def test_export__named__writes_no_other(command: Type, add_topic: Callable[..., Any]) -> None:
    add_topic("tea", "tea")
    add_topic("milk", "milk")
    assert json.loads(command("topics", "export", "tea").stdout) == TOPIC | UNWISHED
    assert "There is no topic 'x'" in str(command("topics", "export", "x").exception)


def test_import__twice__changes_nothing(command: Type, tmp_path: Path) -> None:
    file = tmp_path / "topics.json"
    file.write_text(json.dumps(TOPIC | {"sources": [SOURCE]}), encoding="utf-8")
    assert command("topics", "import", str(file)).stdout == "Topic tea (version 1): made, 1 sources, 1 of them new.\n"
    before = command("topics", "export").stdout
    assert command("topics", "import", str(file)).stdout == "Topic tea (version 1): was there, 1 sources, 0 of them new.\n"
    assert command("topics", "export").stdout == before


def test_import__further_versions_and_platforms__are_added(read_in: Callable[[str], Result], with_store: Any) -> None:
    assert read_in(json.dumps(TOPIC)).exit_code == 0
    later = TOPIC | {"queries": ["tea", "chai"], "platforms": ["mastodon"]}
    assert read_in(json.dumps(later)).exit_code == 0
    topic = with_store(lambda store: store.topics.get("tea"))
    assert (topic.version, topic.query, topic.platforms) == (2, "chai", ("hackernews", "mastodon"))


def test_import__one_of_two_is_refused__makes_neither(read_in: Callable[[str], Result], with_store: Any) -> None:
    assert read_in(json.dumps(TOPIC)).exit_code == 0
    both = [TOPIC | {"id": "milk"}, TOPIC | {"queries": ["coffee"]}]
    assert "There is a topic tea already" in str(read_in(json.dumps(both)).exception)
    assert [topic.id for topic in with_store(lambda store: store.topics.list_all())] == ["tea"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is no topic in it"),
        ("[]", "There is no topic in it"),
        ("{", "Line 1 is no JSON at line 1"),
        ("[{]", "It is no JSON at line 1, column 3"),
        ("[" * 100_000, "It is no JSON"),
        ("5", "line 1 is no JSON object"),
        (json.dumps(TOPIC | {"id": 5}), "In line 1, id is missing"),
        (json.dumps(TOPIC | {"id": "T!"}), "In line 1: Topic id 'T!' is not usable"),
        (json.dumps(TOPIC | {"queries": []}), "queries is empty"),
        (json.dumps(TOPIC | {"queries": [5]}), "queries has to be a list of texts"),
        (json.dumps(TOPIC | {"queries": ["tea", "tea"]}), "have the same query"),
        (json.dumps(TOPIC | {"queries": ["tea AND"]}), "AND joins two terms"),
        (json.dumps(TOPIC | {"platforms": ["mastdon"]}), "There is no platform 'mastdon'"),
        (json.dumps(TOPIC | {"querys": []}), "'querys' is not known"),
        (f"{json.dumps(TOPIC)}\n{json.dumps(TOPIC)}", "The topic tea is in it more than once"),
        (json.dumps(TOPIC | {"sources": [SOURCE | {"kind": "tag"}]}), "hackernews has no source 'tag' with query"),
        (json.dumps(TOPIC | {"sources": [SOURCE | {"parameters": {"query": 5}}]}), "have to be texts"),
        (json.dumps(TOPIC | {"sources": [SOURCE | {"since": "soon"}]}), "since of a source is no moment: 'soon'"),
        (
            json.dumps(TOPIC | {"sources": [{"platform": "feeds", "kind": "url", "parameters": {"url": "http://10.0.0.1/"}}]}),
            "add 10.0.0.1 to MONITOR_PRIVATE_HOSTS",
        ),
    ],
)
def test_import__what_cannot_be_read__is_a_sentence_without_a_database(
    monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    monkeypatch.setenv("MONGODB_URI", "no address at all")
    assert sentence in str(CliRunner().invoke(monitor, ["topics", "import", "-"], input=text).exception)


def test_import__not_utf_8__is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe{")
    ended = CliRunner().invoke(monitor, ["topics", "import", str(tmp_path / "x")])
    assert "is no text in UTF-8" in str(ended.exception)
