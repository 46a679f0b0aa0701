"""`monitor purge` as it is typed, and what the other commands say of what was removed."""

import json
import os
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.bookmark import Bookmark, Head, Interval
from monitor.cli import monitor
from monitor.cli import purge as module
from monitor.post import Author, Match, Post
from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.progress import Move

Type = Callable[..., Result]
With = Callable[[Callable[[Store], Coroutine[Any, Any, Any]]], Any]
AT = datetime(2026, 10, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
BEFORE = ("--before", "2026-10-01T08:30:00Z")
SOURCE = Source(platform="mastodon", kind="public", parameters={"instance": "a.example"}, topics=("tea",))
SAYS = "Posts written before 2026-10-01 08:00 UTC are not kept: removed on "


def a_post(number: int, hours: float, name: str = "1") -> Post:
    at = AT + hours * HOUR
    return Post(
        id=f"https://a.example/@ann/{number}", platform="mastodon", native_id=str(number), url=f"https://a.example/@ann/{number}",
        text="Tea", created_at=at, fetched_at=at, author=Author(id=name, handle=f"ann{name}"), seen_on=("a.example",),
        topics=(Match(id="tea", version=1),),
    )  # fmt: skip


@pytest.fixture
def posts(with_store: With) -> None:
    """Two posts before the horizon of `BEFORE`, two behind it, of two authors; and a source that covered the whole time."""

    async def made(store: Store) -> None:
        await store.posts.upsert([a_post(1, -5), a_post(2, -0.1, "2"), a_post(3, 0), a_post(4, 5, "2")])
        await store.sources.ensure(SOURCE)
        claim = await store.leases.claim(SOURCE.id, owner="test")
        assert claim is not None
        covered = Interval(from_at=AT - 10 * HOUR, to_at=AT + 10 * HOUR, state="covered", posts=4, asked_at=AT + 10 * HOUR)
        head = Head(mark=str(int((AT + 10 * HOUR).timestamp() * 1000) << 16), asked_at=AT + 10 * HOUR)
        start = str(int((AT - 10 * HOUR).timestamp() * 1000) << 16)
        bookmark = Bookmark(heads=(head,), start=start, start_at=AT - 10 * HOUR, asked_at=AT + 10 * HOUR, version=1)
        move = Move(source_id=SOURCE.id, epoch=claim.epoch, run="r", bookmark=bookmark, intervals=(covered,))
        assert await store.progress.move([move]) == [None]
        await store.leases.release(SOURCE.id, epoch=claim.epoch)

    with_store(made)


@pytest.fixture
def left(with_store: With) -> Callable[[], set[str]]:
    async def found(store: Store) -> set[str]:
        return {post.native_id async for post in store.posts.each()}

    return lambda: with_store(found)


# ---- what is asked, and what is done


def test_before__dry_run__says_how_much_and_changes_nothing(command: Type, posts: None, left: Any) -> None:
    result = command("purge", *BEFORE, "--dry-run")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "           2 posts, with their raw rows, versions and scores",
        "Nothing was changed.",
    ]
    assert left() == {"1", "2", "3", "4"}
    assert SAYS not in command("posts").stderr


def test_before__no_terminal_and_not_yes__is_refused(posts: None, own_database: Any, left: Any) -> None:
    result = CliRunner().invoke(monitor, ["purge", *BEFORE])
    assert type(result.exception).__name__ == "UsageError"
    assert "Nobody can be asked here" in str(result.exception)
    assert left() == {"1", "2", "3", "4"}


@pytest.mark.parametrize(("answer", "after"), [("y\n", {"3", "4"}), ("n\n", {"1", "2", "3", "4"})])
def test_before__at_a_terminal__asks_with_the_counts(
    posts: None, own_database: Any, left: Any, monkeypatch: pytest.MonkeyPatch, answer: str, after: set[str]
) -> None:
    monkeypatch.setattr(module, "asks", lambda: True)
    result = CliRunner().invoke(monitor, ["purge", *BEFORE], input=answer)
    assert (
        "2 posts, with their raw rows, versions and scores\nRemove all posts written before 2026-10-01 08:00 UTC for good?"
        in (result.stderr)
    )
    assert left() == after


def test_before__json_tells_what_was_removed__and_again_nothing(command: Type, posts: None, left: Any) -> None:
    told = [json.loads(command("purge", *BEFORE, "--yes", "--json").stdout) for _ in range(2)]
    assert (told[0]["before"], told[0]["dry_run"]) == ("2026-10-01T08:00:00.000Z", False)
    assert told[0]["counts"]["posts"] == 2
    assert not sum(told[1]["counts"].values())
    assert left() == {"3", "4"}


def test_author__goes_by_handle(command: Type, posts: None, left: Any) -> None:
    dry = json.loads(command("purge", "--author", "mastodon:ann2", "--dry-run", "--json").stdout)
    assert (dry["counts"]["posts"], dry["before"], len(left())) == (2, None, 4)
    assert command("purge", "--author", "mastodon:ann2", "--yes").exit_code == 0
    assert left() == {"1", "3"}


def test_author__unknown__says_how_it_is_remembered(command: Type, posts: None) -> None:
    result = command("purge", "--author", "mastodon:nobody", "--yes")
    assert "No stored post is of nobody on mastodon. It is remembered as an id" in result.stderr


