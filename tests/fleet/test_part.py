"""Parts of `monitor up` as real processes: started again with a pause, stopped in order, gone with a supervisor that is killed."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.fleet.part import Part
from monitor.fleet.supervisor import Supervisor

SLEEPS = "import time; print('here', flush=True); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(600)"


def part(script: str, said: list[tuple[str, str]], *, name: str = "sleeper", pause_s: float = 0.05) -> Part:
    return Part(
        name=name,
        command=[sys.executable, "-c", script],
        environment=dict(os.environ),
        says=lambda who, line: said.append((who, line)),
        first_pause_s=pause_s,
    )


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def until(true: Callable[[], object], *, within_s: float = 20) -> None:
    deadline = time.monotonic() + within_s
    while not true() and time.monotonic() < deadline:  # noqa: ASYNC110 (what is looked at is another process)
        await asyncio.sleep(0.02)
    assert true(), f"still not after {within_s:.0f} s"


async def test_part__ends_by_itself__is_started_again_after_pauses_that_double() -> None:
    said: list[tuple[str, str]] = []
    made, last_exits = part("print('one line'); raise SystemExit(3)", said), list[int | None]()
    running = asyncio.create_task(made.run())
    await until(lambda: made.starts >= 4)
    last_exits.append(made.last_exit)
    await made.stop()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    pauses = [line for _, line in said if line.startswith("ended with exit code 3")]
    assert len(pauses) >= 3
    assert said[0] == ("sleeper", "one line")
    assert last_exits == [3]


async def test_part__killed__is_started_again_and_says_by_which_signal() -> None:
    said: list[tuple[str, str]] = []
    made = part(SLEEPS, said)
    running = asyncio.create_task(made.run())
    await until(lambda: ("sleeper", "here") in said)
    first = made.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: made.starts == 2 and made.pid not in {None, first})
    assert any("signal SIGKILL" in line for _, line in said)
    await made.stop()
    await running
    assert (made.state, alive(first)) == ("stopped", False)


async def test_part__does_not_heed_sigterm__is_killed_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, str]] = []
    made = part(STUBBORN, said)
    running = asyncio.create_task(made.run())
    await until(lambda: ("sleeper", "here") in said)
    pid = made.pid
    assert pid is not None
    monkeypatch.setattr("monitor.fleet.part.STOP_S", 0.3)
    await made.stop()
    await running
    assert not alive(pid)
    assert ("sleeper", "did not end within 0 s and is killed") in said


async def test_part__lines_longer_than_any_of_ours__do_not_stop_it() -> None:
    said: list[tuple[str, str]] = []
    made = part("print('x' * 300_000, flush=True); print('after', flush=True); import time; time.sleep(600)", said)
    running = asyncio.create_task(made.run())
    await until(lambda: any(line.endswith("after") for _, line in said))
    await made.stop()
    await running


async def test_supervisor__cancelled__ends_all_parts_the_last_first() -> None:
    said: list[tuple[str, str]] = []
    script = (
        "import signal, sys, time\ndef end(*_):\n    print('ends', flush=True)\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\nprint('here', flush=True)\ntime.sleep(600)"
    )
    parts = [part(script, said, name=name) for name in ("first", "second")]
    supervisor = Supervisor(parts)
    running = asyncio.create_task(supervisor.run())
    await until(lambda: {("first", "here"), ("second", "here")} <= set(said))
    assert supervisor.well
    pids = [each.pid for each in parts]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [who for who, line in said if line == "ends"] == ["second", "first"]
    assert not any(alive(pid) for pid in pids if pid)


def test_parts__their_supervisor_is_killed__they_end_too() -> None:
    """By the kernel, on Linux."""
    script = (
        "import asyncio, os, sys\nfrom monitor.fleet.part import Part\n"
        f"part = Part(name='x', command=[sys.executable, '-c', {SLEEPS!r}], environment=dict(os.environ),"
        " says=lambda who, line: print(part.pid, flush=True))\nasyncio.run(part.run())"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    pid = int(supervisor.stdout.readline())
    assert alive(pid)
    supervisor.kill()
    supervisor.wait()
    begun = time.monotonic()
    while alive(pid):
        assert time.monotonic() - begun < 10, "the part outlived its supervisor"
        time.sleep(0.02)
    supervisor.stdout.close()
