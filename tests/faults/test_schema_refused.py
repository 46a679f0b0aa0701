"""A database that would store doubles, or that another version made: every real command says so and touches nothing."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from monitor.config import Config
from monitor.source import Source
from monitor.store import schema
from monitor.store.connection import open_store

ROOT = Path(__file__).parents[2]
LONGEST_S = 60.0
USAGE = 2
HOST = "chatter.example"
CRAWL = (
    *("scrapy", "crawl", "mastodon", "-L", "WARNING", "-a", f"instance={HOST}", "-a", "tag=coffee"),
    *("-s", "MONITOR_PACE_S=0", "-s", "DOWNLOAD_TIMEOUT=1", "-s", "RETRY_ENABLED=0"),
)
COMMANDS = (CRAWL, ("monitor", "collect"), ("monitor", "sources"))


def without_unique_index(database: Any) -> None:
    database["topic_versions"].drop_index("topic_1_version_1")


def made_newer(database: Any) -> None:
    database["meta"].update_one({"_id": "schema"}, {"$set": {"version": schema.VERSION + 1}})


def made_older(database: Any) -> None:
    database["meta"].update_one({"_id": "schema"}, {"$set": {"version": schema.VERSION - 1}})


@pytest.fixture
def database(config: Config) -> Iterator[Any]:
    """This test's database, with its schema and a source that is due."""

    async def made() -> None:
        store = await open_store(config)
        source = Source(platform="mastodon", kind="tag", parameters={"instance": HOST, "tag": "tea"}, topics=("tea",))
        await store.sources.ensure(source)
        await store.close()

    asyncio.run(made())
    assert config.mongodb_uri is not None
    with MongoClient[dict[str, Any]](config.mongodb_uri.reveal()) as client:
        yield client[config.database]


@pytest.fixture
def asked() -> Iterator[tuple[str, Callable[[], int]]]:
    """The address of a server that nobody should ask, and how many did."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)

        def count() -> int:
            """How many wait to be served."""
            found = 0
            while True:
                try:
                    listener.accept()[0].close()
                except BlockingIOError:
                    return found
                found += 1

        yield f"http://127.0.0.1:{listener.getsockname()[1]}", count


def typed(config: Config, base_url: str) -> list[tuple[int, str]]:
    """The exit code and the words of every command, all started at once."""
    assert config.mongodb_uri is not None
    environment = {**os.environ, "MONGODB_URI": config.mongodb_uri.reveal(), "MONITOR_DATABASE": config.database}
    commands = [[*words, "-a", f"base_url={base_url}"] if words is CRAWL else words for words in COMMANDS]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for words in commands
    ]
    told = [process.communicate(timeout=LONGEST_S)[0] for process in running]
    return [(process.returncode, said) for process, said in zip(running, told, strict=True)]


@pytest.mark.parametrize(
    ("damage", "sentence", "remedy"),
    [
        (
            without_unique_index,
            "The collection topic_versions of the database {name} lacks its unique index topic_1_version_1",
            "monitor db migrate",
        ),
        (made_newer, f"The database {{name}} has schema version {schema.VERSION + 1}, made by a newer release", "Upgrade"),
        (made_older, f"The database {{name}} has schema version {schema.VERSION - 1}", "monitor db migrate"),
    ],
)
def test_schema__not_as_it_must_be__commands_end_with_code_2_and_a_sentence_that_names_it(
    config: Config, database: Any, asked, damage: Callable[[Any], None], sentence: str, remedy: str
) -> None:
    damage(database)
    before = list(database["sources"].find())
    ended = typed(config, asked[0])
    print(f"\n{damage.__name__}: exit codes {[code for code, _ in ended]}, platforms asked {asked[1]()} times")
    for code, said in ended:
        told = [
            line for line in said.splitlines() if sentence.format(name=config.database) in line and not line.startswith("20")
        ]
        assert (code, len(told)) == (USAGE, 1), said
        assert remedy in told[0]
        assert "Traceback" not in said
    assert asked[1]() == 0
    assert list(database["sources"].find()) == before
    assert database["posts"].find_one() is None


def test_schema__as_it_must_be__the_same_commands_do_their_work(config: Config, database: Any, asked) -> None:
    """Else the test above would pass for a wrong reason; the crawl fails since nobody answers, having asked."""
    codes = [code for code, _ in typed(config, asked[0])]
    assert codes[2] == 0
    assert USAGE not in codes
    assert asked[1]() > 0
