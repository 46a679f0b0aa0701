"""Retention beside a stage that goes on."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.cli import retaining as module
from monitor.cli.retaining import retaining
from monitor.errors import StoreUnavailableError
from monitor.store.horizon import Horizon

HORIZON = Horizon(at=datetime(2026, 10, 1, 8, tzinfo=UTC), moved_at=datetime(2026, 11, 30, tzinfo=UTC), why="older than 60d")


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let what is told happen at each look, one after the other; returns when all have."""

    def begin(*outcomes: Any) -> asyncio.Event:
        left, over = list(outcomes), asyncio.Event()

        async def retain(*_: Any) -> Any:
            outcome = left.pop(0) if left else None
            if not left:
                over.set()
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(module, "retain", retain)
        monkeypatch.setattr(module, "LOOK_S", 0)
        return over

    return begin


async def test_removed__is_said__and_errors_do_not_end_it(looked: Any, capsys: pytest.CaptureFixture[str]) -> None:
    away = StoreUnavailableError("MongoDB is away.")
    over = looked(away, ValueError("a post's text"), (HORIZON, {"posts": 1200}), (HORIZON, {}), None)
    async with retaining(None, timedelta(days=60)):  # type: ignore[arg-type]
        await over.wait()
    said = capsys.readouterr()
    assert said.out == f"removed 1,200 posts. {HORIZON.sentence}\n"
    assert said.err.splitlines() == [
        "Old posts are not all removed yet: MongoDB is away.",
        "Old posts are not all removed yet (ValueError): run monitor purge --retention",
    ]


async def test_kept_for_ever__nothing_is_looked_after(looked: Any) -> None:
    over = looked(None)
    async with retaining(None, None):  # type: ignore[arg-type]
        for _ in range(5):
            await asyncio.sleep(0)
    assert not over.is_set()
