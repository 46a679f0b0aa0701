"""Crawls as processes of their own: how `collect` and the demo start `scrapy crawl`, and what its exit codes mean together."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import IO


def start(
    platform: str,
    *,
    arguments: Mapping[str, str],
    settings: Mapping[str, str],
    environment: Mapping[str, str] | None = None,
    stderr: int | IO[str] | None = None,
) -> subprocess.Popen[str]:
    """Start `scrapy crawl platform` and return at once. Credentials travel in `environment`, never among the arguments."""
    command = [sys.executable, "-m", "scrapy", "crawl", platform]
    for name, value in arguments.items():
        command += ["-a", f"{name}={value}"]
    for name, value in settings.items():
        command += ["-s", f"{name}={value}"]
    chosen = {**(os.environ if environment is None else environment), "SCRAPY_SETTINGS_MODULE": "monitor.settings"}
    return subprocess.Popen(command, env=chosen, stderr=stderr, text=True)


def joined_exit_code(codes: Iterable[int]) -> int:
    """One exit code for several crawls: theirs when they agree, 6 (partial) when some went well, else 1."""
    told = {1 if code < 0 else code for code in codes}  # below zero: killed by a signal
    if len(told) <= 1:
        return told.pop() if told else 0
    return 6 if told & {0, 6} else 1
