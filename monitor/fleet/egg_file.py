"""Eggs as files on a node, named by their content, so that a job's start does not read a megabyte from MongoDB.

Jobs import from folders, since Python keeps what it compiles only there: out of a zip file it compiles each module anew, which is
most of a job's start.
"""

import os
import shutil
import time
import zipfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from monitor.errors import UsageError
from monitor.store.eggs import Egg, Eggs

KEPT = 8
# A job imports from the file as long as it runs.
IN_USE_S = 2 * 86400.0
# Differs after each boot of the machine: what it had not written to its disk when its power failed is made anew.
_MACHINE_BOOT = Path("/proc/sys/kernel/random/boot_id")


class EggFiles:
    """The folder of a node where its eggs lie."""

    def __init__(self, folder: Path, eggs: Eggs) -> None:
        self._folder = folder
        self._unpacked = folder / "unpacked"
        self._eggs = eggs
        self._boot = _machine_boot()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for partial in self._unpacked.glob("*"):  # of a node that was killed while it unpacked
            if partial.suffix != ".egg":
                shutil.rmtree(partial, ignore_errors=True)

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

    def code(self, egg: Egg) -> Path:
        """The folder with an egg's files, from which jobs import. Raises UsageError as `path`, OSError where there is no room."""
        packed = self.path(egg)
        folder = self._unpacked / f"{egg.sha256}-{self._boot}.egg"  # its end says to importlib that EGG-INFO is there
        if folder.is_dir():
            return folder
        partial = self._unpacked / uuid4().hex
        try:
            with zipfile.ZipFile(packed) as archive:
                archive.extractall(partial, [name for name in archive.namelist() if "__pycache__" not in name])
            with suppress(OSError):  # another slot was faster
                partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        self._forget_unpacked()
        return folder

    def _forget_unpacked(self) -> None:
        """Remove folders of eggs that are forgotten, and those of before the machine was booted."""
        for folder in self._unpacked.glob("*.egg"):
            egg, _, boot = folder.stem.partition("-")
            if boot != self._boot or not (self._folder / f"{egg}.egg").is_file():
                shutil.rmtree(folder, ignore_errors=True)

    def _forget_old(self) -> None:
        with suppress(OSError):
            by_age = sorted(self._folder.glob("*.egg"), key=lambda path: path.stat().st_mtime, reverse=True)
            for path in by_age[KEPT:]:
                if time.time() - path.stat().st_mtime > IN_USE_S:
                    path.unlink()


def _machine_boot() -> str:
    """What names this boot of the machine, or this life of the node where the system tells none."""
    try:
        return _MACHINE_BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return uuid4().hex
