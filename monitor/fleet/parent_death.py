"""The kernel's promise to end this process when the one that started it dies, be it by SIGKILL."""

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(number: signal.Signals = signal.SIGTERM) -> bool:
    """Ask for a signal at the parent's death (man 2 prctl). False where this system cannot promise it.

    It may come several times: the threads of a parent die one after the other, and each hands its children to the next. A parent
    that is dead already sends nothing: compare os.getppid() afterwards.
    """
    if sys.platform != "linux":
        return False
    try:
        return bool(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False
