"""The key of the pseudonyms: MONITOR_PSEUDONYM_KEY (or _FILE), else a file under MONITOR_HOME that is made when first needed.

It is never stored in MongoDB, logged or printed. All machines that collect into one database must have the same.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from monitor.config import Config
from monitor.crawl.pseudonym import Pseudonyms
from monitor.errors import ConfigurationError

FILE = "pseudonym.key"
SHORTEST = 32  # characters: fewer could be tried out
_BYTES = 32
_OTHERS = 0o077


def pseudonyms(config: Config) -> Pseudonyms:
    """The pseudonyms of the configured key; one is made where there is none. Raises ConfigurationError, which never quotes it."""
    given = config.secret("MONITOR_PSEUDONYM_KEY")
    if given is not None:
        return _of(given.reveal(), "MONITOR_PSEUDONYM_KEY")
    path = config.home / FILE
    try:
        _make(path)
        if path.stat().st_mode & _OTHERS:
            raise ConfigurationError(f"Others may read {path}, the key of the pseudonyms. Run: chmod 600 {path}")
        return _of(path.read_text(encoding="utf-8").strip(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The key of the pseudonyms, {path}, cannot be read or made ({type(error).__name__}). Set "
            "MONITOR_PSEUDONYM_KEY_FILE to a file that holds one, such as what `openssl rand -hex 32` prints."
        ) from error


def _of(key: str, place: str) -> Pseudonyms:
    if len(key) < SHORTEST:
        raise ConfigurationError(
            f"The key of the pseudonyms in {place} has fewer than {SHORTEST} characters: take what `openssl rand -hex 32` prints."
        )
    return Pseudonyms(key.encode())


def _make(path: Path) -> None:
    """Whole or not at all, and never over one that is there: two processes that begin at once get the same key."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
