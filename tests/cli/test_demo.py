"""`monitor demo`: everything at once, in a database of its own, and compared with what was shown."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
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
    "examples", "seconds", "topics", "spike", "share_of_voice", "coverage", "checks",
}  # fmt: skip
CHECKS = ("spike_hours", "spike_posts", "share_of_voice", "coverage")
GIVEN_UP_S = 600  # of waiting; how long it took is judged afterwards
FAULTS = ("missing", "invented", "doubled", "different")

Type = Callable[..., Result]


@pytest.fixture
def database_name(empty_database: str) -> str:
    """A database that is not there yet, to see that none is made."""
    return empty_database


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
    """A world of ten days, for what does not depend on its size; in a shorter one its spike would be too small to be found."""
    monkeypatch.setattr(demo_module, "DAYS", 10)
    monkeypatch.setattr(demo_module, "POSTS", 2000)


def children_worked_s() -> float:
    """CPU time of the processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def machine_idle_s() -> float:
    """For how long since it was started this machine had nothing to do, as if all its work were spread over all processors."""
    ticks = Path("/proc/stat").read_text(encoding="ascii").split()
    return sum(map(int, ticks[4:6])) / os.sysconf("SC_CLK_TCK") / (os.cpu_count() or 1)


def test_once_json__under_a_minute__everything_shown_is_stored_once_and_as_it_was(client: Any, own_database: Config) -> None:
    began, worked_s = time.monotonic(), children_worked_s()
    idle_s = machine_idle_s()
    command = [sys.executable, "-m", "monitor", "demo", "--once", "--json", "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=GIVEN_UP_S)
    took_s, worked_s, idle_s = time.monotonic() - began, children_worked_s() - worked_s, machine_idle_s() - idle_s
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    print(f"\ndemo: {told}, {took_s:.1f} s, {worked_s:.1f} s of them at work, {idle_s:.1f} s of a machine that was free")
    assert set(told) == KEYS
    assert {name: told[name] for name in FAULTS} == dict.fromkeys(FAULTS, 0)
    assert told["shown"] == told["stored"] == told["scored"] + told["unscored"] == sum(told["platforms"].values())
    assert 6_000 < told["stored"] < 8_000
    assert set(told["platforms"]) == {"feeds", "hackernews", "mastodon"}
    assert told["scored"] > told["unscored"] > 0
    # Others who are busy on this machine must not be judged, so neither what is computed nor what is waited for may take longer.
    assert worked_s < 60
    assert idle_s < 60
    assert {check["check"]: check["exact"] for check in told["checks"]} == dict.fromkeys(CHECKS, True)
    spike = told["spike"]
    assert spike["hours"][0]["from"] >= spike["planted_from"]
    assert spike["posts"] == spike["shown"] > 150
    assert len(told["topics"]) == 7
    assert sum(one["share"] for one in told["share_of_voice"]) == pytest.approx(1)
    assert {one["platform"]: one["every"] for one in told["coverage"]["platforms"]} == {
        "feeds": 0,
        "hackernews": 1,
        "mastodon": 1,
    }
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
        "The planted spike was found",
        "exact: 3 of 3 planted hours found, 13:00 to 16:00",
        "stored 0 missing, 0 invented, 0 doubled, 0 different",
        "Try next",
    ):
        assert words in told
    assert (told.count("exact: "), "WRONG" in told) == (5, False)
    for name in ("mastodon", "hackernews", "feeds", "python", "electric-cars"):
        assert f"\n{name} " in ended.stdout
    before = ids(client)
    ended = command("demo", "--json", "--seed", "2")
    told = json.loads(ended.stdout)
    assert {name: told[name] for name in FAULTS} == dict.fromkeys(FAULTS, 0)
    after = ids(client)
    assert len(after) == told["stored"] > 600
    assert len(before) > 600
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


def test_what_was_counted_is_not_what_was_shown__is_a_failure_of_the_command(
    command: Type, client: Any, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was collected, and the comparison of posts is silenced: the figures alone have to tell."""
    monkeypatch.setattr(demo_module, "_collect", lambda *_: 0)
    ended = command("demo", "--once", "--json")
    assert ended.exit_code == 1
    wrong = [check["check"] for check in json.loads(ended.stdout)["checks"] if not check["exact"]]
    assert wrong == ["spike_hours", "spike_posts", "coverage"], "nothing was shown, so its share is as it should be"
    assert "What was counted is not the truth: spike_hours, spike_posts, coverage" in str(ended.exception)
