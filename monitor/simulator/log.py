"""What the simulator really sent: every request, and every post row of every reply that was sent whole.

This is the ground truth that stored posts are compared with. It is written from the world, not from the replies, and shares
no code with what reads them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitor.simulator.world_post import Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request. `whole`: the reply was sent to its end, as it should be; only then do `rows` count as shown.
    `over_limit`: it came when the platform had asked to be left alone, or had no more to give."""

    number: int
    at: datetime
    platform: str
    path: str
    query: str
    user_agent: str
    status: int | None
    fault: str | None
    whole: bool
    over_limit: bool = False
    rows: tuple[Shown, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "at": self.at.isoformat(),
            "platform": self.platform,
            "path": self.path,
            "query": self.query,
            "user_agent": self.user_agent,
            "status": self.status,
            "fault": self.fault,
            "whole": self.whole,
            "over_limit": self.over_limit,
            "rows": len(self.rows),
        }


@dataclass(slots=True)
class Log:
    """Entries in the order in which their replies ended; request numbers count from 1 in the order of arrival."""

    entries: list[Entry] = field(default_factory=list)

    def append(self, entry: Entry) -> None:
        self.entries.append(entry)

    def posts(self, *, since: int = 0) -> Iterator[dict[str, Any]]:
        """Every row shown in a whole reply to a request numbered above `since`, repeats included, as `Shown.truth` says,
        with `sent_at` and `request`."""
        for entry in self.entries:
            if entry.whole and entry.number > since:
                for shown in entry.rows:
                    yield {**shown.truth(), "sent_at": entry.at.isoformat(), "request": entry.number}

    def as_json(self, *, since: int = 0) -> dict[str, Any]:
        """Requests and shown posts after request number `since`."""
        return {
            "requests": [entry.as_json() for entry in self.entries if entry.number > since],
            "posts": list(self.posts(since=since)),
            "last": max((entry.number for entry in self.entries), default=0),
        }
