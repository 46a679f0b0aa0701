"""What the watchdog tells all other processes: one small JSON file, replaced whole, readable by its owner alone.

It is true only as long as the watchdog's lock is held; a file left behind by a crash means nothing.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from monitor.mongod.folder import create

VERSION = 2

Phase = Literal["starting", "ready", "stopping", "failed"]
Mode = Literal["socket", "tcp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """`pid` is mongod's. `uri` reaches it by its socket; where it has a loopback `port`, `tcp_uri` by that.

    `failed` is the sentence that says why it did not start. `starts` counts how often this watchdog had to start it.
    """

    phase: Phase
    mode: Mode
    pid: int | None = None
    uri: str | None = None
    port: int | None = None
    tcp_uri: str | None = None
    binary: str | None = None
    failed: str | None = None
    starts: int = 0

    def __repr__(self) -> str:
        return f"<State {self.phase} {self.mode} pid={self.pid}>"  # the URIs hold the password


def read(path: Path) -> State | None:
    """What the file says; None where it is missing, damaged, or of another version."""
    fields = _fields(path)
    try:
        return State(**fields) if fields.pop("version", None) == VERSION else None
    except TypeError:
        return None


def is_foreign(path: Path) -> bool:
    """Whether the file is of another version, and so of another release of this program."""
    return bool(_fields(path).get("version", VERSION) != VERSION)


def _fields(path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return fields if isinstance(fields, dict) else {}


def write(path: Path, state: State) -> None:
    """Replace the file at once, so that a reader sees the old or the new one and never a part."""
    aside = path.with_suffix(".new")
    with create(aside) as file:
        file.write(json.dumps({"version": VERSION} | asdict(state), indent=1).encode())
    aside.replace(path)
