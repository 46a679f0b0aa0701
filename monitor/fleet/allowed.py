"""What may be said to a node: names, spider arguments and settings by a list of what is allowed, all else refused. Pure.

scrapyd itself passes any `setting=` on to Scrapy, which would let a caller of its API run any code of the machine.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from monitor.crawl.arguments import NAMES
from monitor.errors import UsageError

PROJECT = "monitor"
_SPIDER = re.compile(r"[a-z0-9_-]{1,40}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,79}")
_JOB = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_LEVEL = re.compile(r"DEBUG|INFO|WARNING|ERROR|CRITICAL")
_LONGEST_VALUE = 2_000
# None of them names code, a file or an address.
_SETTINGS: Mapping[str, re.Pattern[str]] = {
    "CLOSESPIDER_ERRORCOUNT": _NUMBER,
    "CLOSESPIDER_PAGECOUNT": _NUMBER,
    "CLOSESPIDER_TIMEOUT": _NUMBER,
    "CONCURRENT_REQUESTS": _NUMBER,
    "CONCURRENT_REQUESTS_PER_DOMAIN": _NUMBER,
    "DOWNLOAD_TIMEOUT": _NUMBER,
    "LOG_LEVEL": _LEVEL,
    "MONITOR_INTERVAL_S": _NUMBER,
    "MONITOR_LEASE_S": _NUMBER,
    "MONITOR_LONGEST_WAIT_S": _NUMBER,
    "MONITOR_PACE_S": _NUMBER,
    "MONITOR_PAGES_PER_POLL": _NUMBER,
    "MONITOR_PROBE_S": _NUMBER,
    "MONITOR_WALKS": _NUMBER,
}


def project(name: str) -> str:
    """The project's name, which is the only one. Raises UsageError, as all here do."""
    if name != PROJECT:
        raise UsageError(f"project {_shown(name)} not found: the project of these nodes is {PROJECT}.")
    return name


def version(name: str) -> str:
    """A version as it may be deployed."""
    return _matching(_VERSION, name, "version", "letters, digits and . _ + ! - , beginning with a letter or digit, at most 80")


def spider(name: str) -> str:
    """The name of a spider."""
    return _matching(_SPIDER, name, "spider", "a-z, 0-9, _ and - , at most 40")


def job(name: str) -> str:
    """The id of a job."""
    return _matching(_JOB, name, "job", "letters, digits, _ and - , at most 64")


def arguments(given: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Spider arguments, each given once."""
    found: dict[str, str] = {}
    for name, values in given.items():
        if name not in NAMES:
            raise UsageError(f"The spider argument {_shown(name)} is not allowed. Allowed are: {', '.join(sorted(NAMES))}.")
        if len(values) != 1:
            raise UsageError(f"The spider argument {name} is given {len(values)} times.")
        if len(values[0]) > _LONGEST_VALUE or not values[0].isprintable():
            raise UsageError(f"The value of {name} is too long or has a control character in it.")
        found[name] = values[0]
    return found


def settings(given: Sequence[str]) -> dict[str, str]:
    """Scrapy settings, each as NAME=VALUE and given once."""
    found: dict[str, str] = {}
    for pair in given:
        name, _, value = pair.partition("=")
        if name not in _SETTINGS:
            raise UsageError(f"The setting {_shown(name)} is not allowed. Allowed are: {', '.join(sorted(_SETTINGS))}.")
        if name in found or not _SETTINGS[name].fullmatch(value):
            raise UsageError(f"The setting {name} is given twice or with a value that it cannot have.")
        found[name] = value
    return found


def priority(text: str) -> float:
    """The priority of a job; higher ones go first."""
    if not re.fullmatch(r"-?[0-9]{1,6}(\.[0-9]{1,6})?", text):
        raise UsageError(f"The priority {_shown(text)} is no number.")
    return float(text)


def _matching(pattern: re.Pattern[str], name: str, what: str, allowed: str) -> str:
    if not pattern.fullmatch(name):
        raise UsageError(f"{_shown(name)} is no name of a {what}: it may have {allowed}.")
    return name


def _shown(text: str) -> str:
    """What a stranger typed, in a sentence: short, and on one line."""
    return ascii(text[:40])


# Parameters of scrapyd's calls by what is allowed in them; whatever else a call has are spider arguments.
CHECKS: Mapping[str, Callable[[str], object]] = {
    "project": project,
    "version": version,
    "_version": version,
    "spider": spider,
    "job": job,
    "jobid": job,
    "priority": priority,
    "signal": lambda text: _matching(re.compile(r"INT|TERM|KILL"), text, "signal", "INT, TERM or KILL"),
}
