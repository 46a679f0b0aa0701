"""Real crawls as they are typed, and the simulated platforms that they are sent to."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from monitor.config import Config
from monitor.simulator.process import simulated

ROOT = Path(__file__).parents[2]
LONGEST_S = 60.0


@dataclass(frozen=True)
class Ended:
    """A crawl that has ended: its exit code, what it said on stderr, and after how long."""

    code: int
    said: str
    seconds: float

    @property
    def sentences(self) -> list[str]:
        """What it said to a person, without the log."""
        return [line for line in self.said.splitlines() if line and not line.startswith("20")]


@pytest.fixture(scope="session")
def simulator() -> Iterator[Mapping[str, Any]]:
    """The addresses of a small simulated world that stands still: between two crawls nothing is posted. The tag #limited is
    answered with a very long wait."""
    still = ["--now", datetime.now(UTC).isoformat(timespec="seconds")]
    world = ["--seed", "11", "--days", "2", "--posts", "400", *still]
    with simulated([*world, "--fault", "429-absurd,path=tag/limited"]) as addresses:
        yield addresses


@pytest.fixture
def crawled() -> Callable[..., Ended]:
    """Type `scrapy crawl` with these words in the folder of the project and wait for its end."""

    def run(*words: str, **environment: str) -> Ended:
        began = time.monotonic()
        command = [sys.executable, "-m", "scrapy", "crawl", "-L", "WARNING", "-s", "MONITOR_PACE_S=0", *words]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=LONGEST_S
        )
        return Ended(done.returncode, done.stderr, time.monotonic() - began)

    return run


@pytest.fixture
def stored(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """This test's database, as the crawls of this test find it in their environment."""
    assert config.mongodb_uri is not None
    monkeypatch.setenv("MONGODB_URI", config.mongodb_uri.reveal())
    monkeypatch.setenv("MONITOR_DATABASE", config.database)
    with MongoClient[dict[str, Any]](config.mongodb_uri.reveal(), tz_aware=True) as client:
        yield client[config.database]
