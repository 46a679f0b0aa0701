"""The root of the command line: commands by name, errors as sentences with their documented code."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from monitor import cli, errors
from monitor.cli import COMMANDS, main, monitor
from monitor.errors import (
    ConfigurationError,
    CredentialsError,
    GoneError,
    MongodError,
    MonitorError,
    RateLimitedError,
    StoreUnavailableError,
    UsageError,
)


def code_of(ending: BaseException | None, monkeypatch: pytest.MonkeyPatch) -> int:
    """The code of the process when a command ends so."""

    @click.command()
    def command() -> None:
        if ending is not None:
            raise ending

    monkeypatch.setattr(cli, "monitor", command)
    monkeypatch.setattr(sys, "argv", ["monitor"])
    with pytest.raises(SystemExit) as ended:
        main()
    return 0 if ended.value.code is None else int(ended.value.code)


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        (None, 0),
        (click.exceptions.Exit(0), 0),
        (click.exceptions.Exit(6), 6),
        (SystemExit(6), 6),
        (click.UsageError("x"), 2),
        (click.BadParameter("x"), 2),
        (click.exceptions.Abort(), 130),
        (KeyboardInterrupt(), 130),
        (UsageError("x"), 2),
        (ConfigurationError("x"), 2),
        (MongodError("x"), 2),
        (CredentialsError("x"), 4),
        (RateLimitedError("x"), 5),
        (StoreUnavailableError("x"), 1),
        (GoneError("x"), 1),
    ],
)
def test_main__how_a_command_ends__decides_the_code(
    ending: BaseException | None, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert code_of(ending, monkeypatch) == code


def test_main__every_error_of_ours__is_its_sentence_on_stderr_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, MonitorError)]
    assert len(kinds) > 10
    for kind in kinds:
        assert code_of(kind("What happened, and what to do."), monkeypatch) in {1, 2, 4, 5}
        assert capsys.readouterr() == ("", "What happened, and what to do.\n")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_commands__each_is_where_it_is_said_to_be(name: str) -> None:
    command = monitor.get_command(click.Context(monitor), name)
    assert isinstance(command, click.Command)
    assert command.callback is None or command.callback.__module__.startswith(f"monitor.cli.{COMMANDS[name]}")
    assert command.name == name
    assert command.help, "what --help shows for it"


def typed(*words: str, **how: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "monitor", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **how)


def test_commands__are_imported_only_when_called() -> None:
    """Loading Scrapy and the driver for `monitor --version` would cost a second."""
    heavy = ("scrapy", "twisted", "pymongo", "rich", "lxml")
    code = f"import json, sys, monitor.cli; print(json.dumps([name for name in {heavy!r} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_typed__unknown_command__is_a_sentence_and_code_2() -> None:
    done = typed("colect")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such command 'colect'" in done.stderr
    assert "Traceback" not in done.stderr


def test_typed__configuration_is_wrong__is_one_sentence_and_code_2() -> None:
    done = typed("sources", env={**os.environ, "MONITOR_DATABASE": "a b"})
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert "MONITOR_DATABASE='a b' is no database name" in done.stderr


def test_typed__mongodb_does_not_answer__is_one_sentence_without_the_password() -> None:
    done = typed("sources", "--json", env={**os.environ, "MONGODB_URI": "mongodb://me:hunter2@127.0.0.1:1/"})
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "MongoDB at 127.0.0.1:1 does not answer" in done.stderr
    assert "hunter2" not in done.stderr


def written_to(stdout: int, *words: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "monitor", *words]
    done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    return done.returncode, done.stderr


# By click's echo, by its help, and at the very end by the flush of a buffer that nothing filled before.
PRINTING = [("--help",), ("why", "--text", "good"), ("why", "--text", "good " * 20_000)]


@pytest.mark.parametrize("words", PRINTING)
def test_typed__the_reader_left__ends_in_silence(words: tuple[str, ...]) -> None:
    """As in `monitor --help | true`: no traceback, no complaint of the interpreter at its end, the code of a broken pipe."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert written_to(writing, *words) == (141, "")
    finally:
        os.close(writing)


@pytest.mark.parametrize("words", PRINTING)
def test_typed__the_disk_is_full__is_one_sentence_and_code_1(words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        code, said = written_to(full.fileno(), *words)
    assert code == 1
    assert said == "The output could not be written: No space left on device. Make room, or send it elsewhere.\n"


def test_main__another_error_of_the_system__is_not_taken_for_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PermissionError):
        code_of(PermissionError(13, "Permission denied", "a file"), monkeypatch)
    with pytest.raises(OSError, match="No space"):
        code_of(OSError(28, "No space left on device", "a file of the private mongod"), monkeypatch)
