"""What an egg needs and whether this machine has it. An egg carries our code alone; the rest is installed on the node beforehand."""

from collections.abc import Sequence
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement


def needed(requires_txt: str) -> list[str]:
    """The requirements in an egg's requires.txt, without those of extras, which are for people and their analyses.

    Sections are `[extra]`, `[extra:marker]` or `[:marker]`.
    """
    found: list[str] = []
    extra = marker = ""
    for line in (line.strip() for line in requires_txt.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            extra, _, marker = line[1:-1].partition(":")
        elif line and extra == "":
            found.append(f"{line}; {marker}" if marker else line)
    return found


def missing(requires: Sequence[str]) -> list[str]:
    """Those requirements that this machine does not meet, each with what it has instead."""
    told = (_lack(text) for text in requires)
    return [lack for lack in told if lack is not None]


def _lack(text: str) -> str | None:
    try:
        wanted = Requirement(text)
    except InvalidRequirement:
        return f"{text} (this cannot be understood)"
    if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
        return None
    try:
        installed = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return f"{wanted.name}{wanted.specifier} (not installed)"
    if wanted.specifier.contains(installed, prereleases=True):
        return None
    return f"{wanted.name}{wanted.specifier} (installed: {installed})"
