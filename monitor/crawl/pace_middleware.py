"""Downloader middleware that keeps the pace of each host: waits before a request, learns from every reply and every failure.

It stands before Retry, so that retried requests wait like any other. A wait that a person would notice is not slept away
here: the request is refused with RateLimitedError, and the source is due again when the platform allows. Nor is a host asked
that keeps failing: its circuit lets one request through now and then, and refuses the others with RetryLater.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from scrapy.http import Response

from monitor import clock
from monitor.crawl.circuit import Circuit
from monitor.crawl.pace import Pace
from monitor.errors import RateLimitedError, RetryLater
from monitor.page import Reply

logger = logging.getLogger(__name__)

# What a host does that is down, overloaded or behind a broken line. A reply that is only too large is none of these.
FAILURES = (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
_SENT_AT = "monitor_sent_at"
_SLICE_S = 0.25  # how soon a wait notices that the crawl is stopping


class PaceMiddleware:
    """One Pace per host, with the spacing that the platform file states or MONITOR_PACE_S overrides, and one Circuit."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.paces: dict[str, Pace] = {}
        self.circuits: dict[str, Circuit] = {}
        self.probe_s = crawler.settings.getfloat("MONITOR_PROBE_S")
        self.longest_wait_s = crawler.settings.getfloat("MONITOR_LONGEST_WAIT_S")
        setting = crawler.settings.get("MONITOR_PACE_S")
        self.spacing_s: float | None = None if setting is None else float(setting)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware = cls(crawler)
        crawler.signals.connect(middleware.response_downloaded, signal=signals.response_downloaded)
        return middleware

    async def process_request(self, request: Request) -> None:
        if not request.url.startswith("http"):
            return
        pace, circuit = self._pace(request), self._circuit(request)
        self._refuse_while_open(circuit, request)
        while (wait := pace.wait_s(time.monotonic())) > 0:
            if (kept_away_s := pace.kept_away_s(time.monotonic())) > self.longest_wait_s:
                raise RateLimitedError(f"{_host(request)} asked us to wait.", wait_s=kept_away_s)
            if self.crawler.engine is not None and not self.crawler.engine.running:
                raise RateLimitedError("The crawl is stopping; the request was not sent.", wait_s=0)
            await asyncio.sleep(min(wait, _SLICE_S))
            self._refuse_while_open(circuit, request)
        request.meta[_SENT_AT] = sent_at = time.monotonic()
        pace.sent(sent_at)
        circuit.sent(sent_at)

    def response_downloaded(self, response: Response, request: Request) -> None:
        """Learn from the headers of every reply, also of one whose body no middleware can read."""
        if not request.url.startswith("http"):
            return
        sent_at = request.meta.pop(_SENT_AT, None)
        headers = header_map(response)
        wait = self._pace(request).answered(response.status, headers, at=time.monotonic(), now=clock.now(), sent_at=sent_at)
        if wait is not None:
            request.meta["asked_wait_s"] = wait

    def process_response(self, request: Request, response: Response) -> Response:
        if request.url.startswith("http"):
            self._hold(request, response, header_map(response))
            if response.status >= 500 or response.status == 408:
                self._failed(request, f"status {response.status}")
            elif self._circuit(request).answered():
                logger.info("event=circuit_closed host=%s", _host(request))
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        if request.meta.pop(_SENT_AT, None) is not None:  # what was refused here was never sent
            self._pace(request).lost()
        if isinstance(exception, FAILURES):
            self._failed(request, type(exception).__name__)

    def _failed(self, request: Request, reason: str) -> None:
        circuit = self._circuit(request)
        if circuit.failed(time.monotonic()):
            logger.warning(
                "event=circuit_opened host=%s failures=%d probe_s=%g reason=%s",
                _host(request), circuit.failures, self.probe_s, reason,
            )  # fmt: skip

    def _refuse_while_open(self, circuit: Circuit, request: Request) -> None:
        wait_s = circuit.wait_s(time.monotonic())
        if wait_s > 0:
            raise RetryLater(
                f"The host {_host(request)} has failed {circuit.failures} times in a row and is left alone; "
                f"next try at {clock.now() + timedelta(seconds=wait_s):%H:%M:%S} UTC.",
                wait_s=wait_s,
            )

    def _hold(self, request: Request, response: Response, headers: Mapping[str, str]) -> None:
        """Some platforms say in the body, even of a good reply, that they want to be left alone: no request may slip in between."""
        asked = getattr(self.crawler.spider, "wait_s", None)
        if asked is None:  # a probe's spider is none of a platform
            return
        wait = asked(Reply(response.status, headers, response.body, response.url, clock.now()))
        if wait is not None:
            self._pace(request).hold(wait, at=time.monotonic())

    def _pace(self, request: Request) -> Pace:
        host = _host(request)
        if host not in self.paces:
            spacing = self.spacing_s if self.spacing_s is not None else getattr(self.crawler.spider, "pace_s", 1.0)
            self.paces[host] = Pace(spacing_s=spacing)
        return self.paces[host]

    def _circuit(self, request: Request) -> Circuit:
        return self.circuits.setdefault(_host(request), Circuit(probe_s=self.probe_s))


def header_map(response: Response) -> Mapping[str, str]:
    """Headers with lower-case names; of repeated ones the values joined by commas, as RFC 9110 5.3 says."""
    return {
        name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
        for name, values in response.headers.items()
        if values
    }


def _host(request: Request) -> str:
    return urlsplit(request.url).netloc
