"""`monitor collect` as it is typed: what is due, real crawls, their joined exit code, and Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from click.testing import Result
from pymongo import MongoClient

from monitor.cli import collect as collect_module
from monitor.config import Config
from monitor.errors import StoreUnavailableError
from monitor.simulator.process import log_of
from monitor.source import Source
from monitor.store.connection import Store

Type = Callable[..., Result]
LONGEST_S = 60.0


def feed(address: str, *topics: str) -> Source:
    return Source(platform="feeds", kind="url", parameters={"url": address}, topics=topics)


def put(with_store: Callable[..., Any], *sources: Source) -> None:
    async def ensure(store: Store) -> None:
        for source in sources:
            await store.sources.ensure(source)

    with_store(ensure)


def typed(*words: str) -> "subprocess.Popen[str]":
    """In a process group of its own, as a shell starts it."""
    command = [sys.executable, "-m", "monitor", "collect", *words]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env=os.environ.copy()
    )


@pytest.fixture
def database(own_database: Config) -> Any:
    assert own_database.mongodb_uri is not None
    with MongoClient[dict[str, Any]](own_database.mongodb_uri.reveal()) as client:
        yield client[own_database.database]


def test_dry_run__names_what_is_due_and_asks_nothing(command: Type, with_store: Callable[..., Any]) -> None:
    put(with_store, feed("http://127.0.0.1:1/a", "tea"), feed("http://127.0.0.1:1/by-hand"))
    ended = command("collect", "--dry-run")
    assert (ended.exit_code, ended.stdout) == (0, "feeds/url?url=http://127.0.0.1:1/a\n")
    assert ended.stderr == "1 source is due: feeds 1. Nothing was asked.\n"
    (due, _) = with_store(lambda store: store.sources.list_all())
    assert due.last_polled_at is None


def test_nothing_is_due__says_what_to_do_next(command: Type) -> None:
    ended = command("collect")
    assert (ended.exit_code, ended.stdout) == (0, "")
    assert ended.stderr.startswith("Nothing is due. `monitor sources` shows when each source is")
    assert command("collect", "--dry-run").stderr == "0 sources are due. Nothing was asked.\n"


def test_collect__runs_what_is_due_once_and_tells_by_its_code_that_one_failed(
    with_store: Callable[..., Any], database: Any, simulator: Mapping[str, Any]
) -> None:
    good, missing = simulator["feeds"][0], simulator["feeds"][0].replace("weekly", "nothing")
    put(with_store, feed(good, "tea"), feed(missing, "tea"))
    before, done = log_of(simulator)["last"], typed()
    out, said = done.communicate(timeout=LONGEST_S)
    assert done.returncode == 6, said
    assert f"feeds/url?url={missing}: " in said
    assert "Traceback" not in said
    count = database.posts.count_documents({})
    assert count == len({post["url"] for post in log_of(simulator, since=before)["posts"]}) > 0
    assert out == f"feeds: {count} posts, {count} new, 0 changed, 0 quarantined (finished)\n"
    states = {source["parameters"]["url"]: source["state"] for source in database.sources.find()}
    assert states == {good: "ok", missing: "failing"}
    again = typed()
    assert "Nothing is due" in again.communicate(timeout=LONGEST_S)[1]
    assert again.returncode == 0


@pytest.mark.parametrize("words", [(), ("--follow",)])
def test_ctrl_c__the_crawls_finish_their_page_and_leave_nothing_leased(
    words: tuple[str, ...], with_store: Callable[..., Any], database: Any, simulator: Mapping[str, Any]
) -> None:
    """A terminal sends it to all processes at once; told a second time, Scrapy would cut its work off."""
    put(with_store, *(feed(address, "tea") for address in simulator["feeds"]))
    running = typed(*words)
    while not database.sources.find_one({"lease.owner": {"$ne": None}}):
        assert running.poll() is None
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)
    out, said = running.communicate(timeout=LONGEST_S)
    assert running.returncode == 130, said
    assert "Traceback" not in said
    assert out.endswith("(shutdown)\n")
    assert database.sources.find_one({"lease.owner": {"$ne": None}}) is None
    assert database.runs.find_one()["reason"] == "shutdown"


def test_follow__mongodb_is_away_for_a_moment__goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The shifts under way outlive an outage; so does what starts the next ones."""
    looks: list[Any] = [StoreUnavailableError("MongoDB is away."), ["feeds"], ["feeds"], KeyboardInterrupt()]
    started: list[str] = []

    async def platforms() -> list[str]:
        look = looks.pop(0)
        if isinstance(look, BaseException):
            raise look
        return look

    async def tell(*_: Any) -> None:
        return None

    class Crawl:
        pid = 1

        def poll(self) -> None:
            return None

        def wait(self) -> int:
            return 0

        def terminate(self) -> None:
            ended.append(self.pid)

    ended: list[int] = []

    def start(platform: str, **_: Any) -> Crawl:
        started.append(platform)
        return Crawl()

    monkeypatch.setattr(collect_module, "_platforms", platforms)
    monkeypatch.setattr(collect_module, "_tell", tell)
    monkeypatch.setattr(collect_module, "start", start)
    monkeypatch.setattr(collect_module, "LOOK_S", 0)
    assert collect_module._follow() == 130
    assert (started, ended, capsys.readouterr().err) == (["feeds"], [1], "MongoDB is away.\n")
