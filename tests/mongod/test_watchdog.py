"""What dies is started again, and given up only with a reason."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from monitor.config import Config, load
from monitor.errors import MongodError
from monitor.mongod import server, state
from monitor.mongod.folder import Folder
from monitor.mongod.lock import holder, is_held
from monitor.mongod.private import acquire, status, stop

Until = Callable[[Callable[[], object]], None]
Running = Callable[[Folder], int | None]
Add = Callable[[str], int]


def test_a_killed_mongod_is_started_again_for_its_users(alone: Config, folder: Folder, running: Running, add: Add) -> None:
    with acquire(alone) as used:
        assert add(used.uri) == 1
        pid = running(folder)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with acquire(alone) as again:
            assert again.uri == used.uri
            assert add(again.uri) == 2
        assert running(folder) not in {None, pid}


def test_a_mongod_that_keeps_dying_is_given_up_with_the_reason(
    alone: Config, folder: Folder, running: Running, until: Until
    add: Add) -> None:
    with acquire(alone):
        for life in (1, 2, 3):
            until(lambda life=life: (found := state.read(folder.state)) and found.phase == "ready" and found.starts == life)
            pid = running(folder) or 0
            os.kill(pid, signal.SIGKILL)
        until(lambda: status(alone).failed)
        assert "ended by SIGKILL" in (status(alone).failed or "")
    with acquire(alone) as used:
        assert add(used.uri) == 1


def test_a_killed_watchdog_leaves_nothing_that_the_next_start_cannot_use(alone: Config, folder: Folder, until: Until, add: Add) -> None:
    with acquire(alone) as used:
        assert add(used.uri) == 1
        os.kill(holder(folder.watchdog_lock) or 0, signal.SIGKILL)
        until(lambda: not is_held(folder.watchdog_lock))
        with acquire(alone) as again:
            assert add(again.uri) == 2


def test_a_state_file_that_is_lost_while_it_runs_is_written_again(alone: Config, folder: Folder) -> None:
    with acquire(alone) as used:
        folder.state.unlink()
        with acquire(alone) as again:
            assert again.uri == used.uri
