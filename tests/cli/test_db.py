"""`monitor db` as a person types it: what is printed where, and with which exit code."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from monitor.config import Config, load
from monitor.mongod.private import acquire, stop

ROOT = Path(__file__).parents[2]


@pytest.fixture
def database_name(empty_database: str) -> str:
    """Here the schema is made by what is tested."""
    return empty_database


def monitor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command; its environment is the test's and `environment`."""
    return subprocess.run(
        [sys.executable, "-c", "from monitor.cli import main; main()", "db", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def home(mongod_binary: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a home folder where no mongod ran yet; what was left running there ends with the test."""
    environment = {"MONITOR_HOME": str(tmp_path / "home"), "MONITOR_MONGOD": str(mongod_binary)}
    yield environment
    assert stop(load(environment))


def test_a_person_keeps_it_running_uses_it_and_stops_it(home: dict[str, str]) -> None:
    """One start serves all that can be looked at from outside."""
    started = monitor("start", **home)
    assert (started.returncode, started.stderr) == (0, "")
    assert "until: monitor db stop" in started.stdout

    told = json.loads(monitor("status", "--json", **home).stdout)
    assert (told["running"], told["kept"], told["used"], told["mode"], told["port"]) == (True, True, False, "socket", None)
    assert f"(process {told['pid']})" in monitor("status", **home).stdout

    printed = monitor("uri", **home)
    assert printed.stderr == ""
    assert len(printed.stdout.splitlines()) == 1
    with MongoClient[dict[str, Any]](printed.stdout.strip()) as client:
        assert client.get_default_database().name == "monitor"
        assert client.admin.command("hello")["isWritablePrimary"]

    with acquire(load(home)):
        assert "in use by other commands" in monitor("stop", **home).stdout
    assert monitor("stop", **home).stdout == "The private MongoDB is not running.\n"
    assert json.loads(monitor("status", "--json", **home).stdout)["running"] is False


def test_tcp_prints_a_loopback_address(home: dict[str, str]) -> None:
    started = monitor("start", "--tcp", **home)
    port = json.loads(monitor("status", "--json", **home).stdout)["port"]
    assert f"runs on 127.0.0.1:{port} and " in started.stdout
    with MongoClient[dict[str, Any]](monitor("uri", **home).stdout.strip()) as client:
        assert client.address == ("127.0.0.1", port)


def test_uri__when_nothing_runs(tmp_path: Path) -> None:
    asked = monitor("uri", MONITOR_HOME=str(tmp_path))
    assert (asked.returncode, asked.stdout) == (1, "")
    assert asked.stderr == "The private MongoDB is not running, so it has no address. Start it with: monitor db start\n"


def test_uri__of_a_configured_server() -> None:
    assert monitor("uri", MONGODB_URI="mongodb://db.example/?x=1").stdout == "mongodb://db.example/?x=1\n"


def test_start__with_a_configured_server() -> None:
    asked = monitor("start", MONGODB_URI="mongodb://db.example/")
    assert (asked.returncode, asked.stdout) == (2, "")
    assert asked.stderr.startswith("MONGODB_URI is set, so that server is used")


def test_status__with_a_configured_server() -> None:
    assert "MONGODB_URI is set" in monitor("status", MONGODB_URI="mongodb://db.example/").stdout
    told = json.loads(monitor("status", "--json", MONGODB_URI="mongodb://db.example/").stdout)
    assert (told["server"], told["running"]) == ("configured", None)


def test_a_start_that_fails_is_a_sentence_and_remembered(tmp_path: Path) -> None:
    program = tmp_path / "mongod"
    program.write_text("#!/bin/sh\nkill -ILL $$\n", encoding="utf-8")
    program.chmod(0o755)
    home = {"MONITOR_HOME": str(tmp_path / "home"), "MONITOR_MONGOD": str(program)}
    started = monitor("start", **home)
    assert (started.returncode, started.stdout) == (2, "")
    assert started.stderr.startswith(f"{program} cannot run here: this processor")
    assert started.stderr.count("\n") == 1
    assert f"The last time: {program} cannot run here" in monitor("status", **home).stdout


def test_migrate_says_what_it_did__and_the_second_time_that_there_is_nothing_to_do(config: Config) -> None:
    environment = {"MONGODB_URI": config.environment["MONGODB_URI"], "MONITOR_DATABASE": config.database}
    first, second = (monitor("migrate", **environment) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0)
    assert "version" in first.stdout
    assert second.stdout == "Nothing to do: the database has this version's schema.\n"
