"""`monitor topics remove` as it is typed."""

from collections.abc import Callable
from typing import Any

from click.testing import CliRunner, Result

from monitor.cli import monitor

Type = Callable[..., Result]


def test_remove__posts_and_sources_stay_and_are_polled_no_more(
    command: Type, add_posts: Callable[..., None], with_store: Callable[..., Any]
) -> None:
    assert command("topics", "add", "tea", "--platform", "hackernews").exit_code == 0
    add_posts("Tea.")
    assert command("topics", "remove", "tea", "--yes").stdout == "Topic tea is removed; 1 sources serve it no more.\n"
    assert with_store(lambda store: store.topics.list_all()) == []
    assert with_store(lambda store: store.posts.count(topic="tea")) == 1
    (standing,) = with_store(lambda store: store.sources.list_all())
    assert standing.source.topics == ()


def test_remove__its_id__is_not_used_again(command: Type, add_topic: Callable[..., Any]) -> None:
    add_topic("tea", "tea")
    assert command("topics", "remove", "tea", "--yes").exit_code == 0
    ended = command("topics", "add", "tea", "--platform", "hackernews")
    assert "ids are never reused" in str(ended.exception)


def test_remove__answered_with_no__stays(own_database: Any, add_topic: Callable[..., Any], with_store: Any) -> None:
    add_topic("tea", "tea")
    ended = CliRunner().invoke(monitor, ["topics", "remove", "tea"], input="n\n")
    assert str(ended.exception) == "Nothing was changed."
    assert len(with_store(lambda store: store.topics.list_all())) == 1
