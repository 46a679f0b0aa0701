"""A finding: one thing that was looked at, how it stands, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

# warn: it works, and something is better changed. fail: something does not work, or not safely.
State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`check` names what was looked at, `says` what was found, `fix` what to do (None: nothing, or `says` tells it)."""

    check: str
    state: State
    says: str
    fix: str | None = None
