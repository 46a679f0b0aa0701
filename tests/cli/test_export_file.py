"""What of each post is written: fields that were named, ids alone, cells with and without their guard; and exit code 3."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import Result

from monitor.cli import main
from monitor.errors import UsageError
from monitor.post import Author, Counts, Post
from monitor.store.connection import Store

AT = datetime(2025, 3, 1, tzinfo=UTC)
POST = Post(
    id="x:1", platform="x", native_id="1", url="https://x.example/1", created_at=AT, fetched_at=AT, text="=1+1",
    place={"name": "Berlin"},
    author=Author(id="7", handle="ann"), counts=Counts(likes=3), tags=("tea",),
)  # fmt: skip


@pytest.fixture
def stored(with_store: Callable[..., Any]) -> None:
    async def put(store: Store) -> None:
        await store.posts.upsert([POST])

    with_store(put)


def test_fields__in_each_form(command: Callable[..., Result], stored: None) -> None:
    words = ("posts", "--fields", "text,author.handle,counts.likes,title")
    expected = {"text": "=1+1", "author": {"handle": "ann"}, "counts": {"likes": 3}}
    assert json.loads(command(*words, "--jsonl").stdout) == expected
    assert json.loads(command(*words, "--json").stdout) == [expected]
    table = command(*words, "--csv").stdout_bytes.decode()
    assert list(csv.reader(io.StringIO(table, newline=""))) == [
        ["text", "author.handle", "counts.likes", "title"],
        ["'=1+1", "ann", "3", ""],
    ]


def test_a_part_as_a_whole__and_a_place__in_a_table(command: Callable[..., Result], stored: None) -> None:
    table = command("posts", "--fields", "author,place", "--csv").stdout_bytes.decode()
    (row,) = csv.DictReader(io.StringIO(table, newline=""))
    assert (row["author.id"], row["author.handle"], json.loads(row["place"])) == ("7", "ann", {"name": "Berlin"})


def test_ids_only__holds_nothing_else(command: Callable[..., Result], stored: None) -> None:
    assert json.loads(command("posts", "--ids-only", "--jsonl").stdout) == {"id": "x:1", "platform": "x", "native_id": "1"}


def test_the_guard__can_be_switched_off(command: Callable[..., Result], stored: None) -> None:
    assert "'=1+1" not in command("posts", "--csv", "--no-formula-guard").stdout
    assert "'=1+1" in command("posts", "--csv", "--formula-guard").stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--fields", "txt", "--json"), "Did you mean text"),
        (("--fields", "text"), "Say in which form"),
        (("--fields", "text", "--ids-only", "--json"), "not both"),
        (("--out", "-"), "Say in which form"),
    ],
)
def test_what_makes_no_sense_together__is_refused(
    command: Callable[..., Result], words: tuple[str, ...], sentence: str
) -> None:
    error = command("posts", *words).exception
    assert isinstance(error, UsageError)
    assert sentence in str(error)


def test_out__a_dash_is_stdout(command: Callable[..., Result], stored: None) -> None:
    assert command("posts", "-o", "-", "--ids-only", "--jsonl").stdout == command("posts", "--ids-only", "--jsonl").stdout


@pytest.mark.parametrize("words", [("posts",), ("posts", "--json"), ("stats",), ("stats", "--json")])
def test_nothing_found__is_code_3_where_it_was_asked_for(
    command: Callable[..., Result], stored: None, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for scope, flags, code in (
        ("platform=y", (), 0),
        ("platform=y", ("--fail-empty",), 3),
        ("platform=x", ("--fail-empty",), 0),
    ):
        monkeypatch.setattr("sys.argv", ["monitor", words[0], scope, *words[1:], *flags])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == code, (scope, flags)
