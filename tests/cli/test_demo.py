"""`monitor demo`: everything at once, in a database of its own, and compared with what was shown."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import Result
from pymongo import MongoClient

from monitor.cli import demo as demo_module
from monitor.config import Config
from monitor.errors import ConfigurationError
from monitor.simulator.comparison import Comparison
from monitor.topic import Topic

KEYS = {
    "simulated", "shown", "stored", "missing", "invented", "doubled", "different", "quarantined", "scored", "unscored", "platforms",
    "examples", "seconds",
}  # fmt: skip
FAULTS = ("missing", "invented", "doubled", "different")

Type = Callable[..., Result]


@pytest.fixture
def client(own_database: Config) -> Iterator[Any]:
    """The server, without the demo's database before and after."""
    assert own_database.mongodb_uri is not None
    with MongoClient[dict[str, Any]](own_database.mongodb_uri.reveal()) as opened:
        opened.drop_database(demo_module.DATABASE)
        yield opened
        opened.drop_database(demo_module.DATABASE)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A world of two days, for what does not depend on its size."""
    monkeypatch.setattr(demo_module, "DAYS", 2)
    monkeypatch.setattr(demo_module, "POSTS", 500)


def test_once_json__under_a_minute__everything_shown_is_stored_once_and_as_it_was(client: Any, own_database: Config) -> None:
    began = time.monotonic()
    command = [sys.executable, "-m", "monitor", "demo", "--once", "--json", "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    took_s = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    print(f"\ndemo: {told}, {took_s:.1f} s")
    assert set(told) == KEYS
    assert {name: told[name] for name in FAULTS} == dict.fromkeys(FAULTS, 0)
    assert told["shown"] == told["stored"] == told["scored"] + told["unscored"] == sum(told["platforms"].values())
    assert 6_000 < told["stored"] < 8_000
    assert set(told["platforms"]) == {"feeds", "hackernews", "mastodon"}
    assert told["scored"] > told["unscored"] > 0
    assert took_s < 60
    assert "simulated data" in done.stderr
    stored = client[demo_module.DATABASE]
    assert stored.posts.count_documents({}) == told["stored"]
    assert stored.posts.count_documents({"topics.0": {"$exists": True}}) > 1_000
    assert client[own_database.database].list_collection_names() == [], "nothing of it is in the database of real posts"


def test_without_a_terminal__ends_by_itself__and_another_seed_replaces_what_it_made(
    command: Type, client: Any, small: None
) -> None:
    ended = command("demo")
    assert ended.exit_code == 0, ended.exception
    told = " ".join(ended.stdout.split())
    for words in (
        "simulated data, invented people and posts",
        "0 missing, 0 invented, 0 doubled, 0 different - exact",
        "Try next",
    ):
        assert words in told
    for name in ("mastodon", "hackernews", "feeds", "python", "electric-cars"):
        assert f"\n{name} " in ended.stdout
    before = ids(client)
    ended = command("demo", "--json", "--seed", "2")
    told = json.loads(ended.stdout)
    assert {name: told[name] for name in FAULTS} == dict.fromkeys(FAULTS, 0)
    after = ids(client)
    assert len(after) == told["stored"] > 200
    assert len(before) > 200
    assert len(after - before) > len(after) / 2, "identities may be alike, worlds are not"
    shown = command("sources", "--json")  # of this test's own database: the demo made nothing there
    assert (shown.stdout, "simulated" in shown.stderr) == ("[]\n", False)


def ids(client: Any) -> set[str]:
    return {post["_id"] for post in client[demo_module.DATABASE].posts.find({}, {"_id": 1})}


def test_a_database_of_its_name_that_no_demo_made__is_refused_and_kept(
    command: Type, client: Any, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_DATABASE", demo_module.DATABASE)
    assert command("track", "tea", "--platform", "hackernews").exit_code == 0
    ended = command("demo", "--once", "--json")
    assert isinstance(ended.exception, ConfigurationError)
    assert str(ended.exception) == (
        "The database monitor_demo holds data that no demo made. Rename or drop it; nothing was changed."
    )
    assert [topic["_id"] for topic in client[demo_module.DATABASE].topics.find()] == [Topic(id="tea", name="", query="").id]


def test_a_crawl_fails__the_demo_says_so_and_fails(
    command: Type, client: Any, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_module, "_collect", lambda *_: 6)
    ended = command("demo", "--once", "--json")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert str(ended.exception) == "A crawl of the demo ended with exit code 6; its messages are above."


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_stored_is_not_what_was_shown__is_a_failure_of_the_command(
    command: Type, client: Any, small: None, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """The comparison is no decoration: a single post fails the demo."""
    found = Comparison(**{"shown": 1, "stored": 1, **dict.fromkeys(FAULTS, 0), fault: 1})
    monkeypatch.setattr(demo_module, "_collect", lambda *_: 0)
    monkeypatch.setattr(demo_module, "compare", lambda _shown, _stored: found)
    ended = command("demo", "--once", "--json")
    assert ended.exit_code == 1
    assert json.loads(ended.stdout)[fault] == 1
    assert "not what the simulated platforms showed" in str(ended.exception)
