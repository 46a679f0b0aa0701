"""The most memory this process had resident."""

import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_memory_bytes() -> int:
    """Of this program alone: the kernel's `ru_maxrss` begins at what the process that started it had (man 2 getrusage).

    Linux tells a program's own peak as VmHWM (man 5 proc); where there is no such file, `ru_maxrss` has to do.
    """
    try:
        lines = _STATUS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024  # macOS tells bytes, others kilobytes
