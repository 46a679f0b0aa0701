"""A request as the simulated platforms see it, and their answer: pure values between the platforms and the server.

An answer keeps its rows apart from the bytes around them, so that the log can tell what was shown, and a fault can spoil one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from monitor.simulator.quota import Standing
from monitor.simulator.world_post import Shown

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`base` is the scheme, host and port that the client asked; header names are lower case; a parameter may repeat.
    `quirks`: names of the misbehaviours that this answer should show, with how much of it (0 to 1); `standing`: what is left of
    the limit after this call, for the platforms that tell it in the body."""

    path: str
    parameters: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    base: str = "http://127.0.0.1"
    now: datetime
    quirks: Mapping[str, float] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    standing: Standing | None = None

    def get(self, name: str) -> str | None:
        """The last value of a parameter; None where it is missing or empty."""
        return next((value for key, value in reversed(self.parameters) if key == name and value), None)

    def all(self, name: str) -> list[str]:
        """Every value of a list parameter, which is written `name[]`."""
        return [value for key, value in self.parameters if key == f"{name}[]" and value]

    def truthy(self, name: str) -> bool:
        return (self.get(name) or "").lower() not in ("", "0", "f", "false", "off")


@dataclass(frozen=True, slots=True)
class Row:
    """The bytes of one row, and the post that it shows (None: the row is no post)."""

    body: bytes
    shown: Shown | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole reply. `happened`: the quirks that really changed it; `over_limit`: it refuses a call that came too early."""

    status: int
    parts: tuple[bytes | Row, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON
    happened: frozenset[str] = frozenset()
    over_limit: bool = False

    def body(self) -> bytes:
        return b"".join(part.body if isinstance(part, Row) else part for part in self.parts)

    def rows(self) -> list[Row]:
        return [part for part in self.parts if isinstance(part, Row)]


class PlatformServer(Protocol):
    """One platform: it turns calls into answers, and has no sockets and no clock."""

    def answer(self, call: Call) -> Answer: ...


def compact(value: Any) -> bytes:
    """JSON without spaces, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def json_answer(value: Any, *, status: int = 200) -> Answer:
    """An answer without rows."""
    return Answer(status, (compact(value),))


def listed(rows: list[Row]) -> tuple[bytes | Row, ...]:
    """The parts of a JSON array of rows."""
    parts: list[bytes | Row] = [b"["]
    for number, row in enumerate(rows):
        parts += [b",", row] if number else [row]
    return (*parts, b"]")
