"""`monitor score` as it is typed, on the real mongod."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pymongo import MongoClient

from monitor.cli import monitor
from monitor.cli.opened import opened, run
from monitor.config import Config
from monitor.post import Author, Post, Score
from monitor.sentiment import vader

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.fixture
def environment(config: Config, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """This test's database, for this process and those it starts."""
    assert config.mongodb_uri is not None
    ours = {"MONGODB_URI": config.mongodb_uri.reveal(), "MONITOR_DATABASE": config.database}
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    return os.environ | ours


@pytest.fixture
def typed(environment: dict[str, str]) -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(monitor, ["score", *words])


@pytest.fixture
def put(config: Config) -> Callable[..., None]:
    """Store a post with this text in English, unscored unless told."""

    def stored(number: int, text: str, **changes: Any) -> None:
        post = Post(
            id=f"x:{number}", platform="x", native_id=str(number), url=None, created_at=MORNING, text=text, language="en",
            author=Author(id="ann"), fetched_at=MORNING, seen_on=("x",), **changes,
        )  # fmt: skip

        async def add() -> None:
            async with opened(config) as store:
                await store.posts.upsert([post])

        run(add())

    return stored


@pytest.fixture
def stored(config: Config) -> Callable[[int], dict[str, Any] | None]:
    """The stored sentiment of a post."""

    def sentiment(number: int) -> dict[str, Any] | None:
        assert config.mongodb_uri is not None
        with MongoClient[dict[str, Any]](config.mongodb_uri.reveal()) as client:
            found = client[config.database]["posts"].find_one({"_id": f"x:{number}"})
        assert found is not None
        return found.get("sentiment")

    return sentiment


def test_score__nothing_waits__says_so(typed: Callable[..., Result]) -> None:
    told = typed()
    assert (told.exit_code, told.stdout) == (0, "scored 0 (0 without a label), set aside 0, edited meanwhile 0\n")


def test_score__posts_without_one__are_scored(
    typed: Callable[..., Result], put: Callable[..., None], stored: Callable[..., Any]
) -> None:
    put(1, "What a wonderful cup!")
    put(2, "An old score.", sentiment=Score(scorer="vader", version="0", label="negative", compound=-1.0))
    put(3, "Of another scorer.", sentiment=Score(scorer="other", version="1", label="negative", compound=-1.0))
    assert typed().stdout.startswith("scored 2 (0 without a label)")
    assert (stored(1)["label"], stored(2)["version"], stored(3)["scorer"]) == ("positive", "3.3.2", "other")


def test_score__rescore__replaces_the_scores_of_others(
    typed: Callable[..., Result], put: Callable[..., None], stored: Callable[..., Any]
) -> None:
    put(3, "Of another scorer.", sentiment=Score(scorer="other", version="1", label="negative", compound=-1.0))
    assert typed("--rescore").stdout.startswith("scored 1 (")
    assert stored(3)["scorer"] == "vader"
    assert typed("--rescore").stdout.startswith("scored 0 (")


def test_score__scorer_fails__exit_code_6_the_count_and_what_to_do(
    typed: Callable[..., Result], put: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object, text: str, language: str | None) -> Score:
        raise ZeroDivisionError

    put(1, "What a wonderful cup!")
    with monkeypatch.context() as patched:
        patched.setattr(vader.Vader, "score", fail)
        told = typed()
    assert told.exit_code == 6
    assert "set aside 1" in told.stdout
    assert "Set aside in all by vader 3.3.2: 1;" in told.stderr
    assert typed().exit_code == 0
    mended = typed("--rescore")
    assert mended.stdout.startswith("scored 1 (")
    assert mended.stderr == ""


def test_score__unknown_scorer__is_refused(typed: Callable[..., Result]) -> None:
    told = typed("--scorer", "dutch")
    assert told.exit_code != 0
    assert "There is no scorer 'dutch'" in str(told.exception)


def test_follow__scores_what_comes_in_until_it_is_interrupted(
    environment: dict[str, str], put: Callable[..., None], stored: Callable[..., Any]
) -> None:
    put(1, "What a wonderful cup!")
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "score", "--follow"], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("scored 1 (")
        put(2, "What a terrible cup!")
        until = time.monotonic() + 30
        while stored(2) is None and time.monotonic() < until:
            time.sleep(0.1)
        assert stored(2)["label"] == "negative"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
