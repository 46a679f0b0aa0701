"""The rate limit of one simulated platform: so many requests per window and client address, counted for real."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

# What is said, and held to, when nobody sets a limit: more than any load test asks for.
DEFAULT_REQUESTS, DEFAULT_SECONDS = 1_000_000, 300


@dataclass(slots=True)
class Quota:
    """`requests` per `seconds`, in windows that begin with the first request after the last one ended."""

    requests: int = DEFAULT_REQUESTS
    seconds: float = DEFAULT_SECONDS
    refused: int = 0
    _windows: dict[str, tuple[datetime, int]] = field(default_factory=dict)

    def take(self, client: str, now: datetime) -> bool:
        """Count one request; False: it is beyond the limit. A refused request does not lengthen the window."""
        reset_at, used = self._windows.get(client, (now, 0))
        if now >= reset_at:
            reset_at, used = now + timedelta(seconds=self.seconds), 0
        self._windows[client] = (reset_at, used + 1)
        if used >= self.requests:
            self.refused += 1
            return False
        return True

    def headers(self, client: str, now: datetime) -> dict[str, str]:
        """Limit, remaining and reset in Mastodon's words: the reset is a moment with fractional seconds, not an epoch."""
        reset_at, used = self._windows.get(client, (now, 0))
        return {
            "X-RateLimit-Limit": str(self.requests),
            "X-RateLimit-Remaining": str(max(0, self.requests - used)),
            "X-RateLimit-Reset": f"{reset_at:%Y-%m-%dT%H:%M:%S.%f}Z",
        }

    def wait_s(self, client: str, now: datetime) -> int:
        """Whole seconds until the window of this client ends."""
        reset_at, _ = self._windows.get(client, (now, 0))
        return max(0, ceil((reset_at - now).total_seconds()))
