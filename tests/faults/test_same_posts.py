"""Sixteen processes write the same posts at the same time, each in an order of its own: one document each, and nobody fails.

Run as a program, this file is one of the writers: it waits for a line on its input, writes, and tells in a line what became of it.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.config import Config, load
from monitor.post import Author, Counts, Post
from monitor.store.connection import open_store

WRITERS, ROUTES, POSTS, DELIVERY = 16, 4, 5000, 250
MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)


def a_post(number: int, route: int) -> Post:
    """Every route tells the same of a post but for its likes, and a later route was fetched later."""
    return Post(
        id=f"https://chatter.example/{number}",
        platform="mastodon",
        native_id=f"{number}",
        url=None,
        created_at=MORNING + timedelta(seconds=number),
        text=f"Post {number}: tea first.",
        author=Author(id=f"ann{number % 50}@chatter.example"),
        counts=Counts(likes=route),
        fetched_at=MORNING + timedelta(days=1, minutes=route),
        seen_on=(f"route{route}",),
    )


async def work(seed: int, route: int) -> None:
    store = await open_store(load())
    numbers = list(range(POSTS))
    random.Random(seed).shuffle(numbers)
    print(json.dumps("ready"), flush=True)
    sys.stdin.readline()
    told: Counter[str] = Counter()
    for start in range(0, POSTS, DELIVERY):
        try:
            outcome = await store.posts.upsert([a_post(number, route) for number in numbers[start : start + DELIVERY]])
        except Exception as error:  # noqa: BLE001 (whatever it is: it is counted, and there must be none)
            told[type(error).__name__] += 1
        else:
            told.update(new=outcome.new, changed=outcome.changed, unchanged=outcome.unchanged, refused=len(outcome.refused))
    await store.close()
    print(json.dumps(told), flush=True)


def started(config: Config, seed: int) -> list[subprocess.Popen[str]]:
    """The writers, four to a route, each ready to write."""
    assert config.mongodb_uri is not None
    environment = {**os.environ, "MONGODB_URI": config.mongodb_uri.reveal(), "MONITOR_DATABASE": config.database}
    writers = [
        subprocess.Popen(
            [sys.executable, __file__, f"{seed + number}", f"{number % ROUTES}"],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in range(WRITERS)
    ]  # fmt: skip
    assert [said(writer) for writer in writers] == ["ready"] * WRITERS
    return writers


def said(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


async def test_same_posts__16_writers_of_5000__5000_documents_and_no_errors(config: Config, seed: int) -> None:
    store = await open_store(config)
    writers = started(config, seed)
    begun = time.monotonic()
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    told = [Counter(said(writer)) for writer in writers]
    took_s, codes = time.monotonic() - begun, [writer.communicate() and writer.returncode for writer in writers]
    stored = await store.database["posts"].find().to_list()
    await store.close()
    total, new = sum(told, Counter()), [each["new"] for each in told]
    print(
        f"\nseed {seed}: {WRITERS} writers, {POSTS} posts, {took_s:.1f} s: {dict(total)}; stored {len(stored)}, new by writer {new}"
    )
    assert set(total) <= {"new", "changed", "unchanged", "refused"}
    assert (len(stored), total["new"], total["refused"]) == (POSTS, POSTS, 0)
    assert total.total() == WRITERS * POSTS
    assert total["changed"] <= (ROUTES - 1) * POSTS  # each further route can change a post once
    assert codes == [0] * WRITERS
    assert sum(count > 0 for count in new) >= WRITERS / 2
    for each in stored:
        assert (each["counts"]["likes"], sorted(each["seen_on"])) == (ROUTES - 1, [f"route{route}" for route in range(ROUTES)])
        assert "revisions" not in each


if __name__ == "__main__":
    asyncio.run(work(int(sys.argv[1]), int(sys.argv[2])))
