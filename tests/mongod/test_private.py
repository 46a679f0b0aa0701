"""Sharing one mongod between processes that come, go and are killed: each test runs real ones."""

import os
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from monitor.config import Config, load
from monitor.errors import MongodError
from monitor.mongod import private, state
from monitor.mongod.folder import Folder, folder_of
from monitor.mongod.lock import Lock, holder
from monitor.mongod.private import Private, acquire, keep, status, stop, uri_of

Use = Callable[[], tuple[subprocess.Popen[str], str]]
Running = Callable[[Folder], int | None]
Gone = Callable[[Folder], None]
Add = Callable[[str], int]


def test_a_configured_server_is_used_as_it_is(tmp_path: Path) -> None:
    config = load({"MONGODB_URI": "mongodb://db.example/", "MONITOR_HOME": str(tmp_path)})
    with acquire(config) as used:
        assert used.uri == "mongodb://db.example/"
    assert list(tmp_path.iterdir()) == []


def test_two_processes_share_one_mongod_and_the_last_one_ends_it(
    use: Use, folder: Folder, running: Running, gone: Gone, add: Add
) -> None:
    first, uri = use()
    pid = running(folder)
    second, same = use()
    assert (same, running(folder)) == (uri, pid)
    first.communicate()
    assert add(uri) == 1
    second.communicate()
    gone(folder)


def test_mongod_ends_when_its_last_user_is_killed(use: Use, folder: Folder, gone: Gone) -> None:
    user, _ = use()
    user.send_signal(signal.SIGKILL)
    user.wait()
    gone(folder)
    assert not folder.state.exists()


def test_processes_that_start_at_once_share_one_mongod(begin: Callable[[], subprocess.Popen[str]], folder: Folder) -> None:
    """Each sees no mongod when it begins; one starts it, the others wait for it."""
    users = [begin() for _ in range(4)]
    uris = {user.stdout.readline() for user in users if user.stdout}
    found = state.read(folder.state)
    assert found is not None
    assert (len(uris), found.starts) == (1, 1)


def test_what_was_stored_is_there_at_the_next_start(alone: Config, folder: Folder, gone: Gone, add: Add) -> None:
    for count in (1, 2):
        with acquire(alone) as used:
            assert add(used.uri) == count
        gone(folder)


def test_a_state_file_left_behind_means_nothing(alone: Config, folder: Folder, add: Add) -> None:
    """As after a power cut: the file speaks of a mongod that runs and is kept."""
    folder.path.mkdir(parents=True)
    state.write(folder.state, state.State(phase="ready", mode="socket", pid=1, uri="mongodb://nobody.invalid/"))
    folder.kept.touch()
    with acquire(alone) as used:
        assert add(used.uri) == 1
        assert not status(alone).kept


def test_a_mongod_of_another_version_of_this_program_is_told(alone: Config, folder: Folder) -> None:
    folder.path.mkdir(parents=True)
    folder.state.write_text('{"version": 3}', encoding="utf-8")
    with Lock(folder.watchdog_lock) as lock:
        lock.take()
        with pytest.raises(MongodError, match="another version of this program"):
            acquire(alone)


def test_a_kept_mongod_survives_those_who_started_and_used_it(
    alone: Config, use: Use, folder: Folder, running: Running, add: Add
) -> None:
    keep(alone, mode="socket")
    pid = running(folder)
    user, uri = use()
    user.communicate()
    assert add(uri) == 1
    assert (running(folder), status(alone).kept, status(alone).used) == (pid, True, False)
    assert stop(alone)
    assert running(folder) is None


def test_stop_lets_others_finish(alone: Config, use: Use, folder: Folder, gone: Gone, add: Add) -> None:
    keep(alone, mode="socket")
    user, uri = use()
    assert not stop(alone)
    assert add(uri) == 1
    user.communicate()
    gone(folder)


def test_tcp_adds_an_authenticated_loopback_port(alone: Config, add: Add) -> None:
    found = keep(alone, mode="tcp")
    uri = uri_of(alone) or ""
    assert f"@127.0.0.1:{found.port}/monitor?" in uri
    assert add(uri) == 1
    stranger = MongoClient[dict[str, Any]](f"mongodb://127.0.0.1:{found.port}/?directConnection=true")
    with stranger, pytest.raises(OperationFailure, match="requires authentication"):
        stranger.kept.things.find_one()


def test_tcp_restarts_a_mongod_without_a_port__but_not_under_its_users(alone: Config, use: Use) -> None:
    keep(alone, mode="socket")
    user, _ = use()
    with pytest.raises(MongodError, match="in use and has no TCP port"):
        keep(alone, mode="tcp")
    user.communicate()
    assert keep(alone, mode="tcp").port


