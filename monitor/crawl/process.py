"""Crawls as processes of their own: how `collect` and the demo start `scrapy crawl`, and what its exit codes mean together."""

import os
import signal
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
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
    # In a session of its own, a Ctrl-C at the terminal does not reach it half started; `supervised` tells it to end.
    return subprocess.Popen(command, env=chosen, stderr=stderr, text=True, start_new_session=True)


@contextmanager
def supervised(crawls: Collection[subprocess.Popen[str]]) -> Iterator[None]:
    """Let `crawls`, which may grow meanwhile, end with this block: Ctrl-C, SIGTERM, a closed terminal and any error in it tell
    them to end, and they are waited for. The two signals become KeyboardInterrupt."""
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    except BaseException:
        for crawl in crawls:
            if crawl.poll() is None:
                crawl.terminate()
        for crawl in crawls:
            crawl.wait()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def joined_exit_code(codes: Iterable[int]) -> int:
    """One exit code for several crawls: theirs when they agree, 6 (partial) when some went well, else 1."""
    told = {1 if code < 0 else code for code in codes}  # below zero: killed by a signal
    if len(told) <= 1:
        return told.pop() if told else 0
    return 6 if told & {0, 6} else 1