def test_retention__does_not_ask__and_needs_to_be_set(
    command: Type, with_store: With, left: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = (datetime.now(UTC) - AT) / HOUR
    with_store(lambda store: store.posts.upsert([a_post(1, now - 61 * 24), a_post(2, now - 59 * 24)]))
    assert "No retention is set" in str(command("purge", "--retention").exception)
    monkeypatch.setenv("MONITOR_RETENTION", "60d")
    result = command("purge", "--retention")
    assert result.exit_code == 0, result.exception
    assert result.stdout.splitlines()[-1].endswith(": older than 60d.")
    assert left() == {"2"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "Say what is to be removed by one of"),
        (("--before", "400d", "--retention"), "Say what is to be removed by one of"),
        (("--before", "soon"), "--before soon is no time that has passed"),
        (("--before", "2999-01-01"), "--before 2999-01-01 is no time that has passed"),
        (("--before", "999999999d"), "lies before all time"),
        (("--author", "ann"), "'ann' names no author: write PLATFORM:ID"),
        (("--author", "mastodon:"), "names no author"),
        (("--author", "mastodon:@"), "names no author"),
    ],
)
def test_what_makes_no_sense__is_refused(command: Type, words: tuple[str, ...], says: str) -> None:
    assert says in str(command("purge", *words, "--yes").exception)


# ---- what others say of it


@pytest.fixture
def purged(command: Type, posts: None) -> None:
    assert command("purge", *BEFORE, "--yes").exit_code == 0


@pytest.mark.parametrize("name", ["posts", "stats", "trends", "coverage", "backfill", "compare", "network"])
def test_commands__say_it_in_a_line__where_the_scope_begins_before_the_horizon(command: Type, purged: None, name: str) -> None:
    more = {"compare": ["topic=tea", "topic=milk", "--within"], "network": ["--kind", "tags"]}.get(name, [])
    scopes = {
        "from=2026-10-01T07:00:00Z&to=2026-10-01T20:00:00Z": True,
        "from=2026-10-01T08:00:00Z&to=2026-10-01T20:00:00Z": False,
    }
    for scope, expected in scopes.items():
        result = command(name, *more, scope)
        assert result.exit_code == 0, result.output
        assert (SAYS in result.stderr) is expected


def test_methods__say_it_in_the_paragraph(command: Type, purged: None) -> None:
    told = json.loads(command("methods", "to=2026-10-02", "--json").stdout)
    assert told["removed"] in told["text"]
    assert told["removed"].startswith(SAYS)
    assert json.loads(command("methods", "from=2026-10-01T08:00:00Z&to=2026-10-02", "--json").stdout)["removed"] is None


def test_coverage__before_the_horizon_is_a_hole_with_the_reason(command: Type, purged: None) -> None:
    found = json.loads(command("coverage", "topic=tea&from=2026-10-01T04:00:00Z&to=2026-10-01T12:00:00Z", "--json").stdout)
    assert (found["every"], found["whole_hours"]) == (0.5, 4)
    (hole,) = found["by_source"][0]["holes"]
    assert (hole["to"], hole["state"]) == ("2026-10-01T08:00:00.000Z", "removed")
    assert hole["reason"].endswith(": written before 2026-10-01 08:00 UTC")


def test_backfill__before_the_horizon_is_not_read_again__and_says_why(command: Type, purged: None) -> None:
    told = json.loads(command("backfill", "topic=tea&from=2026-10-01T04:00:00Z&to=2026-10-01T12:00:00Z", "--json").stdout)
    (hole,) = told["holes"]
    assert (hole["fill"], told["planned_calls"]) == (False, 0)
    assert hole["why_not"].startswith("removed on ")


def test_why__says_that_it_was_removed(command: Type, purged: None) -> None:
    url = "https://a.example/@ann/1"
    told = json.loads(command("why", url, "--at", "2026-10-01T03:00:00Z", "--json").stdout)
    assert told["answer"] == "removed"
    assert told["removed"].startswith(SAYS)
    assert [each["ledger"] for each in told["sources"]] in ([], ["removed"])
    said = command("why", url, "--at", "2026-10-01T03:00:00Z").stdout
    assert f"It is not here. {SAYS}" in said
    assert "It would not be stored again." in said
    young = json.loads(command("why", "https://a.example/@ann/77", "--at", "2026-10-01T09:00:00Z", "--json").stdout)
    assert (young["answer"], young["removed"]) == ("not collected", None)
    assert f"{SAYS}" in command("why", url).stdout  # nobody said when it was written


def test_import__what_lies_before_the_horizon__is_counted_and_not_stored(
    command: Type, purged: None, left: Any, tmp_path: Path
) -> None:
    old = command("posts", "--jsonl").stdout.splitlines()[0]
    row = json.loads(old)
    rows = [
        row | {"id": f"x:{number}", "_id": f"x:{number}", "native_id": f"{number}", "created_at": at}
        for number, at in ((8, "2026-09-30T08:00:00Z"), (9, "2026-10-01T09:00:00Z"))
    ]
    file = tmp_path / "kept.jsonl"
    file.write_text("".join(f"{json.dumps(each)}\n" for each in rows), encoding="utf-8")
    told = json.loads(command("import", os.fspath(file), "--json").stdout)
    told = told[0] if isinstance(told, list) else told
    assert (told["rows"], told["new"], told["expired"], told["erased"]) == (2, 1, 1, 0)
    assert [each["from"] for each in told["platforms"]] == ["2026-10-01T09:00:00.000Z"]
    assert left() == {"3", "4", "9"}
