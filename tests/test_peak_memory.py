"""A program's own memory, whoever started it."""

import subprocess
import sys
from pathlib import Path

import pytest

from monitor import peak_memory
from monitor.peak_memory import peak_memory_bytes

MIB = 1024 * 1024
STARTED_BY_A_LARGE_ONE = """
import subprocess, sys
held = bytearray(300 * 1024 * 1024)
held[::4096] = bytes(len(held[::4096])).replace(b"\\0", b"x")
print(subprocess.run([sys.executable, "-c", "from monitor.peak_memory import peak_memory_bytes as p; print(p())"],
                     capture_output=True, text=True, check=True).stdout)
"""


def test_peak__grows_with_what_is_held__and_stays_afterwards() -> None:
    """In a process of its own: the one that runs the tests has had more."""
    program = """
from monitor.peak_memory import peak_memory_bytes
before = peak_memory_bytes()
held = b"x" * (100 * 1024 * 1024)
during = peak_memory_bytes()
del held
print(during - before, peak_memory_bytes() - during)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    grown, lost = map(int, ended.stdout.split())
    assert grown > 90 * MIB
    assert lost > -MIB  # the kernel adds up its counters a little later


@pytest.mark.skipif(sys.platform == "darwin", reason="only Linux tells a program's own peak")
def test_peak__of_what_a_large_process_started__is_its_own() -> None:
    ended = subprocess.run([sys.executable, "-c", STARTED_BY_A_LARGE_ONE], capture_output=True, text=True, check=True)
    assert int(ended.stdout) < 200 * MIB


def test_peak__where_there_is_no_proc__is_what_the_kernel_tells(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(peak_memory, "_STATUS", tmp_path / "none")
    assert peak_memory_bytes() > MIB
