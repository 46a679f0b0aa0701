"""What a reply's body asks for, and what failures say, holds the next request to its host, and to no other."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError
from scrapy.http import Response
from scrapy.settings import Settings

from monitor.crawl.circuit import OPENS_AFTER
from monitor.crawl.pace_middleware import FAILURES, PaceMiddleware
from monitor.errors import RateLimitedError, RetryLater
from monitor.page import Reply


class Asking:
    """Stands for the spider of a platform that says in its body how long to wait."""

    pace_s = 0.0

    def wait_s(self, reply: Reply) -> float | None:
        return float(reply.body) if reply.body else None


def middleware(spider: object, *, probe_s: float = 60.0) -> PaceMiddleware:
    crawler: Any = SimpleNamespace(
        settings=Settings({"MONITOR_LONGEST_WAIT_S": 30.0, "MONITOR_PROBE_S": probe_s}), spider=spider, engine=None
    )
    return PaceMiddleware(crawler)


def answered(pace: PaceMiddleware, body: bytes, *, host: str = "one.example", status: int = 200) -> None:
    request = Request(f"https://{host}/")
    response = Response(request.url, status=status, body=body)
    pace.response_downloaded(response, request)
    pace.process_response(request, response)


async def test_wait_in_a_good_reply__next_request_is_not_sent() -> None:
    pace = middleware(Asking())
    answered(pace, b"120")
    with pytest.raises(RateLimitedError) as refused:
        await pace.process_request(Request("https://one.example/other"))
    assert refused.value.wait_s == pytest.approx(120, abs=1)


async def test_good_reply_says_that_no_calls_are_left__next_request_is_not_sent_and_not_slept_on() -> None:
    pace = middleware(SimpleNamespace(pace_s=0.0))
    request = Request("https://one.example/")
    await pace.process_request(request)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "3000"}
    response = Response(request.url, headers=headers)
    pace.response_downloaded(response, request)
    pace.process_response(request, response)
    with pytest.raises(RateLimitedError) as refused:
        await asyncio.wait_for(pace.process_request(Request("https://one.example/other")), timeout=2)
    assert refused.value.wait_s == pytest.approx(3000, abs=1)


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


@pytest.mark.parametrize("failure", FAILURES)
async def test_host_failed_five_times__is_left_alone_and_the_sentence_says_until_when(failure: type[Exception]) -> None:
    pace, request = middleware(Asking()), Request("https://one.example/")
    for _ in range(OPENS_AFTER):
        await pace.process_request(request)
        pace.process_exception(request, failure("x"))
    with pytest.raises(RetryLater, match=r"host one\.example has failed 5 times .*next try at \d\d:\d\d:\d\d UTC") as refused:
        await pace.process_request(request)
    assert refused.value.wait_s == pytest.approx(60, abs=1)
    await pace.process_request(Request("https://two.example/"))


@pytest.mark.parametrize(("status", "left_alone"), [(500, True), (520, True), (408, True), (404, False), (200, False)])
async def test_status_of_a_failing_server__counts_and_other_answers_do_not(status: int, left_alone: bool) -> None:
    pace = middleware(SimpleNamespace(pace_s=0.0))
    for _ in range(OPENS_AFTER):
        answered(pace, b"", status=status)
    assert pace.circuits["one.example"].open == left_alone


async def test_reply_is_too_large__says_nothing_about_the_host() -> None:
    pace, request = middleware(Asking()), Request("https://one.example/")
    for _ in range(2 * OPENS_AFTER):
        pace.process_exception(request, DownloadCancelledError("x"))
        await pace.process_request(request)


async def test_circuit_opens_while_others_wait_for_their_turn__they_are_not_sent() -> None:
    pace, request = middleware(SimpleNamespace(pace_s=0.3)), Request("https://one.example/")
    await pace.process_request(request)
    waiting = asyncio.ensure_future(pace.process_request(Request("https://one.example/other")))
    await asyncio.sleep(0)
    for _ in range(OPENS_AFTER):
        pace.process_exception(request, DownloadTimeoutError("x"))
    with pytest.raises(RetryLater, match="has failed 5 times"):
        await waiting


async def test_probe_is_answered__the_host_is_asked_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    pace, request = middleware(Asking(), probe_s=0.0), Request("https://one.example/")
    caplog.set_level("INFO")
    for _ in range(OPENS_AFTER):
        pace.process_exception(request, DownloadTimeoutError("x"))
    await pace.process_request(request)
    answered(pace, b"")
    assert not pace.circuits["one.example"].open
    assert [record.getMessage().split()[0] for record in caplog.records] == ["event=circuit_opened", "event=circuit_closed"]


async def test_refused_reply__the_longer_wait_counts() -> None:
    pace = middleware(Asking())
    answered(pace, b"7200", status=429)
    assert pace.paces["one.example"].wait_s(time.monotonic()) == pytest.approx(7200, abs=1)
