"""The kernel's promise to end this process when the one that started it dies, be it by SIGKILL."""

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> bool:
    """Ask for SIGTERM at the parent's death (man 2 prctl). False where this system cannot promise it.

    A parent that is dead already sends nothing: compare os.getppid() afterwards.
    """
    if sys.platform != "linux":
        return False
    try:
        return bool(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False
