"""One mongod process: its command line, its start, its end. What it is asked once it runs is in `replica.py`."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import MongodError
from monitor.mongod.explanation import Ending, explain
from monitor.mongod.folder import Folder, create

# Recovery after a crash reads the journal, at most some hundred MiB; a slow disk needs a minute for it.
START_S = 180.0
STOP_S = 60.0
DYING_S = 2.0
POLL_S = 0.01
GIB = 2**30
# A quarter of the memory is what MongoDB's smallest machines get; beyond 1 GiB the pages of a laptop's data are cached anyway.
SMALLEST_CACHE_GIB, LARGEST_CACHE_GIB = 0.25, 1.0
# mongod would take 5 % of the disk, tens of GiB on some; the change streams need hours of it, not weeks.
OPLOG_MIB = 1024
# Each start reads one whole journal file, allocated ahead: 0.3 s for WiredTiger's own 100 MB.
JOURNAL = "log=(file_max=32MB)"
SET_NAME = "monitor"


@dataclass(frozen=True, slots=True)
class Server:
    """A running child process of ours, and the port that it serves on loopback (None: on its socket alone)."""

    process: subprocess.Popen[bytes]
    binary: Path
    folder: Folder
    port: int | None


def launch(binary: Path, folder: Folder, *, port: int | None) -> Server:
    """Start mongod without waiting for it. Raises MongodError where it cannot even be run."""
    if folder.log.exists():
        folder.log.replace(folder.log.with_suffix(".1.log"))  # the run before this one; older ones are gone
    folder.socket.unlink(missing_ok=True)  # what a killed mongod left; a living one is excluded by the watchdog's lock
    arguments = command(binary, folder, port=port, cache_gib=cache_gib(memory_bytes()))
    try:
        with create(_output(folder)) as output:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder.path,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - the watchdog has no threads
            )
    except OSError as error:
        raise MongodError(
            f"{binary} could not be run: {error.strerror}. Set MONITOR_MONGOD to a mongod for this machine, or set MONGODB_URI "
            "to use a MongoDB server of your own."
        ) from error
    return Server(process, binary, folder, port)


def command(binary: Path, folder: Folder, *, port: int | None, cache_gib: float) -> list[str]:
    """The command line of mongod; no secret is on it. Pure.

    It listens on the socket, and on loopback only where a port is given. zlib is left out of the compressors because of
    CVE-2025-14847, and JavaScript is off, since nothing of ours needs it.
    """
    listen = ["--bind_ip", f"{folder.socket},127.0.0.1", "--port", str(port)] if port else ["--bind_ip", str(folder.socket)]
    parameters = {
        "diagnosticDataCollectionEnabled": "false",  # saves start time and 200 MiB
        "enableLocalhostAuthBypass": "false",  # the key opens it from the first moment on
        "shutdownTimeoutMillisForSignaledShutdown": "0",  # there is no other member to wait for
    }
    return [
        str(binary),
        *("--dbpath", str(folder.data)),
        *listen,
        "--nounixsocket",  # no second socket in the temporary folder
        *("--replSet", SET_NAME),
        *("--keyFile", str(folder.key)),
        *("--logpath", str(folder.log)),
        "--quiet",
        *("--networkMessageCompressors", "snappy,zstd"),
        *("--wiredTigerCacheSizeGB", f"{cache_gib:.2f}"),
        *("--wiredTigerEngineConfigString", JOURNAL),
        *("--oplogSize", str(OPLOG_MIB)),
        "--noscripting",
        *(part for name, value in parameters.items() for part in ("--setParameter", f"{name}={value}")),
    ]


def cache_gib(memory: int) -> float:
    """An eighth of the machine's memory (in bytes), within bounds: the crawlers and the engine need the rest. Pure."""
    return min(max(memory / GIB / 8, SMALLEST_CACHE_GIB), LARGEST_CACHE_GIB)


def memory_bytes() -> int:
    """The machine's memory, or what a container leaves of it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return memory


def await_socket(server: Server) -> None:
    """Return as soon as mongod answers on its socket. Raises MongodError with the reason when it ends before that."""
    deadline = time.monotonic() + START_S
    while not answers(server.folder.socket):
        if server.process.poll() is not None:
            raise MongodError(explain(ending(server)))
        if time.monotonic() > deadline:
            stop(server)
            raise MongodError(
                f"The private MongoDB did not answer within {START_S:.0f} seconds of its start. Its log is "
                f"{server.folder.log}; run the command again, or set MONITOR_HOME to a folder on a faster disk."
            )
        time.sleep(POLL_S)


def answers(path: Path) -> bool:
    """Whether somebody listens on the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A loopback port that nobody uses at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def ending(server: Server) -> Ending:
    """How the process ended, with all that it said."""
    folder = server.folder
    lines = tuple(line for path in (_output(folder), folder.log) for line in _lines(path))
    return Ending(
        binary=server.binary,
        data=folder.data,
        log=folder.log,
        socket=folder.socket,
        code=server.process.poll(),
        lines=lines,
        free_bytes=shutil.disk_usage(folder.path).free,
    )


def has_ended(server: Server) -> bool:
    """Whether mongod is dead, or dies now: it closes its connections a moment before it ends."""
    try:
        server.process.wait(DYING_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def stop(server: Server) -> None:
    """End mongod cleanly, by force only when it does not end by itself."""
    server.process.terminate()
    try:
        server.process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()


def _die_with_parent() -> None:
    # Linux only: were the watchdog killed, nobody would be left to stop mongod. 1 is PR_SET_PDEATHSIG (prctl(2)).
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _output(folder: Folder) -> Path:
    return folder.path / "mongod.out"  # what is said before the log is open: wrong options, missing libraries


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
