"""Which mongod is run, and what is said when none can be."""

import os
import stat
import sys
from pathlib import Path

import pytest

from monitor.errors import MongodError
from monitor.mongod import binary
from monitor.mongod.binary import executable, find, lacking_instructions, packaged_binary


@pytest.fixture
def program(tmp_path: Path) -> Path:
    made = tmp_path / "bin" / "mongod"
    made.parent.mkdir()
    made.write_bytes(b"#!/bin/sh\n")
    made.chmod(0o755)
    return made


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package as pip leaves it: the program in it is not executable."""
    made = tmp_path / "site" / "fiftyone" / "db" / "bin" / "mongod"
    made.parent.mkdir(parents=True)
    made.write_bytes(b"#!/bin/sh\n")
    made.chmod(0o644)
    (tmp_path / "site" / "fiftyone" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delitem(sys.modules, "fiftyone", raising=False)
    monkeypatch.setattr(binary, "_cpuinfo", lambda: "")
    return made


def test_the_named_one_goes_before_path(program: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(program.read_bytes())
    other.chmod(0o755)
    assert find(named=other, search=str(program.parent), copies=tmp_path) == other


def test_path_goes_before_the_package(program: Path, packaged: Path, tmp_path: Path) -> None:
    assert find(named=None, search=str(program.parent), copies=tmp_path) == program


def test_the_packaged_one_is_made_executable(packaged: Path, tmp_path: Path) -> None:
    found = find(named=None, search="", copies=tmp_path / "copies")
    assert (found, os.access(found, os.X_OK)) == (packaged, True)


def test_the_packaged_one_is_copied__where_its_folder_is_somebody_elses(
    packaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = Path.chmod

    def chmod(path: Path, mode: int) -> None:
        if path == packaged:
            raise PermissionError(1, "Operation not permitted")
        allowed(path, mode)

    monkeypatch.setattr(Path, "chmod", chmod)
    copy = executable(packaged, copies=tmp_path / "copies")
    assert copy.read_bytes() == packaged.read_bytes()
    assert stat.S_IMODE(copy.stat().st_mode) == stat.S_IRWXU
    assert copy.parent == tmp_path / "copies"


def test_a_copy_that_cannot_be_written_is_told(packaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "copies").write_text("a file where a folder is needed", encoding="utf-8")

    def chmod(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", chmod)
    with pytest.raises(MongodError, match=r"cannot be copied to .*MONGODB_URI"):
        executable(packaged, copies=tmp_path / "copies")


@pytest.mark.parametrize("content", [None, b""])
def test_a_package_that_was_installed_without_its_program_is_told(
    packaged: Path, tmp_path: Path, content: bytes | None
) -> None:
    """Its installation downloads the program, and succeeds when that download fails."""
    packaged.unlink()
    if content is not None:
        packaged.write_bytes(content)
    assert packaged_binary() is None
    with pytest.raises(MongodError, match=r"No mongod was found.*--force-reinstall.*MONITOR_MONGOD.*MONGODB_URI"):
        find(named=None, search="", copies=tmp_path)


def test_a_name_that_is_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(MongodError, match="is no file"):
        find(named=tmp_path / "nothing", search=None, copies=tmp_path)


def test_a_name_that_is_not_executable_is_told(program: Path, tmp_path: Path) -> None:
    program.chmod(0o644)
    with pytest.raises(MongodError, match=r"not executable: chmod \+x"):
        find(named=program, search=None, copies=tmp_path)


@pytest.mark.parametrize(
    ("machine", "cpuinfo", "lacking"),
    [
        ("x86_64", "processor\t: 0\nflags\t\t: fpu sse2 avx avx2\n", None),
        ("x86_64", "processor\t: 0\nflags\t\t: fpu sse2 ssse3\n", "AVX"),
        ("AMD64", "flags\t\t: fpu avx2only\n", "AVX"),
        ("aarch64", "Features\t: fp asimd atomics\n", None),
        ("aarch64", "Features\t: fp asimd crc32\n", "ARMv8.2-A"),
        ("arm64", "", None),
        ("x86_64", "", None),
        ("riscv64", "isa\t: rv64imafdc\n", None),
    ],
)
def test_lacking_instructions(machine: str, cpuinfo: str, lacking: str | None) -> None:
    assert lacking_instructions(machine=machine, cpuinfo=cpuinfo) == lacking


def test_a_processor_without_avx_is_told_before_anything_is_run(
    packaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binary, "_cpuinfo", lambda: "flags\t\t: fpu sse2\n")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    with pytest.raises(MongodError, match=r"lacks AVX.*MONITOR_MONGOD.*MONGODB_URI"):
        find(named=None, search="", copies=tmp_path)
