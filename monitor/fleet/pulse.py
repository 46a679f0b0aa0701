"""A process's sign of life: who it is, that it lives, and what it counted, to MongoDB every few seconds."""

import asyncio
import logging
import os
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from uuid import uuid4

import monitor
from monitor import clock
from monitor.errors import RetryLater
from monitor.peak_memory import peak_memory_bytes
from monitor.store.connection import Store
from monitor.store.processes import Labels, Process, Processes

logger = logging.getLogger(__name__)

BEAT_S = 5.0


@dataclass(slots=True)
class Pulse:
    """What a process counted and has not handed over yet."""

    role: str
    processes: Processes
    process: Process
    counted: Counter[tuple[str, Labels]] = field(default_factory=Counter)
    _cpu_s: float = 0.0

    def count(self, name: str, number: float = 1, **labels: str) -> None:
        """Add to a counter. Values of labels have to be few: platforms, fixed words; never an id or a text of others."""
        self.counted[name, tuple(sorted(labels.items()))] += number  # type: ignore[assignment]

    async def beat(self) -> None:
        """Give a sign of life and hand over what was counted."""
        await self.processes.beat(replace(self.process, memory_bytes=peak_memory_bytes()))
        await self.hand_over()

    async def hand_over(self) -> None:
        """Add what was counted to the numbers of all; what cannot be handed over stays for the next time."""
        cpu_s = time.process_time()
        self.count("process_cpu_seconds", cpu_s - self._cpu_s, role=self.role)
        self._cpu_s = cpu_s
        handed, self.counted = self.counted, Counter()
        try:
            await self.processes.add(handed)
        except BaseException:
            self.counted.update(handed)
            raise

    async def end(self) -> None:
        await self.beat()
        await self.processes.end(self.process.id)


def pulse_of(store: Store, role: str) -> Pulse:
    """The pulse of this process in a role."""
    process = Process(
        id=f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}",
        role=role,
        host=socket.gethostname(),
        pid=os.getpid(),
        version=monitor.__version__,
        started_at=clock.now(),
    )
    return Pulse(role=role, processes=Processes(store.database), process=process)


@asynccontextmanager
async def beating(store: Store, role: str) -> AsyncIterator[Pulse]:
    """Give signs of life in the background until the block ends."""
    pulse = pulse_of(store, role)
    beat = asyncio.create_task(_beat(pulse))
    try:
        yield pulse
    finally:
        beat.cancel()
        with suppress(asyncio.CancelledError):
            await beat
        with suppress(RetryLater):
            await pulse.end()


async def _beat(pulse: Pulse) -> None:
    while True:
        try:
            await pulse.beat()
        except RetryLater as error:
            logger.debug("event=beat_failed reason=%s", error)
        await asyncio.sleep(BEAT_S)
