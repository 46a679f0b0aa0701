"""When a source is polled next: by what it brought, by its topics, and by the allowance that is paid for."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.config import load
from monitor.crawl.interval import calls_per_day, every_s_of, rate_after
from monitor.rate import Rate

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def a_poll(**changes: Any) -> Any:
    return SimpleNamespace(**{"behind": False, "calls": 1, "new": 20, "rows": None} | changes)


def standing(rate: Rate | None = None, polled_at: datetime | None = NOW - timedelta(hours=1)) -> Any:
    return SimpleNamespace(rate=rate, last_polled_at=polled_at)


def test_the_rate_is_of_what_is_new__not_of_a_first_poll_or_of_what_was_missed() -> None:
    known = Rate(per_hour=5, per_call=5)
    made = rate_after(standing(), a_poll(), NOW)
    assert made is not None
    assert made.per_hour == pytest.approx(20)
    assert rate_after(standing(polled_at=None), a_poll(), NOW) is None
    assert rate_after(standing(known), a_poll(behind=True), NOW) is known
    assert rate_after(standing(known), a_poll(calls=0), NOW) is known


def test_the_smallest_of_the_topics_counts__and_the_largest_allowance_that_is_paid_for() -> None:
    assert every_s_of(("a", "b", "c"), {"a": 600, "b": 60}) == 60
    assert every_s_of(("c",), {"a": 600}) is None
    allowances = {"": 300, "STACKEXCHANGE_KEY": 10_000}
    assert calls_per_day(allowances, load({})) == 300
    assert calls_per_day(allowances, load({"STACKEXCHANGE_KEY": "x"})) == 10_000
    assert calls_per_day({}, load({})) is None
