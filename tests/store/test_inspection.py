"""What the server says of itself, and which versions have known holes."""

from datetime import timedelta

import pytest

from monitor import clock
from monitor.store.connection import Store
from monitor.store.inspection import Inspector, floor_of
from monitor.store.schema import VERSION


async def test_a_healthy_server__tells_all(store: Store) -> None:
    found = await Inspector(store).inspect()
    assert (found.schema, found.missing) == (VERSION, ())
    assert found.version.count(".") == 2
    assert abs(found.ahead_s) < 5
    assert found.free is not None
    assert 0 < found.free < 1


async def test_a_dropped_index__is_named(store: Store) -> None:
    await store.database["posts"].drop_index("created_at_-1")
    assert (await Inspector(store).inspect()).missing == ("posts.created_at_-1",)


async def test_a_clock_that_is_late__shows_the_server_ahead(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: now() - timedelta(seconds=90))
    assert (await Inspector(store).inspect()).ahead_s == pytest.approx(90, abs=5)


@pytest.mark.parametrize(
    ("version", "floor"),
    [
        ("8.0.32", None),
        ("8.0.31", "8.0.32"),
        ("8.0.32-rc1", "8.0.32"),
        ("7.0.43", None),
        ("7.0.9", "7.0.43"),
        ("8.3.11", None),
        ("8.3.2", "8.3.11"),
        ("8.2.99", "8.3.11"),
        ("6.0.27", "7.0.43"),
        ("9.0.0", None),
    ],
)
def test_floor(version: str, floor: str | None) -> None:
    assert floor_of(version) == floor
