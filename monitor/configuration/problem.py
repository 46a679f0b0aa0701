"""What is wrong in a configuration file, and at which line and column; shown with the line and a caret, but never a secret."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import ConfigurationError

WIDEST_LINE = 100  # columns of a line that are shown around the place; a terminal has more
LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # as YAML counts lines

# What stands in these sections is no secret. In any other, a misspelled one among them, values are shown as ***.
_OPEN = frozenset({"version", "home", "contact", "private_hosts", "defaults", "topics"})
_MASK = "***"
_SECTION = re.compile(r"([\w-]+)[ \t]*:")
_SHOWN = re.compile(r"""(?P<key>[\w.-]+:(?=\s|$)) | (?P<kept>"?\$\{[^}"]*\}"?(?=[\s},\]]|$)|\b(?:true|false)\b|-(?=\s)|[\s{}\[\],]+)
                        | (?P<value>"(?:[^"\\]|\\.)*"? | '[^']*'? | [^\s{}\[\],]+)""", re.VERBOSE)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column of a file, from 1; `width`: how many characters stand there."""

    file: Path
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{shown_path(self.file)}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`path` is where in the settings it is (`topics[0].query`), `says` what is wrong, `source` the line, its secrets masked."""

    place: Place
    path: str
    says: str
    source: str
    caret: str

    def __str__(self) -> str:
        number = f"{self.place.line:>5} | "
        head = f"{self.place}  {self.path}: {self.says}" if self.path else f"{self.place}  {self.says}"
        return f"{head}\n{number}{self.source}\n{' ' * (len(number) - 2)}| {self.caret}"


class ConfigurationFileError(ConfigurationError):
    """A configuration file cannot be used; all that is wrong in it at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        order = {str(problem): problem for problem in problems}  # the same place is told once
        self.problems = tuple(sorted(order.values(), key=lambda each: (each.place.file, each.place.line, each.place.column)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def problem(place: Place, says: str, *, path: tuple[str | int, ...] = (), text: str) -> Problem:
    """A problem at this place of a file that holds `text`."""
    from rich.cells import cell_len

    lines = LINE_END.split(text)
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    masked, start, width = line, place.column - 1, place.width
    if _section(lines[: place.line]) not in _OPEN:
        masked, start, width = _masked(line, start, width)
    clean = printable(masked)
    begin = max(0, min(start - WIDEST_LINE // 2, len(clean) - WIDEST_LINE))
    before = ("…" if begin else "") + clean[begin:start]
    rest = clean[start : begin + WIDEST_LINE]
    after = "…" if begin + WIDEST_LINE < len(clean) else ""
    caret = " " * cell_len(before) + "^" * max(1, min(width, cell_len(rest)))
    return Problem(place=place, path=printable(dotted(path)), says=printable(says), source=before + rest + after, caret=caret)


def dotted(path: tuple[str | int, ...]) -> str:
    """`topics[0].query`."""
    told = "".join(f"[{part}]" if isinstance(part, int) else f".{part[:60]}" for part in path)
    return told.removeprefix(".")


def printable(text: str) -> str:
    """What a terminal shows as it stands: all else is a blank or a sign that stands for it."""
    return "".join(sign if sign.isprintable() else " " if sign.isspace() else "\ufffd" for sign in text)


def shown_path(file: Path) -> str:
    """As short as it is clear: from the present folder where the file lies below it."""
    try:
        return printable(str(file.relative_to(Path.cwd())))
    except (ValueError, OSError):
        return printable(str(file))


def _section(lines: list[str]) -> str:
    """The key at the margin that the last of these lines belongs to."""
    for line in reversed(lines):
        if found := _SECTION.match(line.removeprefix("\ufeff")):
            return found[1]
    return ""


def _is_key(before: str) -> bool:
    """Whether a key can stand behind this part of a line: at its begin, after the sign of a list, or in braces."""
    solid = before.strip().removeprefix("\ufeff")
    return not solid.strip("- ?") or (solid[-1] in "{," and "{" in solid)


def _masked(line: str, column: int, width: int) -> tuple[str, int, int]:
    """The line with *** for its values, and where what stands at `column` is then."""
    made, place = "", -1
    for found in _SHOWN.finditer(line):
        hidden = found["value"] is not None or (found["key"] is not None and not _is_key(line[: found.start()]))
        if found.start() <= column < found.end():
            place, width = (len(made), len(_MASK)) if hidden else (len(made) + column - found.start(), width)
        made += _MASK if hidden else found[0]
    return made, place if place >= 0 else len(made) + max(0, column - len(line)), width
