"""When a source is polled next: by what it brought, by its topics, and by the allowance that is paid for."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.config import load
from monitor.crawl.interval import allowed_per_day, calls_per_day, every_s_of, rate_after
from monitor.rate import Rate
from monitor.source import Source

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


def a_spider(purse: Any) -> Any:
    return SimpleNamespace(
        name="mastodon", base_url="https://{instance}", given=SimpleNamespace(base_url=None), allowances={},
        session=SimpleNamespace(config=load({}), purse=purse),
    )  # fmt: skip


class Told:
    """Stands for a purse: what replies told of the limits of one host."""

    def __init__(self, told: dict[str, float]) -> None:
        self.told = told

    def label(self, _spider: Any, _source: Source) -> tuple[str, int]:
        return "mastodon:", 1

    def calls_per_day(self, label: str, *, host: str, values: int) -> float | None:
        return self.told.get(f"{label}{host}")


def a_source(host: str) -> Source:
    return Source(platform="mastodon", kind="tag", parameters={"tag": "tea", "instance": host})


def test_a_limit_that_replies_tell__is_an_allowance_of_its_host() -> None:
    spider = a_spider(Told({"mastodon:a.example": 86_400.0}))
    assert allowed_per_day(spider, a_source("a.example")) == 86_400
    assert allowed_per_day(spider, a_source("b.example")) is None


def test_what_is_told_is_less_than_what_is_stated__counts() -> None:
    spider = a_spider(Told({"mastodon:a.example": 400.0}))
    spider.allowances = {"": 300}
    assert allowed_per_day(spider, a_source("a.example")) == 300
    spider.allowances = {"": 1000}
    assert allowed_per_day(spider, a_source("a.example")) == 400


def test_each_value_of_a_credential_has_an_allowance_of_its_own() -> None:
    assert calls_per_day({"": 300, "STACKEXCHANGE_KEY": 10_000}, load({"STACKEXCHANGE_KEY": "x\ny"})) == 20_000
