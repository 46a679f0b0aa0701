"""`monitor rollup` as it is typed, on the real mongod."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import Result
from pymongo import MongoClient

from monitor.config import Config
from monitor.post import Author, Post
from monitor.store.connection import Store

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.fixture
def put(with_store: Callable[..., Any]) -> Callable[[int], None]:
    """Store a post of an hour of its own."""

    def stored(number: int) -> None:
        post = Post(
            id=f"x:{number}", platform="x", native_id=str(number), url=None, created_at=MORNING + timedelta(hours=number),
            text="cup", author=Author(id="ann"), fetched_at=MORNING, seen_on=("x",),
        )  # fmt: skip

        async def add(store: Store) -> None:
            await store.posts.upsert([post])

        with_store(add)

    return stored


@pytest.fixture
def rolled(config: Config) -> Callable[[], int]:
    """How many posts the rollups tell."""

    def counted() -> int:
        assert config.mongodb_uri is not None
        with MongoClient[dict[str, Any]](config.mongodb_uri.reveal()) as client:
            return sum(row["posts"] for row in client[config.database]["roll_hour"].find({"platform": "*", "topic": "*"}))

    return counted


def test_rollup__nothing_was_written__says_so(command: Callable[..., Result]) -> None:
    told = command("rollup")
    assert (told.exit_code, told.stdout) == (
        0,
        "counted 0 hours (0 still open to late writes), failed 0, taken over by others 0\n",
    )


def test_rollup__posts__are_counted(
    command: Callable[..., Result], put: Callable[[int], None], rolled: Callable[[], int]
) -> None:
    put(1)
    put(2)
    assert command("rollup").stdout.startswith("counted 2 hours (2 still open to late writes)")
    assert rolled() == 2
    assert command("rollup").stdout.startswith("counted 0 hours")


def test_rollup__rebuild__counts_every_hour(
    command: Callable[..., Result], put: Callable[[int], None], rolled: Callable[[], int], with_store: Callable[..., Any]
) -> None:
    async def spoil(store: Store) -> None:
        await store.database["dirty"].delete_many({})
        await store.database["roll_hour"].update_many({}, {"$set": {"posts": 9}})

    put(1)
    command("rollup")
    with_store(spoil)
    assert command("rollup").stdout.startswith("counted 0 hours")
    assert command("rollup", "--rebuild").stdout.startswith("counted 1 hours (0 still open")
    assert rolled() == 1


def test_rollup__an_hour_fails__exit_code_6_and_what_to_do(
    command: Callable[..., Result], put: Callable[[int], None], with_store: Callable[..., Any]
) -> None:
    async def spoil(store: Store) -> None:
        await store.database["posts"].update_many({}, {"$set": {"tags": 5}})

    async def mend(store: Store) -> None:
        await store.database["posts"].update_many({}, {"$unset": {"tags": ""}})

    put(1)
    with_store(spoil)
    told = command("rollup")
    assert (told.exit_code, "failed 5" in told.stdout) == (6, True)
    assert "Set aside: 1 hours" in told.stderr
    with_store(mend)
    assert command("rollup").exit_code == 0


def test_follow__counts_what_comes_in_until_it_is_interrupted(
    own_database: Config, put: Callable[[int], None], rolled: Callable[[], int]
) -> None:
    put(1)
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "rollup", "--follow"], env=os.environ, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("counted 1 hours (")
        put(2)
        until = time.monotonic() + 30
        while rolled() < 2 and time.monotonic() < until:
            time.sleep(0.1)
        assert rolled() == 2
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130


def test_follow__removes_what_is_older_than_the_retention(
    own_database: Config, with_store: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    old, young = (
        Post(
            id=f"x:{days}", platform="x", native_id=str(days), url=None, created_at=now - timedelta(days=days), text="Tea",
            author=Author(id="ann"), fetched_at=now, seen_on=("x",),
        )
        for days in (61, 59)
    )  # fmt: skip
    with_store(lambda store: store.posts.upsert([old, young]))

    async def stored(store: Store) -> set[str]:
        return {post.native_id async for post in store.posts.each()}

    monkeypatch.setenv("MONITOR_RETENTION", "60d")
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "rollup", "--follow"], env=os.environ, stdout=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 60
    try:
        while with_store(stored) == {"61", "59"} and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        process.kill()
        process.communicate()
    assert with_store(stored) == {"59"}
