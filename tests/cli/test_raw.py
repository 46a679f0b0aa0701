"""`monitor raw` as it is typed, on the real mongod."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import Result

from monitor.crawl.raw import pack
from monitor.post import Author, Post
from monitor.store.connection import Store

ID = "https://a.example/@ann/1?x=1#part"
AT = datetime(2026, 11, 20, 8, tzinfo=UTC)

Type = Callable[..., Result]


@pytest.fixture
def put(with_store: Callable[..., Any]) -> Callable[[Any], None]:
    """Store a post whose raw row is this; None for a post without one."""

    def one(row: Any) -> None:
        post = Post(
            id=ID, platform="mastodon", native_id="1", url=None, created_at=AT, fetched_at=AT, text="Tea", author=Author(id="7"),
            raw=None if row is None else pack(row),
        )  # fmt: skip

        async def write(store: Store) -> None:
            await store.posts.write([post])

        with_store(write)

    return one


def test_raw__prints_the_row_as_it_came(command: Type, put: Callable[[Any], None]) -> None:
    row = {"id": "1", "content": "<p>Tée 🍵</p>", "n": 2**70, "deep": [{"a.b": {"$x": None}}]}
    put(row)
    ended = command("raw", ID)
    assert (ended.exit_code, json.loads(ended.stdout), ended.stderr) == (0, row, "")
    assert "Tée 🍵" in ended.stdout


def test_raw__half_of_a_surrogate_pair__is_its_escape(command: Type, put: Callable[[Any], None]) -> None:
    """Some platforms send them; no encoding can write one."""
    put({"content": "a\ud83cb"})
    ended = command("raw", ID)
    assert ended.exit_code == 0
    assert json.loads(ended.stdout) == {"content": "a\ud83cb"}


def test_raw__no_such_post__says_what_an_id_is(command: Type) -> None:
    ended = command("raw", "1")
    assert str(ended.exception).startswith("There is no post '1' in the database: an id is the whole `_id`")


def test_raw__nothing_was_kept__says_why(command: Type, put: Callable[[Any], None]) -> None:
    put(None)
    assert "Nothing raw is kept" in str(command("raw", ID).exception)
