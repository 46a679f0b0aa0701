"""Use the private mongod: started by the first process that needs it, shared by all, gone after the last.

Each user holds the users' lock shared for its life, so the kernel counts them, and SIGKILL is a way of leaving. Whoever
starts or stops holds the start lock, so that a new user and the end of the last one never cross.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import monitor
from monitor.config import Config
from monitor.errors import MongodError
from monitor.mongod import server, state
from monitor.mongod.binary import OWN_SERVER, find
from monitor.mongod.explanation import NO_SPACE, SCARCE_BYTES
from monitor.mongod.folder import Folder, check_room, create, fill, folder_of, prepare, refusal
from monitor.mongod.lock import Lock, holder, is_held
from monitor.mongod.orphan import stop_orphan
from monitor.mongod.state import Mode, State

# What the watchdog needs of our environment. It outlives us, so it gets no credentials.
PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "VIRTUAL_ENV",
    "PYTHONHOME",
)
# The watchdog gives up by itself before that.
READY_S = server.START_S + 130.0
LOOK_S = 0.01


class Private:
    """One use of a MongoDB: `uri` for the driver, until `release`. The kernel releases it when the process dies."""

    __slots__ = ("_users", "uri")

    def __init__(self, uri: str, users: Lock | None) -> None:
        self.uri = uri
        self._users = users

    def __repr__(self) -> str:
        return f"<Private {'own mongod' if self._users else 'given server'}>"

    def release(self) -> None:
        """Say that this process needs it no more; the last one to say so stops mongod. A second call does nothing."""
        if self._users is not None:
            self._users.give_back()
            self._users.close()
            self._users = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the private mongod does now. `state` None: it does not run, and `failed` says why where the last one failed.

    `used`: some process needs it now; `kept`: it runs without users too.
    """

    state: State | None = None
    used: bool = False
    kept: bool = False
    failed: str | None = None


def acquire(config: Config) -> Private:
    """A MongoDB to use: the configured server, or the private mongod, started if need be. Raises MongodError.

    Blocks for about a second when mongod must be started, for milliseconds when it runs.
    """
    if config.mongodb_uri is not None:
        return Private(config.mongodb_uri.reveal(), None)
    with _starting(config) as folder:
        users, found = _join(config, folder, mode="socket")
    return Private(found.uri or "", users)


def keep(config: Config, *, mode: Mode) -> State:
    """Start the private mongod unless it runs, and let it run on until `stop`. Mode "tcp" restarts one that has no port."""
    with _starting(config) as folder:
        found = _ready(folder)
        if mode == "tcp" and found and found.mode != "tcp" and not _end_unused(folder):
            raise MongodError(
                "The private MongoDB is in use and has no TCP port: run `monitor db start --tcp` again when the commands that "
                "use it have ended."
            )
        users, found = _join(config, folder, mode=mode)
        with users:
            folder.kept.touch(mode=0o600)
    return found


def stop(config: Config) -> bool:
    """Let the private mongod run no longer than it is used; False where others use it still, True when it has ended."""
    folder = _folder(config)
    if not folder.path.is_dir():
        return True
    with Lock(folder.start_lock) as start:
        start.take()
        folder.kept.unlink(missing_ok=True)
        if is_held(folder.watchdog_lock):
            return _end_unused(folder)
        stop_orphan(folder)
        folder.state.unlink(missing_ok=True)
    return True


def status(config: Config) -> Status:
    """Whether the private mongod runs, and for whom. Starts nothing and creates nothing."""
    folder = _folder(config)
    if not folder.path.is_dir():
        return Status()
    found = _ready(folder)
    if found is None:
        last = state.read(folder.state)
        return Status(failed=last.failed if last else None)
    return Status(state=found, used=is_held(folder.users_lock), kept=folder.kept.exists())


def uri_of(config: Config) -> str | None:
    """The line for pymongo, mongosh and Compass, by loopback where there is a port; None where nothing runs to be named."""
    if config.mongodb_uri is not None:
        return config.mongodb_uri.reveal()
    found = status(config).state
    if found is None:
        return None
    uri = found.tcp_uri or found.uri or ""
    return uri.replace("/?", f"/{config.database}?", 1)


