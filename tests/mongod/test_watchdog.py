"""What dies is started again, and given up only with a reason."""

from collections.abc import Callable

from monitor.config import Config
from monitor.mongod import state
from monitor.mongod.folder import Folder
from monitor.mongod.lock import holder, is_held
from monitor.mongod.private import acquire, status

Until = Callable[[Callable[[], object]], None]
Kill = Callable[[int | None], None]
Running = Callable[[Folder], int | None]
Add = Callable[[str], int]


def test_a_killed_mongod_is_started_again_for_its_users(
    alone: Config, folder: Folder, running: Running, add: Add, kill: Kill
) -> None:
    with acquire(alone) as used:
        assert add(used.uri) == 1
        pid = running(folder)
        kill(pid)
        with acquire(alone) as again:
            assert again.uri == used.uri
            assert add(again.uri) == 2
        assert running(folder) not in {None, pid}


def test_a_mongod_that_keeps_dying_is_given_up_with_the_reason(
    alone: Config, folder: Folder, running: Running, until: Until, add: Add, kill: Kill
) -> None:
    with acquire(alone):
        for life in (1, 2, 3):
            until(lambda life=life: (found := state.read(folder.state)) and found.phase == "ready" and found.starts == life)
            kill(running(folder))
        until(lambda: status(alone).failed)
        assert "ended by SIGKILL" in (status(alone).failed or "")
    with acquire(alone) as used:
        assert add(used.uri) == 1


def test_a_killed_watchdog_leaves_nothing_that_the_next_start_cannot_use(
    alone: Config, folder: Folder, until: Until, add: Add, kill: Kill
) -> None:
    with acquire(alone) as used:
        assert add(used.uri) == 1
        kill(holder(folder.watchdog_lock))
        until(lambda: not is_held(folder.watchdog_lock))
        with acquire(alone) as again:
            assert add(again.uri) == 2


def test_a_state_file_that_is_lost_while_it_runs_is_written_again(alone: Config, folder: Folder) -> None:
    with acquire(alone) as used:
        folder.state.unlink()
        with acquire(alone) as again:
            assert again.uri == used.uri
