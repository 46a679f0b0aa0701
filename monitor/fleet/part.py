"""One program that the supervisor keeps running: started, its lines passed on with its name before them, started again with a pause.

A part that ends by itself is started again: after a second, then after pauses that double up to a minute. One that has run for a
minute counts as well again.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from monitor.fleet.parent_death import end_with_parent

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
WELL_AFTER_S = 60.0
STOP_S = 45.0  # a node lets its crawls finish their pages
_LONGEST_LINE = 64 * 1024


@dataclass(slots=True, kw_only=True)
class Part:
    """`name` stands before its lines. `says` is called with each of them and with what becomes of the part."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    says: Callable[[str, str], None]
    first_pause_s: float = FIRST_PAUSE_S
    state: str = "starting"
    starts: int = 0
    pid: int | None = None
    last_exit: int | None = None
    _process: asyncio.subprocess.Process | None = field(default=None, repr=False)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def well(self) -> bool:
        return self.state == "running"

    def told(self) -> dict[str, object]:
        """For /healthz."""
        return {"state": self.state, "starts": self.starts, "pid": self.pid, "last_exit": self.last_exit}

    async def run(self) -> None:
        """Keep it running until `stop`."""
        loop, pause_s = asyncio.get_running_loop(), self.first_pause_s
        while not self._stopping.is_set():
            began = loop.time()
            code = await self._once()
            if self._stopping.is_set():
                break
            if loop.time() - began >= WELL_AFTER_S:
                pause_s = self.first_pause_s
            self.state = "waiting"
            self.says(self.name, f"ended with {_ending(code)}; it is started again in {pause_s:.0f} s")
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        self.state = "stopped"

    async def stop(self) -> None:
        """Tell it to end, by SIGTERM, and wait; after STOP_S it is ended by SIGKILL."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            self.says(self.name, f"did not end within {STOP_S:.0f} s and is killed")
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _once(self) -> int:
        # In a session of its own, Ctrl-C at the terminal reaches the supervisor alone, which then stops the parts in order.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "monitor.fleet.part", str(os.getpid()), *self.command,
            env=dict(self.environment), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT, start_new_session=True, limit=_LONGEST_LINE,
        )  # fmt: skip
        self._process, self.pid = process, process.pid
        self.starts += 1
        self.state = "running"
        if self._stopping.is_set():  # told to while it was being started
            process.terminate()
        try:
            assert process.stdout is not None
            await self._pass_on(process.stdout)
            return await process.wait()
        finally:
            self.pid, self.last_exit = None, process.returncode
            if process.returncode is None:  # we are cancelled
                with suppress(ProcessLookupError):
                    process.kill()

    async def _pass_on(self, lines: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await lines.readline()
            except ValueError:  # longer than any line of ours: what was read of it is gone
                continue
            if not line:
                return
            if text := line.decode("utf-8", "replace").rstrip():
                self.says(self.name, text)


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _become(parent: int, command: Sequence[str]) -> None:
    """Run `command` in the place of this process, to be told to end when the supervisor dies, be it by SIGKILL."""
    end_with_parent()
    if os.getppid() != parent:  # it died before that
        sys.exit(0)
    os.execvp(command[0], list(command))  # noqa: S606 (a list of our own; no shell)


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2:])
