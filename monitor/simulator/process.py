"""The simulator as a process of its own, for the demo and for tests that kill collectors."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from monitor.errors import MonitorError

STOP_S = 10.0


@contextmanager
def simulated(arguments: Sequence[str] = ()) -> Iterator[Mapping[str, Any]]:
    """Run `monitor simulate` with `arguments` and yield its addresses; it ends with the block. Raises MonitorError."""
    command = [sys.executable, "-m", "monitor", "simulate", "--with-parent", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        if not line:
            raise MonitorError(f"The simulator did not start: {process.stderr.read().strip()[-500:]}")
        yield json.loads(line)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def log_of(addresses: Mapping[str, Any], *, since: int = 0) -> dict[str, Any]:
    """The log of a running simulator (`Log.as_json`), after request number `since`."""
    return _told(addresses, f"log?since={since}")


def truth_of(addresses: Mapping[str, Any]) -> dict[str, Any]:
    """The ground truth of a running simulator's world as it is now (`World.truth`)."""
    return _told(addresses, "truth")


def _told(addresses: Mapping[str, Any], what: str) -> dict[str, Any]:
    address = f"{addresses['control']}/_simulator/{what}"
    with urllib.request.urlopen(address, timeout=30) as reply:  # noqa: S310 - its own control port on loopback
        told: dict[str, Any] = json.load(reply)
    return told
