"""The keeper of the private mongod: `python -m monitor.mongod.watchdog FOLDER MODE BINARY`, started by `private.py` alone.

It leaves the session of whoever started it, holds the watchdog's lock for its life, starts mongod, tells in the state file
how to reach it, starts it again when it dies, and stops it when the last user has left. Its promise: while this lock is
free no mongod of ours runs on the folder, or one that the next watchdog ends before it begins.
"""

import logging
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.errors import MongodError
from monitor.mongod import server as servers
from monitor.mongod import state as states
from monitor.mongod.explanation import explain, how
from monitor.mongod.folder import Folder
from monitor.mongod.lock import Lock
from monitor.mongod.orphan import stop_orphan
from monitor.mongod.server import Server
from monitor.mongod.state import Mode, State

log = logging.getLogger("watchdog")

# Looking four times a second costs nothing, and unlike waiting in the kernel for the lock it sees mongod die meanwhile.
LOOK_S = 0.25
# A mongod that dies so soon after its start, so many times in a row, would do so for ever: say why instead.
LIFE_S, SHORT_LIVES = 20.0, 3
# Others look whether the lock is held by taking it for a moment.
PATIENCE_S = 1.0


@dataclass(frozen=True, slots=True)
class Job:
    """What one watchdog was told to run, and how it learns that it is to end."""

    folder: Folder
    mode: Mode
    binary: Path
    asked_to_end: threading.Event


def main(arguments: list[str]) -> int:
    """Hold the lock, leave the session, keep mongod until nobody needs it. Exit code 1: the state file says why it ended."""
    folder = Folder(Path(arguments[0]))
    job = Job(folder, "tcp" if arguments[1] == "tcp" else "socket", Path(arguments[2]), threading.Event())
    lock = Lock(folder.watchdog_lock)
    if not _take(lock):
        return 0  # another one was faster and serves as well
    folder.kept.unlink(missing_ok=True)
    if os.fork():
        os._exit(0)  # whoever started us waits for this; the child goes on with the lock and belongs to nobody
    os.setsid()
    lock.sign()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    signal.signal(signal.SIGTERM, lambda *_: job.asked_to_end.set())
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    return _keep(job)


def _take(lock: Lock) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while not lock.try_take():
        if time.monotonic() > deadline:
            return False
        time.sleep(servers.POLL_S)
    return True


def _keep(job: Job) -> int:
    state = State(phase="starting", mode=job.mode, binary=str(job.binary))
    # Held until this process ends, so that nobody arrives while mongod is being stopped.
    with Lock(job.folder.start_lock) as start, Lock(job.folder.users_lock) as users:
        try:
            _serve(job, state, start=start, users=users)
        except MongodError as error:
            log.error("%s", error)  # noqa: TRY400 - the sentence is all there is to know
            states.write(job.folder.state, replace(state, phase="failed", failed=str(error)))
            return 1
        job.folder.state.unlink(missing_ok=True)
    return 0


def _serve(job: Job, state: State, *, start: Lock, users: Lock) -> None:
    short_lives = 0
    while True:
        state, server = _start(job, state)
        born = time.monotonic()
        if _wait(job, state, server, start=start, users=users):
            states.write(job.folder.state, replace(state, phase="stopping"))
            servers.stop(server)
            return
        log.warning("mongod %d ended %s", server.process.pid, how(server.process.returncode))
        short_lives = short_lives + 1 if time.monotonic() - born < LIFE_S else 0
        if short_lives == SHORT_LIVES:
            raise MongodError(explain(servers.ending(server)))
        if not _needed(job.folder, users):
            return


def _start(job: Job, state: State) -> tuple[State, Server]:
    folder = job.folder
    state = replace(state, phase="starting", pid=None, starts=state.starts + 1)
    states.write(folder.state, state)
    if pid := stop_orphan(folder):
        log.info("ended mongod %d, whose watchdog was killed", pid)
    server = servers.launch(job.binary, folder, port=servers.free_port() if job.mode == "tcp" else None)
    from monitor.mongod import replica  # pymongo takes 0.2 s to import; mongod starts meanwhile

    servers.await_socket(server)
    try:
        replica.make_usable(folder)
    except MongodError:
        if servers.has_ended(server):
            raise MongodError(explain(servers.ending(server))) from None  # the cause, not the lost connection
        servers.stop(server)
        raise
    tcp_uri = replica.tcp_uri(folder, port=server.port) if server.port else None
    state = replace(
        state, phase="ready", pid=server.process.pid, uri=replica.socket_uri(folder), port=server.port, tcp_uri=tcp_uri
    )
    states.write(folder.state, state)
    log.info("mongod %d serves", server.process.pid)
    return state, server


def _wait(job: Job, state: State, server: Server, *, start: Lock, users: Lock) -> bool:
    """Wait until mongod is to be stopped (True; where the last user left, both locks are held) or is dead (False)."""
    while not job.asked_to_end.wait(LOOK_S):
        if server.process.poll() is not None:
            return False
        if states.read(job.folder.state) != state:  # somebody removed or damaged it: nobody would find us
            states.write(job.folder.state, state)
        if not job.folder.kept.exists() and start.try_take():
            if users.try_take():
                return True
            start.give_back()
    return True


def _needed(folder: Folder, users: Lock) -> bool:
    if folder.kept.exists() or not users.try_take():
        return True
    users.give_back()
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
