"""The rate limit of one simulated platform: so many requests per window and client, counted for real."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

# What is said, and held to, when nobody sets a limit: more than any load test asks for.
DEFAULT_REQUESTS, DEFAULT_SECONDS = 1_000_000, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a client stands with a limit of `requests` per `seconds`: what is `left` of it, and until when."""

    requests: int
    seconds: float
    left: int
    reset_at: datetime

    def wait_s(self, now: datetime) -> int:
        """Whole seconds until the window ends."""
        return max(0, ceil((self.reset_at - now).total_seconds()))


@dataclass(slots=True)
class Quota:
    """`requests` per `seconds`, in windows that begin with the first request after the last one ended."""

    requests: int = DEFAULT_REQUESTS
    seconds: float = DEFAULT_SECONDS
    refused: int = 0
    _windows: dict[str, tuple[datetime, int]] = field(default_factory=dict)

    def take(self, client: str, now: datetime, *, times: int = 1) -> bool:
        """Count one request; False: it is beyond `times` the limit. A refused request does not lengthen the window."""
        reset_at, used = self._windows.get(client, (now, 0))
        if now >= reset_at:
            reset_at, used = now + timedelta(seconds=self.seconds), 0
        self._windows[client] = (reset_at, used + 1)
        if used >= self.requests * times:
            self.refused += 1
            return False
        return True

    def give_back(self, client: str) -> None:
        """Take back the counting of the last request."""
        reset_at, used = self._windows[client]
        self._windows[client] = (reset_at, used - 1)

    def standing(self, client: str, now: datetime, *, times: int = 1) -> Standing:
        """What is left for a client whose limit is `times` the usual one."""
        reset_at, used = self._windows.get(client, (now, 0))
        allowed = self.requests * times
        return Standing(requests=allowed, seconds=self.seconds, left=max(0, allowed - used), reset_at=reset_at)
