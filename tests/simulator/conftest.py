"""One small simulated world at a fixed moment, and calls to its platforms without any server."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from monitor.simulator.answer import Call
from monitor.simulator.world import Plan, World

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

Caller = Callable[..., Call]


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def world() -> World:
    made = World(Plan(seed=7, posts=4000), now=NOW)
    made.reach(NOW)
    return made


@pytest.fixture
def call() -> Caller:
    """Make a call from `/path?query` and what differs from the usual: `now`, `headers`, `quirks`."""

    def make(address: str, **different: object) -> Call:
        path, _, query = address.partition("?")
        pairs = [part.partition("=") for part in query.split("&") if part]
        parameters = tuple((name, value) for name, _, value in pairs)
        return Call(**{"path": path, "parameters": parameters, "now": NOW, "base": "http://127.0.0.1:1", **different})

    return make
