"""`monitor topics edit` as it is typed: the preview, the question, the new version and its sources."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli import monitor
from monitor.config import Config
from monitor.source import Source

Type = Callable[..., Result]
Work = Callable[..., Any]


@pytest.fixture
def tea(command: Type, add_posts: Callable[..., None]) -> None:
    """A topic with three posts, of which two match."""
    assert command("topics", "add", "tea", "--platform", "hackernews").exit_code == 0
    add_posts("Tea game.", "Green tea.", "Chai latte.")


def served(with_store: Work) -> dict[str, tuple[str, ...]]:
    standings = with_store(lambda store: store.sources.list_all())
    return {standing.source.id: standing.source.topics for standing in standings}


@pytest.mark.usefixtures("tea")
def test_edit__shows_what_enters_and_leaves_then_makes_a_version(command: Type, with_store: Work) -> None:
    ended = command("topics", "edit", "tea", "--query", "(tea OR chai) -game", "--yes")
    assert ended.exit_code == 0, ended.exception
    assert ended.stdout.splitlines()[:4] == [
        "Of 3 stored posts, 1 would enter and 1 would leave.",
        "  + 2026-11-20 08:02  hackernews  [Chai] latte.",
        "  - 2026-11-20 08:00  hackernews  Tea game.",
        "      fails: NOT game",
    ]
    topic = with_store(lambda store: store.topics.get("tea"))
    assert (topic.version, topic.query) == (2, "(tea OR chai) -game")


@pytest.mark.usefixtures("tea")
def test_edit__sources_of_the_old_query__serve_the_topic_no_more(command: Type, with_store: Work) -> None:
    assert command("topics", "edit", "tea", "--query", "chai", "--yes").exit_code == 0
    assert served(with_store) == {"hackernews/query?query=tea": (), "hackernews/query?query=chai": ("tea",)}


@pytest.mark.usefixtures("tea")
def test_edit__cut_short_after_the_new_version__done_again_finishes_it(command: Type, with_store: Work) -> None:
    with_store(lambda store: store.topics.edit("tea", query="chai"))
    assert command("topics", "edit", "tea", "--query", "chai", "--yes").exit_code == 0
    assert served(with_store) == {"hackernews/query?query=tea": (), "hackernews/query?query=chai": ("tea",)}
    assert with_store(lambda store: store.topics.get("tea")).version == 2


def test_edit__another_mode_by_now__the_new_query_goes_that_way(
    command: Type, with_store: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_CONFIG", str(tmp_path / "monitor.yaml"))
    (tmp_path / "monitor.yaml").write_text("platforms: {bluesky: {mode: jetstream}}")
    assert command("topics", "add", "tea", "--platform", "bluesky").exit_code == 0
    (tmp_path / "monitor.yaml").write_text("platforms: {bluesky: {mode: search}}")
    ended = command("topics", "edit", "tea", "--query", "chai", "--yes")
    assert "bluesky: Asked in this way by platforms.bluesky.mode: search.\n" in ended.stderr
    assert served(with_store) == {"bluesky/stream?query=tea&stream=jetstream": (), "bluesky/query?query=chai": ("tea",)}


@pytest.mark.usefixtures("tea")
def test_edit__what_was_added_by_hand__stays(command: Type, with_store: Work) -> None:
    source = Source(platform="hackernews", kind="account", parameters={"account": "ann"}, topics=("tea",))
    with_store(lambda store: store.sources.ensure(source))
    assert command("topics", "edit", "tea", "--query", "chai", "--yes").exit_code == 0
    assert served(with_store)[source.id] == ("tea",)


def test_edit__another_server__is_asked_there(command: Type, with_store: Work) -> None:
    words = ("--platform", "mastodon", "--instance", "a.example", "--id", "x")
    assert command("topics", "add", "#tea", *words).exit_code == 0
    assert command("topics", "edit", "x", "--query", "#chai", "--yes").exit_code == 0
    assert served(with_store) == {
        "mastodon/tag?instance=a.example&tag=tea": (),
        "mastodon/tag?instance=a.example&tag=chai": ("x",),
    }


@pytest.mark.usefixtures("tea", "own_database")
def test_edit__answered_with_no__changes_nothing(with_store: Work) -> None:
    ended = CliRunner().invoke(monitor, ["topics", "edit", "tea", "--query", "chai"], input="n\n")
    assert str(ended.exception) == "Nothing was changed."
    assert with_store(lambda store: store.topics.get("tea")).query == "tea"
    assert served(with_store) == {"hackernews/query?query=tea": ("tea",)}


@pytest.mark.usefixtures("tea")
def test_edit__name_alone__is_no_new_version(command: Type, with_store: Work, config: Config) -> None:
    assert command("topics", "edit", "tea", "--name", "All tea").stdout == "Topic tea is called All tea.\n"
    topic = with_store(lambda store: store.topics.get("tea"))
    assert (topic.name, topic.version) == ("All tea", 1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("tea",), "Say what is to be changed"),
        (("tea", "--query", "tea AND"), "AND joins two terms"),
        (("milk", "--query", "milk"), "There is no topic 'milk'"),
        (("tea", "--query", "-tea", "--yes"), "Nothing can be polled for NOT tea"),
    ],
)
@pytest.mark.usefixtures("tea")
def test_edit__what_makes_no_sense__changes_nothing(
    command: Type, with_store: Work, words: tuple[str, ...], sentence: str
) -> None:
    assert sentence in str(command("topics", "edit", *words).exception)
    assert with_store(lambda store: store.topics.get("tea")).version == 1
