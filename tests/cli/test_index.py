"""`monitor index` as it is typed, on the real mongod."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from click.testing import Result

from monitor.config import Config
from monitor.post import Author, Post
from monitor.store.connection import Store
from monitor.store.rebuild import LONG_AGO

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)


async def put(store: Store) -> None:
    told = [
        Post(
            id=f"x:{number}", platform="x", native_id=str(number), url=None, created_at=MORNING + timedelta(hours=number), text="cup",
            author=Author(id="ann"), fetched_at=MORNING, seen_on=("x",),
        )
        for number in range(3)
    ]  # fmt: skip
    await store.posts.upsert(told)


async def age(store: Store) -> None:
    """Let the marks be old enough to go."""
    await store.database["unindexed"].update_many({}, {"$set": {"minutes": {"0": LONG_AGO}}})


async def entries(store: Store) -> int:
    return await store.database["search"].count_documents({"terms": "cup"})


def test_index__posts_written_just_now_stay_marked__others_are_indexed(
    command: Callable[..., Result], with_store: Callable[..., Any]
) -> None:
    told = command("index")
    assert (told.exit_code, told.stdout) == (
        0,
        "indexed 0 hours (0 posts that said something new), failed 0, taken over by others 0\n",
    )
    with_store(put)
    told = command("index")
    assert told.stdout.startswith("indexed 0 hours")
    assert told.stderr == "Still open to late writes: 3 minutes, whose posts searches read themselves.\n"
    with_store(age)
    told = command("index")
    assert told.stdout.startswith("indexed 3 hours (3 posts")
    assert (told.stderr, with_store(entries)) == ("", 3)
    assert command("index", "--rebuild").stdout.startswith("indexed 3 hours (3 posts")


def test_index__a_post_of_another_shape__exit_code_6_and_what_to_do(
    command: Callable[..., Result], with_store: Callable[..., Any]
) -> None:
    async def spoil(store: Store) -> None:
        await store.database["posts"].update_one({"_id": "x:1"}, {"$set": {"tags": 5}})

    with_store(put)
    with_store(age)
    with_store(spoil)
    told = command("index")
    assert (told.exit_code, with_store(entries)) == (6, 2)
    assert "failed 5" in told.stdout
    assert "Set aside: 1 hours" in told.stderr


def test_follow__killed_and_started_again__indexes_until_it_is_interrupted(
    own_database: Config, with_store: Callable[..., Any]
) -> None:
    with_store(put)
    with_store(age)
    typed = [sys.executable, "-m", "monitor", "index", "--follow"]
    first = subprocess.Popen(typed, env=os.environ, stdout=subprocess.DEVNULL)
    process = subprocess.Popen(typed, env=os.environ, stdout=subprocess.PIPE, text=True)
    try:
        first.kill()
        until = time.monotonic() + 60
        while with_store(entries) < 3 and time.monotonic() < until:
            time.sleep(0.1)
        assert with_store(entries) == 3
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    finally:
        for each in (first, process):
            each.kill()
            each.wait()
    assert process.returncode == 130
