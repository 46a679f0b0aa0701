"""A home folder with a private mongod of its own, processes that use it, and programs that only pretend to be mongod."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from monitor.config import Config, load
from monitor.mongod.folder import Folder, folder_of
from monitor.mongod.lock import holder, is_held
from monitor.mongod.private import stop

ROOT = Path(__file__).parents[2]
PATIENCE_S = 20.0

USER = """
import sys
from monitor.config import load
from monitor.mongod.private import acquire
private = acquire(load())
print(private.uri, flush=True)
sys.stdin.read()
private.release()
"""

Until = Callable[[Callable[[], object]], None]


@pytest.fixture
def until() -> Until:
    """Wait until a condition holds; fail when it takes too long."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.02)

    return wait


@pytest.fixture
def alone(mongod_binary: Path, tmp_path: Path) -> Iterator[Config]:
    """The configuration of a home folder where no mongod ran yet. Whatever the test left running ends with it."""
    config = load({"MONITOR_HOME": str(tmp_path / "home"), "MONITOR_MONGOD": str(mongod_binary)})
    yield config
    assert stop(config), "a user outlived its test"
    assert mongod_of(folder_of(config.home)) is None


@pytest.fixture
def folder(alone: Config) -> Folder:
    """Where the private mongod of `alone` has its files."""
    return folder_of(alone.home)


@pytest.fixture
def begin(alone: Config) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Start a process that uses the mongod of `alone` until its input ends, and prints the URI when it has it."""
    started = []

    def start() -> subprocess.Popen[str]:
        environment = os.environ | alone.environment | {"PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [sys.executable, "-c", USER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        with suppress(BrokenPipeError):
            process.communicate()


@pytest.fixture
def use(begin: Callable[[], subprocess.Popen[str]]) -> Callable[[], tuple[subprocess.Popen[str], str]]:
    """The same, waited for: returns the process and the URI that it was given."""

    def start() -> tuple[subprocess.Popen[str], str]:
        process = begin()
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    return start


@pytest.fixture
def running() -> Callable[[Folder], int | None]:
    """The process id of the mongod that has a folder's data open."""
    return mongod_of


def mongod_of(folder: Folder) -> int | None:
    return holder(folder.data / "mongod.lock")


@pytest.fixture
def gone(until: Until) -> Callable[[Folder], None]:
    """Wait until neither mongod nor its watchdog runs."""
    return lambda folder: until(lambda: mongod_of(folder) is None and not is_held(folder.watchdog_lock))


@pytest.fixture
def pretending(tmp_path: Path) -> Callable[[str], Config]:
    """A configuration whose mongod is a shell script; in it $LOG is the log that mongod was told to write."""

    def made(script: str) -> Config:
        program = tmp_path / "pretending-mongod"
        program.write_text(f'#!/bin/sh\nwhile [ "$1" != --logpath ]; do shift; done\nLOG="$2"\n{script}\n', encoding="utf-8")
        program.chmod(0o755)
        return load({"MONITOR_HOME": str(tmp_path / "home"), "MONITOR_MONGOD": str(program)})

    return made


@pytest.fixture
def add() -> Callable[[str], int]:
    """Store one document at a URI; returns how many there are then."""

    def stored(uri: str) -> int:
        with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=10_000) as client:
            client.kept.things.insert_one({})
            return client.kept.things.count_documents({})

    return stored


@pytest.fixture
def kill() -> Callable[[int | None], None]:
    """Kill a process that must be there; no id at all would mean this whole group of processes."""

    def killed(process: int | None) -> None:
        assert process
        os.kill(process, signal.SIGKILL)

    return killed
