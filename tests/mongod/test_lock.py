"""The kernel's promises on which the sharing rests."""

import os
import subprocess
import sys
from pathlib import Path

from monitor.mongod.lock import Lock, holder, is_held

HOLD = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_SH)
print("held", flush=True)
sys.stdin.read()
"""


def test_many_share_and_nobody_takes(tmp_path: Path) -> None:
    with Lock(tmp_path / "l") as one, Lock(tmp_path / "l") as two, Lock(tmp_path / "l") as taker:
        one.share()
        two.share()
        assert not taker.try_take()


def test_the_last_who_gives_back_frees_it(tmp_path: Path) -> None:
    with Lock(tmp_path / "l") as one, Lock(tmp_path / "l") as two, Lock(tmp_path / "l") as taker:
        one.share()
        two.share()
        one.give_back()
        assert not taker.try_take()
        two.give_back()
        assert taker.try_take()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path / "l"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        held = is_held(tmp_path / "l")
        process.kill()
    assert (held, is_held(tmp_path / "l")) == (True, False)


def test_a_signed_lock_names_its_holder(tmp_path: Path) -> None:
    with Lock(tmp_path / "l") as lock:
        lock.take()
        lock.sign()
        assert holder(tmp_path / "l") == os.getpid()


def test_a_free_lock_has_no_holder__whatever_its_file_says(tmp_path: Path) -> None:
    (tmp_path / "l").write_text("1234", encoding="utf-8")
    assert holder(tmp_path / "l") is None


def test_a_lock_that_nobody_signed_has_no_holder(tmp_path: Path) -> None:
    with Lock(tmp_path / "l") as lock:
        lock.take()
        assert holder(tmp_path / "l") is None


def test_a_lock_that_never_was_has_no_holder__and_is_not_made(tmp_path: Path) -> None:
    assert holder(tmp_path / "l") is None
    assert not (tmp_path / "l").exists()