def _folder(config: Config) -> Folder:
    if sys.platform == "win32":
        raise MongodError("There is no private MongoDB on Windows: set MONGODB_URI to use a MongoDB server of your own.")
    return folder_of(config.home)


@contextmanager
def _starting(config: Config) -> Iterator[Folder]:
    """The folder, made if need be, with the start lock held."""
    folder = _folder(config)
    prepare(folder)
    try:
        with Lock(folder.start_lock) as start:
            start.take()
            fill(folder)
            yield folder
    except OSError as error:
        raise refusal(folder, error) from error


def _join(config: Config, folder: Folder, *, mode: Mode) -> tuple[Lock, State]:
    # We are counted first: a watchdog that is just being started must not find itself unused.
    users = Lock(folder.users_lock)
    users.share()
    try:
        return users, _await_ready(config, folder, mode=mode)
    except BaseException:
        users.close()
        raise


def _ready(folder: Folder) -> State | None:
    found = state.read(folder.state)
    if found is None or found.phase != "ready" or not is_held(folder.watchdog_lock) or not server.answers(folder.socket):
        return None
    return found


def _await_ready(config: Config, folder: Folder, *, mode: Mode) -> State:
    # A watchdog may be at work already: started by a process that was killed, starting mongod again, or just ending.
    deadline = time.monotonic() + READY_S
    spawned = False
    while time.monotonic() < deadline:
        if found := _ready(folder):
            return found
        if is_held(folder.watchdog_lock):
            if state.is_foreign(folder.state):
                raise MongodError(
                    "The private MongoDB runs under another version of this program: let its commands end or run "
                    "`monitor db stop`, and then the command again."
                )
            time.sleep(LOOK_S)
            continue
        if spawned:
            raise MongodError(_why_not(folder))
        mongod = find(named=config.mongod, search=config.environment.get("PATH"), copies=folder.binaries)
        check_room(folder, free_bytes=shutil.disk_usage(folder.path).free)
        folder.state.unlink(missing_ok=True)
        _spawn(folder, mode=mode, mongod=mongod)
        spawned = True
    raise MongodError(
        f"The private MongoDB was not ready after {READY_S:.0f} seconds. Its logs are {folder.log} and {folder.watchdog_log}; "
        "run `monitor db stop` and then the command again."
    )


def _spawn(folder: Folder, *, mode: Mode, mongod: Path) -> None:
    # The package may be imported from a source folder or a zipped egg, which the new interpreter would not find by itself.
    packages = str(Path(monitor.__file__).parent.parent)
    path = os.pathsep.join(part for part in (packages, os.environ.get("PYTHONPATH")) if part)
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {"PYTHONPATH": path}
    with create(folder.watchdog_log) as log:
        # It forks at once and its parent ends: nothing is left here to be waited for.
        subprocess.run(
            [sys.executable, "-P", "-m", "monitor.mongod.watchdog", str(folder.path), mode, str(mongod)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder.path,
            env=environment,
            check=False,
        )


def _why_not(folder: Folder) -> str:
    found = state.read(folder.state)
    if found is not None and found.failed is not None:
        return found.failed
    if shutil.disk_usage(folder.path).free < SCARCE_BYTES:  # then the watchdog could not even write down why
        return NO_SPACE.format(data=folder.data, log=folder.log)
    return (
        "The private MongoDB did not start, because the process that watches over it ended without a reason. "
        f"See {folder.watchdog_log}; run the command again, or {OWN_SERVER}."
    )


def _end_unused(folder: Folder) -> bool:
    # The start lock is held, so nobody arrives between the look and the end.
    with Lock(folder.users_lock) as users:
        if not users.try_take():
            return False
        if watchdog := holder(folder.watchdog_lock):
            with suppress(ProcessLookupError):
                os.kill(watchdog, signal.SIGTERM)
        while is_held(folder.watchdog_lock):
            time.sleep(LOOK_S)
    return True
