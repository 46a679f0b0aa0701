"""What commands have in common that go on until they are stopped: a sign of life, and SIGTERM as good as Ctrl-C."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from monitor.fleet.pulse import Pulse, beating
from monitor.store.connection import Store


@asynccontextmanager
async def stoppable() -> AsyncIterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, by KeyboardInterrupt, so that what is open is closed."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    terminated = False

    def end() -> None:
        nonlocal terminated
        terminated = True
        task.cancel()

    loop.add_signal_handler(signal.SIGTERM, end)
    try:
        yield
    except asyncio.CancelledError:
        if terminated:
            raise KeyboardInterrupt from None
        raise
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


@asynccontextmanager
async def following(store: Store, role: str) -> AsyncIterator[Pulse]:
    """Both for the length of the block."""
    async with stoppable(), beating(store, role) as pulse:
        yield pulse
