"""A lock between processes that the kernel gives back when its holder dies, however it dies."""

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

if sys.platform != "win32":
    import fcntl


class Lock:
    """An flock on one file. Each Lock is a holder of its own, also within one process; the file is never removed."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def share(self) -> None:
        """Wait until nobody holds it alone, then hold it beside others."""
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def take(self) -> None:
        """Wait until nobody holds it, then hold it alone."""
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def try_take(self) -> bool:
        """Hold it alone if that is possible at once; tell whether it was."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def sign(self) -> None:
        """Write this process's id into the file, for `holder`; it is held alone."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def give_back(self) -> None:
        """Let go, for every copy of the file that a fork may have made; harmless where nothing is held."""
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close this process's copy: the lock stays held where a fork has another."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def is_held(path: Path) -> bool:
    """Whether some process holds the lock alone or shared, at this moment."""
    with Lock(path) as lock:
        return not lock.try_take()


def holder(path: Path) -> int | None:
    """The process that signed the lock and holds it; None where nobody holds it, or it was not signed."""
    try:
        return int(path.read_bytes()) if path.exists() and is_held(path) else None
    except ValueError:
        return None
