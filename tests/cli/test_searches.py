"""`monitor searches` as it is typed, and @NAME where a command takes a scope."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import Result

from monitor import clock
from monitor.errors import UsageError
from monitor.post import Author, Post
from monitor.scope import ScopeError
from monitor.store.connection import Store

Type = Callable[..., Result]


@pytest.fixture
def stored(with_store: Callable[..., Any]) -> None:
    """Tea of an hour ago, tea of three days ago, coffee of now."""

    async def put(store: Store) -> None:
        now = clock.now()
        told = ((1, "tea", 1), (2, "tea", 72), (3, "coffee", 0))
        await store.posts.upsert(
            [
                Post(
                    id=f"x:{number}", platform="x", native_id=str(number), url=None, created_at=now - timedelta(hours=hours), text=text,
                    author=Author(id="ann"), fetched_at=now - timedelta(seconds=1), seen_on=("x",),
                )
                for number, text, hours in told
            ]
        )  # fmt: skip

    with_store(put)


def refused(told: Result) -> str:
    assert isinstance(told.exception, UsageError | ScopeError)
    return str(told.exception)


def test_saved__is_what_commands_take_and_may_be_narrowed(command: Type, stored: None) -> None:
    assert command("searches", "save", "tea-week", "q=tea&from=-7d").stdout == "@tea-week is q=tea&from=-7d\n"

    def found(scope: str) -> list[str]:
        return [json.loads(line)["id"] for line in command("posts", scope, "--jsonl").stdout.splitlines()]

    assert found("@tea-week") == ["x:1", "x:2"]
    assert found("@tea-week&from=-1d") == ["x:1"]
    assert found("@tea-week&q=coffee") == []
    told = json.loads(command("stats", "@tea-week", "--json").stdout)
    assert (told["scope"], told["posts"]) == ("q=tea&from=-7d", 2)
    assert command("searches", "save", "tea-day", "@tea-week&from=-1d").stdout == "@tea-day is q=tea&from=-1d\n"
    told = command("searches", "save", "tea-day", "q=tea")
    assert (told.stdout, told.stderr) == ("@tea-day is q=tea\n", "It was q=tea&from=-1d\n")
    assert "Nothing is left" in refused(command("posts", "@tea-week&to=-8d"))


def test_listed_shown_and_removed(command: Type) -> None:
    assert command("searches", "list").stderr.startswith("There are no saved searches yet.")
    command("searches", "save", "@tea", "q=tea&tz=Europe/Berlin")
    command("searches", "save", "all", "")
    listed = json.loads(command("searches", "list", "--json").stdout)
    assert [(each["name"], each["scope"]) for each in listed] == [("all", ""), ("tea", "q=tea&tz=Europe/Berlin")]
    assert datetime.fromisoformat(listed[0]["saved_at"]).tzinfo == UTC
    assert "@tea" in command("searches", "list").stdout
    assert json.loads(command("searches", "show", "tea", "--json").stdout) == listed[1]
    assert command("searches", "show", "tea").stdout.startswith("@tea: q=tea&tz=Europe/Berlin\nSaved ")
    assert "clocks of Europe/Berlin" in refused(command("posts", "@tea&tz=Asia/Tokyo"))
    assert "clocks of Europe/Berlin" in refused(command("posts", "@tea&tz=UTC"))
    assert command("searches", "remove", "tea").stdout == "@tea is forgotten\n"
    assert refused(command("searches", "remove", "tea")).startswith("There is no saved search @tea.")
    assert refused(command("searches", "show", "tea")).startswith("There is no saved search @tea.")
    assert (
        refused(command("posts", "@al"))
        == "There is no saved search @al. Did you mean @all? All of them: monitor searches list"
    )
    assert "\x1b" not in refused(command("posts", "@\x1b[2J"))


@pytest.mark.parametrize("name", ["", "Tea", "a b", "-x", "a" * 65, "@@x"])
def test_a_name_that_cannot_be_typed_everywhere_is_refused(command: Type, name: str) -> None:
    assert "cannot be the name of a saved search" in refused(command("searches", "save", "--", name, "q=tea"))
