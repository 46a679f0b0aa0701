"""The simulator's own time: real, accelerated, or standing still."""

from datetime import datetime, timedelta

from monitor import clock


class SimulatedClock:
    """Moments of the simulated world. It starts at `start` (None: the present) and runs `rate` seconds per real second.

    A rate of 0 is a fixed clock, which makes every reply a function of the request alone.
    """

    def __init__(self, *, start: datetime | None = None, rate: float = 1.0) -> None:
        self._real_start = clock.now()
        self.start = start or self._real_start
        self.rate = rate

    def now(self) -> datetime:
        """The simulated moment, UTC, in whole milliseconds."""
        if not self.rate:
            return self.start
        elapsed_ms = (clock.now() - self._real_start) / timedelta(milliseconds=1)
        return self.start + timedelta(milliseconds=int(elapsed_ms * self.rate))
