"""Where the private mongod keeps its files, and that nobody else can read them.

All of it lies in one folder below `config.home`; only the socket may lie elsewhere, because its path must be short.
"""

import base64
import hashlib
import os
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from monitor.errors import MongodError

# sun_path holds 108 bytes on Linux and 104 on macOS, with the closing NUL; the smaller serves both.
LONGEST_SOCKET = 103
# PyMongo lowers the letters of the host that the set tells it and ends it at a colon; mongod parts addresses at commas.
USABLE = re.compile(r"[a-z0-9/._@+-]+")
# The temporary folder of every system with sockets; TMPDIR may be long, and differs between sessions.
SHORT = Path("/tmp")  # noqa: S108 - what is made there is checked for its owner and mode
# Two journal files of 32 MiB, the first collections, the log; seen to fail in 45 MiB and to begin in 60.
NEEDED_BYTES = 160 * 2**20
# mongod takes 6 to 1024 characters of base64 as a key.
KEY_BYTES = 96


@dataclass(frozen=True, slots=True)
class Folder:
    """The private mongod's own folder. Two processes with the same `path` share one mongod."""

    path: Path

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def key(self) -> Path:
        return self.path / "key"

    @property
    def log(self) -> Path:
        return self.path / "mongod.log"

    @property
    def watchdog_log(self) -> Path:
        return self.path / "watchdog.log"

    @property
    def state(self) -> Path:
        return self.path / "state.json"

    @property
    def kept(self) -> Path:
        """Exists while mongod is to run without users; a watchdog that begins removes it."""
        return self.path / "kept"

    @property
    def users_lock(self) -> Path:
        return self.path / "users.lock"

    @property
    def start_lock(self) -> Path:
        return self.path / "start.lock"

    @property
    def watchdog_lock(self) -> Path:
        return self.path / "watchdog.lock"

    @property
    def binaries(self) -> Path:
        return self.path / "bin"

    @property
    def socket(self) -> Path:
        """The socket in the folder, or, where drivers could not use that path, in a private folder of /tmp.

        Neither depends on the session (as XDG_RUNTIME_DIR and TMPDIR would), since processes of several sessions meet here.
        """
        inside = str(self.path / "mongod.sock")
        if len(inside) <= LONGEST_SOCKET and USABLE.fullmatch(inside):
            return Path(inside)
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        return SHORT / f"social-monitor-{os.getuid()}" / f"{digest}.sock"


def folder_of(home: Path) -> Folder:
    """The private mongod's folder below `home`; links are resolved, so that two ways to one folder are one mongod."""
    return Folder(Path(os.path.realpath(home)) / "mongod")


def prepare(folder: Folder) -> None:
    """Create the folder and the socket's with mode 0700. Raises MongodError."""
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.path.chmod(stat.S_IRWXU)
    except OSError as error:
        raise refusal(folder, error) from error
    if folder.socket.parent != folder.path:
        _prepare_short(folder.socket.parent)


def fill(folder: Folder) -> None:
    """Create the data folder and the key, unless they are there. The start lock is held: two keys would be one too many."""
    folder.data.mkdir(mode=stat.S_IRWXU, exist_ok=True)
    if not folder.key.exists():
        _write_key(folder.key)


def check_room(folder: Folder, *, free_bytes: int) -> None:
    """Raise MongodError where mongod could not even start; it would end without a word, since its log has no room either."""
    if free_bytes < NEEDED_BYTES:
        raise MongodError(
            f"The private MongoDB needs at least {NEEDED_BYTES // 2**20} MiB of free disk for {folder.data}, and "
            f"{free_bytes // 2**20} MiB are left. Make room there, or set MONITOR_HOME to a folder on a larger disk."
        )


def refusal(folder: Folder, error: OSError) -> MongodError:
    """The sentence for a folder that cannot be written to."""
    return MongodError(
        f"The private MongoDB cannot keep its files in {folder.path}: {error.strerror}. Make room there or make it writable, "
        "set MONITOR_HOME to another folder, or set MONGODB_URI to use a MongoDB server of your own."
    )


def create(path: Path) -> BinaryIO:
    """Open a new or emptied file for writing that only its owner may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _write_key(path: Path) -> None:
    # Written aside and renamed: a process killed here leaves no half key behind, of which the password is made.
    aside = path.with_suffix(".new")
    with create(aside) as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)))
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def _prepare_short(path: Path) -> None:
    # The temporary folder is everybody's: somebody else may have made ours before us, to read what we say there.
    length = LONGEST_SOCKET - len("/mongod/mongod.sock")
    advice = f"set MONITOR_HOME to a folder whose path has at most {length} characters, lower-case letters and digits."
    try:
        path.mkdir(mode=stat.S_IRWXU, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise MongodError(
            f"The private MongoDB cannot put its socket into {path}: {error.strerror}. To avoid it, {advice}"
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise MongodError(
            f"The private MongoDB does not put its socket into {path}, which is not a folder that only you can open. "
            f"Remove it, or {advice}"
        )
