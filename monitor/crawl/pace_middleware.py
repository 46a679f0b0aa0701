"""Downloader middleware that keeps the pace of each host: waits before a request, learns from every reply and every failure.

What a platform tells of its limits is shared by all processes (`monitor.crawl.permits`); the pace is that of this process.

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
from monitor.crawl.permits import LOOK_AGAIN_S, Permits
from monitor.crawl.purse import Purse
from monitor.crawl.told import told_in
from monitor.errors import RateLimitedError, RetryLater, SetAsideError
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
# What a request counts against (a Name), how many units of it, whose pace it keeps, and whether there are other credentials for it.
BUDGET, UNITS, PACE, OTHERS = "monitor_budget", "monitor_units", "monitor_pace", "monitor_others"
_SENT_AT, _TICKET = "monitor_sent_at", "monitor_ticket"
_WITH_OTHERS_S = 1.0  # how long a credential is waited for while there are others
_SLICE_S = 0.25  # how soon a wait notices that the crawl is stopping


class PaceMiddleware:
    """One Pace per host, of several values of a credential one for each, with the spacing that the platform file states or
    MONITOR_PACE_S overrides; its shared permits; and one Circuit per host."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.paces: dict[str, Pace] = {}
        self.circuits: dict[str, Circuit] = {}
        self.at_once = crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
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
        permits, units = self._permits(request), request.meta.get(UNITS, 1)
        if permits is not None:
            permits.waiting += units
        try:
            await self._wait(request, permits, units)
        finally:
            if permits is not None:
                permits.waiting -= units
        request.meta[_SENT_AT] = sent_at = time.monotonic()
        if permits is not None:
            request.meta[_TICKET] = permits.sent(sent_at, units=units)
        self._pace(request).sent(sent_at)
        self._circuit(request).sent(sent_at)

    async def _wait(self, request: Request, permits: Permits | None, units: int) -> None:
        """Return when the request may go out at once: nothing is awaited between that and its noting."""
        pace, circuit = self._pace(request), self._circuit(request)
        longest_wait_s = _WITH_OTHERS_S if request.meta.get(OTHERS) else self.longest_wait_s
        self._refuse_while_open(circuit, request)
        while True:
            at = time.monotonic()
            if permits is not None and (reason := permits.aside(at)) is not None:
                raise SetAsideError(f"The credential was refused meanwhile. {reason}")
            wait, shared_wait, kept_away_s = pace.wait_s(at), 0.0, pace.kept_away_s(at)
            if pace.crowded(at, most=self.at_once):  # in Scrapy's queue it could outlast the window that it counts in
                wait = max(wait, LOOK_AGAIN_S)
            if permits is not None and wait < _SLICE_S:  # a permit is not held while this process has to wait anyway
                shared_wait, kept_away_s = (
                    permits.wait_s(at, units=units),
                    max(kept_away_s, permits.kept_away_s(at, units=units)),
                )
            if max(wait, shared_wait) <= 0:
                return
            if kept_away_s > longest_wait_s:
                raise RateLimitedError(f"{_host(request)} asked us to wait.", wait_s=kept_away_s)
            if self.crawler.engine is not None and not self.crawler.engine.running:
                raise RateLimitedError("The crawl is stopping; the request was not sent.", wait_s=0)
            if permits is not None and shared_wait > wait:
                await permits.news(min(shared_wait, _SLICE_S))
            else:
                await asyncio.sleep(min(wait, _SLICE_S))
            self._refuse_while_open(circuit, request)

    def response_downloaded(self, response: Response, request: Request) -> None:
        """Learn from the headers of every reply, also of one whose body no middleware can read."""
        if not request.url.startswith("http"):
            return
        sent_at = request.meta.pop(_SENT_AT, None)
        headers = header_map(response)
        now = clock.now()
        wait = self._pace(request).answered(response.status, headers, at=time.monotonic(), now=now, sent_at=sent_at)
        if wait is not None:
            request.meta["asked_wait_s"] = wait
        permits, ticket = self._permits(request), request.meta.get(_TICKET)
        # A refused credential is set aside first (`monitor.crawl.fetch`): until then nobody else goes alone with it.
        refused = response.status == 401 and permits is not None and permits.name.credential.partition("#")[2]
        if permits is not None and ticket is not None and not refused:
            good = wait is None and response.status < 500 and response.status not in {401, 403}
            permits.answered(ticket, told=told_in(headers, now=now), wait_s=wait, good=good)

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
            permits, ticket = self._permits(request), request.meta.pop(_TICKET, None)
            if permits is not None and ticket is not None:
                permits.lost(ticket)
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
        spider = self.crawler.spider
        asked = getattr(spider, "wait_s", None)
        if asked is None:  # a probe's spider is none of a platform
            return
        reply = Reply(response.status, headers, response.body, response.url, clock.now())
        wait, permits, ticket = asked(reply), self._permits(request), request.meta.pop(_TICKET, None)
        if wait is not None:
            self._pace(request).hold(wait, at=time.monotonic())
        if permits is not None:
            if wait is not None:
                permits.hold(wait)
            units_left = getattr(spider, "units_left", None)
            left = None if units_left is None else units_left(reply)
            if left is not None and ticket is not None:
                permits.lowered(ticket, left)

    def _pace(self, request: Request) -> Pace:
        key: str = request.meta.get(PACE) or _host(request)
        if key not in self.paces:
            spacing = self.spacing_s if self.spacing_s is not None else getattr(self.crawler.spider, "pace_s", 1.0)
            self.paces[key] = Pace(spacing_s=spacing)
        return self.paces[key]

    def _permits(self, request: Request) -> Permits | None:
        """The shared permits of a request; None where nothing is shared: in a probe, and before the store was ever reached."""
        session, name = getattr(self.crawler.spider, "session", None), request.meta.get(BUDGET)
        if session is None or name is None or not session.opened:
            return None
        purse: Purse = session.purse
        purse.touch(name.platform)
        return purse.of(name)

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
