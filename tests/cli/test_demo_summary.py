"""The demo's closing tables fit the terminal that they are printed on."""

import io
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from monitor.cli.demo_summary import show_summary
from monitor.post import Author, Match, Post, Score
from monitor.store.connection import Store

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
RESULT = {
    "shown": 1500, "stored": 1500, "missing": 0, "invented": 0, "doubled": 0, "different": 0, "scored": 1500, "unscored": 0,
    "quarantined": 0, "seconds": 9.5,
}  # fmt: skip


def post(number: int) -> Post:
    label = ("positive", "neutral", "negative")[number % 3]
    return Post(
        id=f"x:{number}", platform="stackexchange", native_id=f"{number}", url=None, created_at=AT, text="Tea", fetched_at=AT,
        author=Author(id="ann"), topics=(Match(id="electric-cars", version=1),), seen_on=("x",),
        sentiment=Score(scorer="vader", version="1", label=label, compound=0.5),  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(("width", "bar"), [(40, 8), (60, 28), (80, 40), (200, 40)])
def test_bars__in_a_terminal_of_any_width__are_whole(
    with_store: Callable[[Callable[[Store], Coroutine[Any, Any, Any]]], Any], width: int, bar: int
) -> None:
    told = io.StringIO()

    async def summarised(store: Store) -> None:
        await store.posts.upsert([post(number) for number in range(1500)])
        await show_summary(store, RESULT, Console(file=told, width=width))

    with_store(summarised)
    bars = re.findall(r"(\++)(\.+)(-+) *$", told.getvalue(), flags=re.MULTILINE)
    assert len(bars) == 2, told.getvalue()
    for signs in bars:
        assert len({len(sign) for sign in signs}) == 1, "three equal shares"
        assert bar - 1 <= sum(map(len, signs)) <= bar + 1
    assert all(name in told.getvalue() for name in ("stackexchange", "electric-cars"))
    assert "\N{HORIZONTAL ELLIPSIS}" not in told.getvalue()
