"""Why a mongod ended or never began, read from its log and told as a sentence or two that say what to do. Pure."""

import json
import re
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.mongod.binary import OWN_SERVER, unable

LONGEST_QUOTE = 300
# Less than a few log files of any program: a disk with this is full.
SCARCE_BYTES = 16 * 2**20
# mongod's exit code for data that another version must open first.
NEEDS_OTHER_VERSION = 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a mongod ended: its exit code (negative: the signal), what it wrote to its log and output, the space left then."""

    binary: Path
    data: Path
    log: Path
    socket: Path
    code: int | None
    lines: tuple[str, ...]
    free_bytes: int


@dataclass(frozen=True, slots=True)
class Cause:
    """A known cause: what in mongod's log gives it away (or its exit code), and what a person is told."""

    words: str
    sentence: str
    codes: frozenset[int] = frozenset()


NO_SPACE = (
    "The private MongoDB stopped because no space is left for {data}. Make room there, or set MONITOR_HOME to a folder on a "
    "larger disk, then run the command again; what was stored is kept. Its log is {log}."
)

FULL = Cause(r"No space left on device|Disk quota exceeded|OutOfDiskSpace|\berrno:? ?28\b", NO_SPACE)

# The first that fits is told. The words are those of mongod 6.0, from its logs or from the program itself.
CAUSES = (
    FULL,
    Cause(
        r"UPGRADE PROBLEM|Wrong mongod version|invalid featureCompatibilityVersion|missing featureCompatibilityVersion"
        r"|Version incompatibility detected|unsupported WiredTiger (?:source )?file version|WiredTiger version incompatible"
        r"|Upgrading from a WiredTiger version",
        "The data in {data} were written by another version of MongoDB, probably a newer one, and {binary} does not read their "
        "format. Set MONITOR_MONGOD to the mongod that wrote them, or MONITOR_HOME to another folder to begin anew; nothing "
        "was changed. Its log is {log}.",
        frozenset({NEEDS_OTHER_VERSION}),
    ),
    Cause(
        r"Unknown --setParameter|unrecogni[sz]ed option|Unrecognized option",
        "{binary} does not know an option that every mongod since version 5.0 knows. Set MONITOR_MONGOD to a newer mongod, or "
        "{own}. Its log is {log}.",
    ),
    Cause(
        r"DBPathInUse|Unable to lock the lock file|Unable to create/open the lock file",
        "Another mongod, which this program did not start, is using {data}. Stop it, or set MONITOR_HOME to another folder. "
        "The log is {log}.",
    ),
    Cause(
        r"Error setting up listener|Failed to set up sockets|Address already in use|Cannot assign requested address",
        "The private MongoDB cannot listen at its address, the socket {socket} (or the loopback port, where one was asked "
        "for). Run the command again; if that does not help, set MONITOR_HOME to a folder on a local disk. Its log is {log}.",
    ),
    Cause(
        r"WT_PANIC|WT_TRY_SALVAGE|database corruption|checksum error|file corruption|fatal read error|with --repair",
        "The private MongoDB finds its data in {data} damaged. Restore that folder from a backup, or move it away to begin "
        "anew; nothing was deleted. Its log is {log}.",
    ),
    Cause(
        r"Permission denied|Operation not permitted|Read-only file system|permissions on .* are too open",
        "The private MongoDB may not use its files in {data} and beside it. Give them to the user who runs this and to nobody "
        "else, or set MONITOR_HOME to another folder. Its log is {log}.",
    ),
)


def explain(ending: Ending) -> str:
    """Why it ended and what to do, for a person. Where no cause is known: what it said last."""
    if ending.code == -signal.SIGILL:
        return unable(ending.binary, "instructions")
    told = "\n".join(complaints(ending.lines))
    scarce = ending.free_bytes < SCARCE_BYTES  # then not even the log could be written to its end
    for cause in CAUSES:
        if re.search(cause.words, told, re.IGNORECASE) or ending.code in cause.codes or (scarce and cause is FULL):
            return cause.sentence.format(
                binary=ending.binary, data=ending.data, log=ending.log, socket=ending.socket, own=OWN_SERVER
            )
    last = last_words(ending.lines)
    said = f" It said last: {last}." if last else ""
    return (
        f"The private MongoDB ({ending.binary}) ended {how(ending.code)} instead of serving.{said} Its log is {ending.log}; "
        f"the data in {ending.data} were left as they are. Run the command again, or {OWN_SERVER}."
    )


def complaints(lines: Iterable[str]) -> list[str]:
    """The warnings, errors and fatal entries of a log with their details, and every line that is no entry (a loader's, say)."""
    entries = [entry for entry in map(_entry, lines) if entry.get("s") in {"W", "E", "F", None}]
    return [f"{entry.get('msg')} {json.dumps(entry.get('attr'))}" for entry in entries]


def last_words(lines: Iterable[str]) -> str | None:
    """The last error or plain line, cut to a quote; None where there is none."""
    spoken = [" ".join(_quote(entry).split()) for entry in map(_entry, lines) if entry.get("s") in {"E", "F", None}]
    # After the error an abort tells the addresses of the program, which help nobody; a cut line is an entry without an end.
    spoken = [text for text in spoken if text and not re.match(r"BACKTRACE|Frame|Got signal|\W*aborting after|\{", text)]
    return spoken[-1][:LONGEST_QUOTE].rstrip(". ") if spoken else None


def how(code: int | None) -> str:
    """An exit code in words."""
    if code is None or code >= 0:
        return f"with exit code {code}"
    try:
        return f"by {signal.Signals(-code).name}"
    except ValueError:
        return f"by signal {-code}"


def _entry(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {"msg": line.strip()}
    return entry if isinstance(entry, dict) else {"msg": line.strip()}


def _quote(entry: dict[str, Any]) -> str:
    # Where mongod puts the human part of an error differs from place to place.
    part = entry.get("attr")
    for name in ("error", "message", "errmsg", "msg"):
        if isinstance(part, dict):
            part = part.get(name, part)
    return f"{entry.get('msg')}: {part}" if isinstance(part, str) else str(entry.get("msg", ""))
