"""`monitor status` as it is typed."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from click.testing import Result

from monitor import clock
from monitor.source import Source
from monitor.store.connection import Store
from monitor.topic import Topic

SOURCE = Source(platform="mastodon", kind="tag", parameters={"instance": "a.example", "tag": "tea"}, topics=("tea",))


async def fill(store: Store) -> None:
    await store.topics.add(Topic(id="tea", name="Tea", query="tea"))
    await store.sources.ensure(SOURCE)
    failing = {"state": "failing", "state_reason": "The server failed (503).", "next_due": clock.now() + timedelta(hours=1)}
    await store.database["sources"].update_one({"_id": SOURCE.id}, {"$set": failing})


def test_status__says_what_runs_how_sources_do_and_why_a_topic_is_silent(
    command: Callable[..., Result], with_store: Callable[[Any], Any]
) -> None:
    with_store(fill)
    done = command("status")
    assert done.exit_code == 0, done.output
    assert "runs: nothing" in done.stdout
    assert "mastodon: 1 failing; never polled" in done.stdout
    assert f"failing           {SOURCE.id}  (never polled, due in 59m)" in done.stdout
    assert "tea: all that could be read fail (The server failed (503))" in done.stdout
    assert "to do: see each: monitor sources" in done.stdout


def test_status__nothing_at_all__says_how_to_begin(command: Callable[..., Result]) -> None:
    done = command("status")
    assert "There are no sources yet. Make some with: monitor track WORD" in done.stdout
    assert "Nothing needs you." in done.stdout


def test_status__json__has_the_same(command: Callable[..., Result], with_store: Callable[[Any], Any]) -> None:
    with_store(fill)
    told = json.loads(command("status", "--json").stdout)
    assert set(told) == {
        "now", "nodes", "processes", "crawls", "jobs", "pending_s", "versions", "eggs", "sources", "silent_topics", "advice",
    }  # fmt: skip
    assert [(source["id"], source["word"]) for source in told["sources"]] == [(SOURCE.id, "failing")]
    assert told["silent_topics"][0]["cause"] == "failing"


def test_status__json_and_watch__are_refused(command: Callable[..., Result]) -> None:
    assert command("status", "--json", "--watch").exit_code != 0


def test_status__due_and_nobody_works__says_what_to_start(
    command: Callable[..., Result], with_store: Callable[[Any], Any]
) -> None:
    with_store(lambda store: store.sources.ensure(SOURCE))
    done = command("status")
    assert "! 1 sources are due, and no node and no crawl is at work." in done.stdout
    assert "monitor up" in done.stdout
