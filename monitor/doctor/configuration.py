"""The configuration file: which one is used, whether it can be, and what it is warned of."""

import os
from collections.abc import Mapping
from pathlib import Path

from monitor.config import file_of
from monitor.configuration.checked import check
from monitor.configuration.problem import ConfigurationFileError, shown_path
from monitor.doctor.finding import Finding
from monitor.errors import ConfigurationError

_ADVICE = "monitor check shows each place, and what to write there."


def configuration(environment: Mapping[str, str]) -> Finding:
    """Look at the file that a process with this environment is configured by."""
    file = file_of(environment)
    if file is None:
        return Finding(check="configuration", state="ok", says="no file; the environment decides alone.")
    try:
        found = check(file, environment)
    except ConfigurationFileError as error:
        says = f"{shown_path(file)} has {_counted(len(error.problems), 'error')}; the first is at {error.problems[0].place}."
        return Finding(check="configuration", state="fail", says=says, fix=_ADVICE)
    except ConfigurationError as error:
        return Finding(
            check="configuration", state="fail", says=str(error), fix="Correct it; MONITOR_CONFIG names another file."
        )
    says = f"{shown_path(file)} is used, with {_counted(len(found.topics), 'topic')}."
    if found.warnings:
        warnings = _counted(len(found.warnings), "warning")
        return Finding(check="configuration", state="warn", says=f"{says} It has {warnings}.", fix=_ADVICE)
    open_to = _readable_by_others(file.parent / ".env")
    if open_to is not None:
        return Finding(
            check="configuration", state="warn", says=f"{says} Others can read {open_to}.", fix=f"chmod 600 {open_to}"
        )
    return Finding(check="configuration", state="ok", says=says)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _readable_by_others(path: Path) -> str | None:
    try:
        return str(path) if os.name == "posix" and path.stat().st_mode & 0o077 else None
    except OSError:
        return None
