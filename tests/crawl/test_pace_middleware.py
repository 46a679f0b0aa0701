"""What a reply's body asks for holds the next request to its host, and to no other."""

import time
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response
from scrapy.settings import Settings

from monitor.crawl.pace_middleware import PaceMiddleware
from monitor.errors import RateLimitedError
from monitor.page import Reply


class Asking:
    """Stands for the spider of a platform that says in its body how long to wait."""

    pace_s = 0.0

    def wait_s(self, reply: Reply) -> float | None:
        return float(reply.body) if reply.body else None


def middleware(spider: object) -> PaceMiddleware:
    crawler: Any = SimpleNamespace(settings=Settings({"MONITOR_LONGEST_WAIT_S": 30.0}), spider=spider, engine=None)
    return PaceMiddleware(crawler)


def answered(pace: PaceMiddleware, body: bytes, *, host: str = "one.example", status: int = 200) -> None:
    request = Request(f"https://{host}/")
    pace.process_response(request, Response(request.url, status=status, body=body))


async def test_wait_in_a_good_reply__next_request_is_not_sent() -> None:
    pace = middleware(Asking())
    answered(pace, b"120")
    with pytest.raises(RateLimitedError) as refused:
        await pace.process_request(Request("https://one.example/other"))
    assert refused.value.wait_s == pytest.approx(120, abs=1)


async def test_wait_in_a_good_reply__other_hosts_are_asked_on() -> None:
    pace = middleware(Asking())
    answered(pace, b"120")
    await pace.process_request(Request("https://two.example/"))


async def test_wait_of_less_than_a_second__is_slept_away() -> None:
    pace = middleware(Asking())
    answered(pace, b"0.1")
    began = time.monotonic()
    await pace.process_request(Request("https://one.example/"))
    assert time.monotonic() - began >= 0.09


async def test_body_asks_for_nothing__next_request_is_sent() -> None:
    pace = middleware(Asking())
    answered(pace, b"")
    await pace.process_request(Request("https://one.example/"))


async def test_spider_of_no_platform__bodies_are_not_read() -> None:
    pace = middleware(SimpleNamespace(pace_s=0.0))
    answered(pace, b"120")
    await pace.process_request(Request("https://one.example/"))


async def test_refused_reply__the_longer_wait_counts() -> None:
    pace = middleware(Asking())
    answered(pace, b"7200", status=429)
    assert pace.paces["one.example"].wait_s(time.monotonic()) == pytest.approx(7200, abs=1)
