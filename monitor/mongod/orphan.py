"""A mongod of ours whose watchdog was killed: found by its lock on the data, and ended before another one begins."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from monitor.mongod.folder import Folder
from monitor.mongod.lock import holder
from monitor.mongod.server import POLL_S, STOP_S


def stop_orphan(folder: Folder) -> int | None:
    """End the orphan of this folder; its process id, None where there was none. The watchdog's lock is free, or held by us."""
    lock = folder.data / "mongod.lock"  # mongod, too, holds an flock on a file with its id
    pid = holder(lock)
    if pid is None or str(folder.key) not in command_of(pid):
        return None  # a mongod that somebody else runs on these data is not ours to stop: the new one will say so
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_S
    while holder(lock) == pid:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline = time.monotonic() + STOP_S
        time.sleep(POLL_S)
    return pid


def command_of(pid: int) -> str:
    """The command line of a process, its words apart by NUL or blank; "" where it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
    try:  # macOS has no /proc
        listed = subprocess.run(
            ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return listed.stdout
