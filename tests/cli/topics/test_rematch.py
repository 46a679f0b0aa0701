"""`monitor topics rematch` as it is typed."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from monitor.topic import Topic

Type = Callable[..., Result]


@pytest.fixture
def edited(add_topic: Callable[..., Topic], add_posts: Callable[..., None], with_store: Callable[..., Any]) -> None:
    """Two posts matched with the first version of a query, which has a second one now."""
    add_topic("tea", "tea")
    add_posts("Tea game.", "Green tea.", "Chai.")
    with_store(lambda store: store.topics.edit("tea", query="(tea OR chai) -game"))


@pytest.mark.usefixtures("edited")
def test_rematch__rollups_follow(command: Type) -> None:
    ended = command("topics", "rematch", "tea")
    assert ended.stdout == ("looked at 3 posts: 1 entered tea (version 2), 1 left it, 1 stay by the new version\n"), (
        ended.exception
    )
    assert ended.stderr == "Next: monitor rollup\n"
    assert command("topics", "show", "tea", "--json").stdout.count('"posts": 2') == 1


@pytest.mark.usefixtures("edited")
def test_rematch__since__older_posts_stay(command: Type) -> None:
    told = command("topics", "rematch", "tea", "--since", "2026-11-20T08:02:00Z").stdout
    assert told.startswith("looked at 1 posts: 1 entered tea (version 2), 0 left it")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [(("milk",), "There is no topic 'milk'"), (("tea", "--since", "tomorrow"), "since=tomorrow is no time")],
)
def test_rematch__what_makes_no_sense__is_a_sentence(command: Type, words: tuple[str, ...], sentence: str) -> None:
    assert sentence in str(command("topics", "rematch", *words).exception)
