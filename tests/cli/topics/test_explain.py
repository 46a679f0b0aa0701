"""`monitor topics explain` as it is typed: without a database, and of a stored topic."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli import monitor
from monitor.topic import Topic

Type = Callable[..., Result]


def explained(*words: str) -> dict[str, Any]:
    ended = CliRunner().invoke(monitor, ["topics", "explain", *words, "--json"])
    assert ended.exit_code == 0, ended.exception
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No database, and a place where one would be made."""
    home = tmp_path / "nothing"
    monkeypatch.setenv("MONITOR_HOME", str(home))
    return home


def test_explain__every_platform__relation_calls_and_asks(alone: Path) -> None:
    told = explained("rust (lang OR cargo) -game")
    assert told["english"] == 'posts that say "rust" and (say "lang" or "cargo") and do not say "game"'
    by_name = {each["platform"]: each for each in told["platforms"]}
    assert by_name["hackernews"]["relation"] == "broader"
    assert [ask["parameters"]["query"] for ask in by_name["hackernews"]["asks"]] == ["rust lang", "rust cargo"]
    assert (by_name["feeds"]["relation"], by_name["feeds"]["calls"]) == ("unsupported", 0)
    assert (by_name["bluesky"]["relation"], by_name["bluesky"]["calls"]) == ("exact", 0)
    assert told["calls"] == sum(each["calls"] for each in told["platforms"])
    assert not alone.exists(), "a database was made"


def test_explain__word_that_could_be_an_id__needs_no_database(alone: Path) -> None:
    assert explained("python", "--platform", "hackernews")["topic"] is None
    assert not alone.exists()


def test_explain__two_servers__cost_two_calls(alone: Path) -> None:
    told = explained("#tea", "--platform", "mastodon", "--instance", "a.example", "--instance", "b.example")
    assert (told["platforms"][0]["servers"], told["calls"]) == (2, 2)
    assert told["platforms"][0]["relation"] == "exact"


def test_explain__with_a_token__the_search_is_asked(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTODON_TOKEN", "hunter2")
    (told,) = explained("tea", "--platform", "mastodon")["platforms"]
    assert told["signed_in"]
    assert [ask["kind"] for ask in told["asks"]] == ["query"]
    assert "hunter2" not in json.dumps(told)


def test_explain__for_people__english_first_and_the_cost_last(alone: Path) -> None:
    lines = CliRunner().invoke(monitor, ["topics", "explain", "tea", "--platform", "hackernews,bluesky"]).stdout.splitlines()
    assert lines[0] == 'posts that say "tea".'
    assert "hackernews  broader      1 call per poll" in lines
    assert "bluesky     exact        1 connection that stays open" in lines
    assert lines[-1] == "In all 1 call per poll when nothing is new."


@pytest.mark.parametrize(
    ("mode", "kind", "cost"),
    [
        ("search", "query query=tea", "broader      1 call per poll"),
        ("jetstream", "stream query=tea stream=jetstream", "exact        1 connection that stays open"),
    ],
)
def test_explain__mode_of_the_file__is_the_way_that_is_asked_and_paid_for(
    alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, kind: str, cost: str
) -> None:
    (tmp_path / "monitor.yaml").write_text(f"platforms: {{bluesky: {{mode: {mode}}}}}")
    monkeypatch.setenv("MONITOR_CONFIG", str(tmp_path / "monitor.yaml"))
    (told,) = explained("tea", "--platform", "bluesky")["platforms"]
    assert (told["mode"], told["signed_in"], told["calls"]) == (mode, False, int(mode == "search"))
    lines = CliRunner().invoke(monitor, ["topics", "explain", "tea", "--platform", "bluesky"]).stdout.splitlines()
    assert lines[2:5] == [f"bluesky  {cost}", f"  {kind}", f"  Asked in this way by platforms.bluesky.mode: {mode}."]
    assert ("  Mode search asks with credentials" in lines[5]) == (mode == "search")


def test_explain__no_mode_chosen__is_auto_and_null_where_there_are_no_modes(alone: Path) -> None:
    told = explained("tea", "--platform", "bluesky,hackernews")["platforms"]
    assert [each["mode"] for each in told] == ["auto", None]


def test_explain__no_query__is_refused_with_a_caret(alone: Path) -> None:
    ended = CliRunner().invoke(monitor, ["topics", "explain", "tea AND"])
    assert "\n  tea AND\n      ^\n" in str(ended.exception)


def test_explain__database_that_cannot_be_opened__takes_it_for_a_query(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "no address at all")
    ended = CliRunner().invoke(monitor, ["topics", "explain", "tea", "--platform", "hackernews"])
    assert ended.stdout.startswith('posts that say "tea".')
    assert "so it is taken for a query" in ended.stderr


def test_explain__id_of_a_topic__explains_its_query_on_its_platforms(command: Type, with_store: Callable[..., Any]) -> None:
    topic = Topic(id="tea", name="Tea", query="oolong OR sencha", platforms=("hackernews",))
    with_store(lambda store: store.topics.add(topic))
    told = json.loads(command("topics", "explain", "tea", "--json").stdout)
    assert (told["topic"], told["version"], told["query"]) == ("tea", 1, "oolong OR sencha")
    assert [each["platform"] for each in told["platforms"]] == ["hackernews"]


def test_explain__id_in_quotes__means_the_word(command: Type, with_store: Callable[..., Any]) -> None:
    with_store(lambda store: store.topics.add(Topic(id="tea", name="Tea", query="oolong", platforms=("hackernews",))))
    assert json.loads(command("topics", "explain", '"tea"', "--json").stdout)["query"] == "tea"
