"""A process that ends with its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

CHILD = """
import os, sys, time
from monitor.fleet.parent_death import end_with_parent
print(os.getpid(), end_with_parent(), flush=True)
time.sleep(60)
"""
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux promises it")
def test_child__of_a_parent_that_is_killed__ends_at_once() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, promised = parent.stdout.readline().split()
        assert promised == "True"
        assert alive(int(pid))
        parent.kill()
        parent.wait()
        until = time.monotonic() + 10
        while alive(int(pid)) and time.monotonic() < until:
            time.sleep(0.02)
        left = alive(int(pid))
        if left:
            os.kill(int(pid), signal.SIGKILL)
        assert not left