@pytest.fixture(scope="module")
def facts(mongod_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Folder, Private]]:
    """A running mongod for tests that only look, started by a process with a credential in its environment."""
    config = load({"MONITOR_HOME": str(tmp_path_factory.mktemp("home")), "MONITOR_MONGOD": str(mongod_binary)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MASTODON_TOKEN", "canary")
        used = acquire(config)
    yield folder_of(config.home), used
    used.release()
    assert stop(config)


def test_without_tcp_no_port_is_open(facts: tuple[Folder, Private], running: Running) -> None:
    process = Path(f"/proc/{running(facts[0])}")
    lines = [line for kind in ("tcp", "tcp6") for line in (process / "net" / kind).read_text(encoding="ascii").splitlines()[1:]]
    listening = {f"socket:[{line.split()[9]}]" for line in lines}
    held = {str(file.readlink()) for file in (process / "fd").iterdir() if file.is_symlink()}
    assert len(held) > 5
    assert not listening & held


def test_the_socket_asks_for_the_password(facts: tuple[Folder, Private]) -> None:
    wrong = facts[1].uri.replace("monitor:", "monitor:x", 1)
    with MongoClient[dict[str, Any]](wrong) as client, pytest.raises(PyMongoError, match="Authentication failed"):
        client.kept.things.find_one()


def test_no_secret_is_on_a_command_line(facts: tuple[Folder, Private], running: Running) -> None:
    folder, used = facts
    password = used.uri.split(":")[2].split("@")[0]
    processes = (running(folder), holder(folder.watchdog_lock))
    told = "".join(Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8") for process in processes)
    assert str(folder.path) in told
    assert len(password) == 64
    assert password not in told
    assert folder.key.read_text(encoding="ascii") not in told


def test_no_file_is_readable_by_others(facts: tuple[Folder, Private]) -> None:
    folder = facts[0]
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder.path, folder.data)} == {0o700}
    files = [path for path in folder.path.iterdir() if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_it_belongs_to_no_terminal(facts: tuple[Folder, Private], running: Running) -> None:
    """The end of a terminal is the end of its session."""
    watchdog, mongod = holder(facts[0].watchdog_lock), running(facts[0])
    assert watchdog
    assert mongod
    assert os.getsid(watchdog) == os.getsid(mongod) == watchdog


def test_the_watchdog_gets_no_credentials(facts: tuple[Folder, Private]) -> None:
    given = Path(f"/proc/{holder(facts[0].watchdog_lock)}/environ").read_bytes()
    assert b"PATH=" in given
    assert b"canary" not in given


def test_its_repr_holds_no_password(facts: tuple[Folder, Private]) -> None:
    assert repr(facts[1]) == "<Private own mongod>"


def test_a_second_user_is_served_at_once(facts: tuple[Folder, Private]) -> None:
    """Every command pays this; 50 ms is what nobody notices."""
    config = load({"MONITOR_HOME": str(facts[0].path.parent)})
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        acquire(config).release()
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.05


def test_any_home_will_do(mongod_binary: Path, tmp_path: Path, add: Add) -> None:
    config = load({"MONITOR_HOME": str(tmp_path / ("d" * 120 + "Upper, b\u00e9:%")), "MONITOR_MONGOD": str(mongod_binary)})
    with acquire(config) as used:
        assert add(used.uri) == 1
    assert stop(config)


def test_an_end_at_the_start_is_told_by_every_command(pretending: Callable[[str], Config]) -> None:
    config = pretending("""echo '{"s":"E","msg":"x","attr":{"error":"28: No space left on device"}}' > "$LOG"; exit 100""")
    for _ in range(2):
        with pytest.raises(MongodError, match=r"no space is left for .*MONITOR_HOME"):
            acquire(config)
    assert "no space is left" in (status(config).failed or "")


def test_a_failed_start_leaves_no_user_behind(pretending: Callable[[str], Config]) -> None:
    config = pretending("exit 1")
    with pytest.raises(MongodError):
        acquire(config)
    assert stop(config)
    assert status(config).failed is None


def test_a_home_without_room_is_told(alone: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = private.shutil.disk_usage("/")
    monkeypatch.setattr(private.shutil, "disk_usage", lambda path: usage._replace(free=2**20))
    with pytest.raises(MongodError, match=r"160 MiB of free disk .* 1 MiB are left"):
        acquire(alone)


def test_nothing_is_running_and_nothing_is_made_by_asking(tmp_path: Path) -> None:
    config = load({"MONITOR_HOME": str(tmp_path / "home")})
    assert (status(config), uri_of(config), stop(config)) == (private.Status(), None, True)
    assert not (tmp_path / "home").exists()


def test_windows_is_told_to_use_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(MongodError, match="no private MongoDB on Windows: set MONGODB_URI"):
        acquire(load({"MONITOR_HOME": str(tmp_path)}))


def test_releasing_twice_is_harmless(alone: Config, folder: Folder, gone: Gone) -> None:
    used = acquire(alone)
    used.release()
    used.release()
    gone(folder)
