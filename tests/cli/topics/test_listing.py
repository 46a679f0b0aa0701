"""`monitor topics list`, `show` and `add` as they are typed."""

import json
from collections.abc import Callable
from typing import Any

from click.testing import Result

from monitor.topic import Topic

Type = Callable[..., Result]


def test_list__none__says_how_to_make_one(command: Type) -> None:
    ended = command("topics", "list")
    assert (ended.stdout, ended.stderr) == ("", "There are no topics yet. Make one with: monitor topics add WORD\n")


def test_add__makes_what_track_makes(command: Type) -> None:
    added = command("topics", "add", "tea -coffee", "--id", "tea", "--name", "All tea", "--platform", "hackernews")
    assert added.stdout.startswith("Topic tea (version 1) watches 1 source:")
    (told,) = json.loads(command("topics", "list", "--json").stdout)
    assert told == {
        "id": "tea",
        "name": "All tea",
        "query": "tea -coffee",
        "english": 'posts that say "tea" and do not say "coffee"',
        "version": 1,
        "platforms": ["hackernews"],
        "sources": 1,
        "every_s": None,
        "every_on": {},
        "authors": "keep",
        "redact": [],
    }


def test_list__for_people__a_line_each(command: Type, add_topic: Callable[..., Topic]) -> None:
    add_topic("tea", "oolong OR sencha")
    add_topic("all", "milk", platforms=())
    lines = [line.split() for line in command("topics", "list").stdout.splitlines()]
    assert lines == [
        ["id", "version", "sources", "platforms", "query"],
        ["all", "1", "0", "all", "milk"],
        ["tea", "1", "0", "hackernews", "oolong", "OR", "sencha"],
    ]


def test_show__versions_sources_and_posts(
    command: Type, add_posts: Callable[..., None], with_store: Callable[..., Any]
) -> None:
    assert command("topics", "add", "tea", "--platform", "hackernews").exit_code == 0
    add_posts("Tea first.", "Coffee first.")
    with_store(lambda store: store.topics.edit("tea", query="tea OR chai"))
    told = json.loads(command("topics", "show", "tea", "--json").stdout)
    assert told["versions"] == [{"version": 1, "query": "tea"}, {"version": 2, "query": "tea OR chai"}]
    assert (told["sources"], told["posts"]) == (["hackernews/query?query=tea"], 1)
    lines = command("topics", "show", "tea").stdout.splitlines()
    assert lines[:3] == ["tea: tea", 'posts that say "tea" or "chai".', "Platforms: hackernews. Posts: 1."]


def test_show__no_such_topic__is_refused(command: Type) -> None:
    ended = command("topics", "show", "Tea!")
    assert str(ended.exception) == "There is no topic 'Tea!'; `monitor topics list` lists them."
