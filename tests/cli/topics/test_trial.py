"""`monitor topics test` as it is typed, on stored posts."""

import json
from collections.abc import Callable
from typing import Any

from click.testing import Result

from monitor.topic import Topic

Type = Callable[..., Result]


def tried(command: Type, *words: str) -> dict[str, Any]:
    ended = command("topics", "test", *words, "--json")
    assert ended.exit_code == 0, ended.exception
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


def test_test__query__matches_with_spans_and_near_misses_with_their_clause(
    command: Type, add_posts: Callable[..., None]
) -> None:
    add_posts("Green tea, no sugar.", "Tea game night.", "Coffee.", "Black TEA with milk.")
    told = tried(command, "tea -game")
    assert (told["stored"], told["looked_at"], told["matched"], told["near_missed"]) == (4, 4, 2, 1)
    assert [post["text"][slice(*post["spans"][0])] for post in told["matches"]] == ["TEA", "tea"]
    assert [(post["text"], post["clause"]) for post in told["near_misses"]] == [("Tea game night.", "NOT game")]


def test_test__more_than_ten__shows_the_ten_newest_of_each(command: Type, add_posts: Callable[..., None]) -> None:
    add_posts(*(f"tea and milk {number}" for number in range(12)), *(f"tea {number}" for number in range(12)))
    told = tried(command, "tea milk")
    assert (told["matched"], told["near_missed"]) == (12, 12)
    assert [post["text"] for post in told["matches"]] == [f"tea and milk {number}" for number in range(11, 1, -1)]
    assert [post["clause"] for post in told["near_misses"]] == ["milk"] * 10


def test_test__newest__looks_at_no_more(command: Type, add_posts: Callable[..., None]) -> None:
    add_posts("tea 0", "tea 1", "tea 2")
    told = tried(command, "tea", "--newest", "2")
    assert (told["stored"], told["looked_at"], [post["text"] for post in told["matches"]]) == (3, 2, ["tea 2", "tea 1"])


def test_test__topic__looks_at_posts_of_its_platforms(
    command: Type, add_posts: Callable[..., None], add_topic: Callable[..., Topic]
) -> None:
    add_topic("drinks", "tea")
    add_posts("tea here")
    add_posts("tea there", platform="mastodon")
    told = tried(command, "drinks")
    assert (told["topic"], told["version"], [post["text"] for post in told["matches"]]) == ("drinks", 1, ["tea here"])


def test_test__for_people__words_in_brackets_and_the_clause_below(command: Type, add_posts: Callable[..., None]) -> None:
    add_posts("Green\x1b tea\nnow", "Green milk")
    lines = command("topics", "test", "green tea").stdout.splitlines()
    assert lines[0] == "green AND tea: 1 of 2 stored posts match."
    assert lines[1] == "  2026-11-20 08:00  hackernews  [Green]\N{REPLACEMENT CHARACTER} [tea] now"
    assert lines[3] == "Near misses: 1 fail by one clause alone."
    assert lines[5] == "      fails: tea"


def test_test__deleted_posts__are_not_looked_at(command: Type, add_posts: Callable[..., None], with_store: Any) -> None:
    add_posts("tea 0", "tea 1")

    async def delete(store: Any) -> None:
        await store.database["posts"].update_one({"_id": "hackernews:0"}, {"$currentDate": {"deleted_at": True}})

    with_store(delete)
    assert tried(command, "tea")["looked_at"] == 1
