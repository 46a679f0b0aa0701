"""The parts of one machine together: all started, kept running, and stopped in order."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.fleet.part import Part


@dataclass(slots=True)
class Supervisor:
    """`parts` in the order in which they are started; they are stopped the other way round."""

    parts: Sequence[Part]

    @property
    def well(self) -> bool:
        return all(part.well for part in self.parts)

    def told(self) -> dict[str, object]:
        return {part.name: part.told() for part in self.parts}

    async def run(self) -> None:
        """Keep all parts running until cancelled, then stop them: what makes work first, then what does it."""
        running = [asyncio.create_task(part.run()) for part in self.parts]
        try:
            # Not gathered: that would cancel the parts with us, which kills what was to be stopped.
            ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_EXCEPTION)
            for task in ended:
                task.result()
        finally:
            for part in reversed(self.parts):
                await part.stop()
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
