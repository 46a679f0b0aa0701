"""`monitor topics rematch` as it is typed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import Result

from monitor.stages.rollup import roll_up_waiting
from monitor.store.connection import Store
from monitor.store.rollups import Rollups, Timing
from monitor.store.volumes import Volumes
from monitor.store.window import Window
from monitor.topic import Topic

Type = Callable[..., Result]
MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)
HOUR = Window(from_at=MORNING, to_at=MORNING + timedelta(hours=1), topic="tea")


@pytest.fixture
def edited(add_topic: Callable[..., Topic], add_posts: Callable[..., None], with_store: Callable[..., Any]) -> None:
    """Two posts matched with the first version of a query, which has a second one now."""
    add_topic("tea", "tea")
    add_posts("Tea game.", "Green tea.", "Chai.")
    with_store(lambda store: store.topics.edit("tea", query="(tea OR chai) -game"))


@pytest.mark.usefixtures("edited")
def test_rematch__says_what_it_did(command: Type) -> None:
    ended = command("topics", "rematch", "tea")
    assert ended.stdout == "looked at 3 posts: 1 entered tea (version 2), 1 left it, 1 stay by the new version\n"
    assert ended.stderr == "Next: monitor rollup\n"


@pytest.mark.usefixtures("edited")
def test_rematch__rollups_follow(command: Type, with_store: Callable[..., Any]) -> None:
    async def rolled(store: Store) -> tuple[int, int]:
        return await store.database["dirty"].count_documents({}), (await Volumes(store.database).total(HOUR)).posts

    async def counted(store: Store) -> None:
        await roll_up_waiting(Rollups(store.database, Timing(settle_s=0)))

    with_store(counted)
    assert with_store(rolled) == (0, 2)
    with_store(lambda store: store.topics.edit("tea", query="chai"))
    assert command("topics", "rematch", "tea").exit_code == 0
    assert with_store(rolled) == (1, 2)
    with_store(counted)
    assert with_store(rolled) == (0, 1)


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
