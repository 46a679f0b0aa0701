"""Eggs as files on a node, named by their content, so that a job's start does not read a megabyte from MongoDB."""

import os
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from monitor.errors import UsageError
from monitor.store.eggs import Egg, Eggs

KEPT = 8
# A job imports from the file as long as it runs.
IN_USE_S = 2 * 86400.0


class EggFiles:
    """The folder of a node where its eggs lie."""

    def __init__(self, folder: Path, eggs: Eggs) -> None:
        self._folder = folder
        self._eggs = eggs
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, egg: Egg) -> Path:
        """The file of an egg, fetched if need be. Raises UsageError where the egg is not to be had any more."""
        path = self._folder / f"{egg.sha256}.egg"
        if path.is_file() and sha256(path.read_bytes()).hexdigest() == egg.sha256:
            os.utime(path)
            return path
        content = self._eggs.read(egg)
        if content is None or sha256(content).hexdigest() != egg.sha256:
            raise UsageError(f"Version {egg.version} was removed or replaced just now.")
        partial = self._folder / f"{egg.sha256}.{uuid4().hex}"  # two slots may fetch the same egg at once
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        self._forget_old()
        return path

    def _forget_old(self) -> None:
        with suppress(OSError):
            by_age = sorted(self._folder.glob("*.egg"), key=lambda path: path.stat().st_mtime, reverse=True)
            for path in by_age[KEPT:]:
                if time.time() - path.stat().st_mtime > IN_USE_S:
                    path.unlink()
