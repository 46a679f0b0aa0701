"""Downloader middleware that keeps the pace of each host: waits before a request, learns from every reply.

It stands before Retry, so that retried requests wait like any other. A wait that a person would notice is not slept away
here: the request is refused with RateLimitedError, and the source is due again when the platform allows.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from monitor import clock
from monitor.crawl.pace import Pace
from monitor.errors import RateLimitedError
from monitor.page import Reply

_SLICE_S = 0.25  # how soon a wait notices that the crawl is stopping


class PaceMiddleware:
    """One Pace per host, with the spacing that the platform file states or MONITOR_PACE_S overrides."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.paces: dict[str, Pace] = {}
        self.longest_wait_s = crawler.settings.getfloat("MONITOR_LONGEST_WAIT_S")
        setting = crawler.settings.get("MONITOR_PACE_S")
        self.spacing_s: float | None = None if setting is None else float(setting)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if not request.url.startswith("http"):
            return
        pace = self._pace(request)
        while (wait := pace.wait_s(time.monotonic())) > 0:
            if pace.not_before - time.monotonic() > self.longest_wait_s:
                raise RateLimitedError(f"{_host(request)} asked us to wait.", wait_s=pace.not_before - time.monotonic())
            if self.crawler.engine is not None and not self.crawler.engine.running:
                raise RateLimitedError("The crawl is stopping; the request was not sent.", wait_s=0)
            await asyncio.sleep(min(wait, _SLICE_S))
        pace.sent(time.monotonic())

    def process_response(self, request: Request, response: Response) -> Response:
        if request.url.startswith("http"):
            headers = header_map(response)
            wait = self._pace(request).answered(response.status, headers, at=time.monotonic(), now=clock.now())
            if wait is not None:
                request.meta["asked_wait_s"] = wait
            self._hold(request, response, headers)
        return response

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


def header_map(response: Response) -> Mapping[str, str]:
    """Headers with lower-case names; of repeated ones the values joined by commas, as RFC 9110 5.3 says."""
    return {
        name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
        for name, values in response.headers.items()
        if values
    }


def _host(request: Request) -> str:
    return urlsplit(request.url).netloc
