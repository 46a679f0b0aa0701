"""The state file is read as a whole or not at all."""

import json
import stat
from pathlib import Path

import pytest

from monitor.mongod.state import State, is_foreign, read, write

STATE = State(phase="ready", mode="tcp", pid=7, uri="mongodb://a:secret@b/", port=9, tcp_uri="mongodb://a:secret@c/", starts=2)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "s", STATE)
    assert read(tmp_path / "s") == STATE


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    write(tmp_path / "s", STATE)
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    ["", "{", "null", "[]", '"x"', "\x00\xff", '{"version": 2}', '{"version": 2, "phase": "ready", "mode": "tcp", "more": 1}',
     '{"version": 1, "phase": "ready", "mode": "tcp"}', '{"phase": "ready", "mode": "tcp"}'],
)  # fmt: skip
def test_anything_else_is_no_state(tmp_path: Path, content: str) -> None:
    (tmp_path / "s").write_text(content, encoding="latin-1")
    assert read(tmp_path / "s") is None


def test_a_missing_file_is_no_state(tmp_path: Path) -> None:
    assert read(tmp_path / "s") is None


@pytest.mark.parametrize(("version", "foreign"), [(1, True), (2, False), (3, True)])
def test_another_version_is_foreign(tmp_path: Path, version: int, foreign: bool) -> None:
    (tmp_path / "s").write_text(json.dumps({"version": version}), encoding="utf-8")
    assert is_foreign(tmp_path / "s") is foreign


def test_a_missing_file_is_not_foreign(tmp_path: Path) -> None:
    assert not is_foreign(tmp_path / "s")


def test_its_repr_holds_no_password() -> None:
    assert "secret" not in repr(STATE)
