"""A host that keeps failing is left alone: after some failures in a row, one request at a time finds out whether it is back.

Pure: the time is given, as seconds of a monotonic clock. One circuit per host and process; `monitor.crawl.pace_middleware` asks it.
"""

from dataclasses import dataclass

OPENS_AFTER = 5  # failures in a row: one source whose own address is broken makes three, Scrapy's tries of one request


@dataclass(slots=True, kw_only=True)
class Circuit:
    """Closed: requests go out. Open: one goes out every `probe_s` seconds, and the first that is answered closes it."""

    probe_s: float
    failures: int = 0
    next_try_at: float | None = None

    @property
    def open(self) -> bool:
        """Whether the host has failed so often that it is only probed."""
        return self.next_try_at is not None

    def wait_s(self, at: float) -> float:
        """Seconds until a request may go out; 0 where the circuit is closed, or a probe is due."""
        return 0.0 if self.next_try_at is None else max(0.0, self.next_try_at - at)

    def sent(self, at: float) -> None:
        """Note that a request goes out; where it is a probe, nobody else asks until it has had its time."""
        if self.open:
            self.next_try_at = at + self.probe_s

    def failed(self, at: float) -> bool:
        """Note that a request failed; True where this opened the circuit."""
        opened_before = self.open
        self.failures += 1
        if self.failures >= OPENS_AFTER:
            self.next_try_at = at + self.probe_s
        return self.open and not opened_before

    def answered(self) -> bool:
        """Note that the host answered, well or with a refusal; True where this closed the circuit."""
        was_open = self.open
        self.failures, self.next_try_at = 0, None
        return was_open
