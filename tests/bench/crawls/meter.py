"""A Scrapy extension that measures a crawl from inside: from the first request to the end of the spider.

Starting Python and Scrapy is left out: it is the same for every project and says nothing about posts.
"""

import json
import time
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler

BURST_S = 0.4  # a pause between pages of which is one between two polls


class Meter:
    """Prints one line of JSON: wall and CPU seconds, pages, and each burst of pages as [pages, wall seconds, CPU seconds]."""

    def __init__(self) -> None:
        self.begun: tuple[float, float] | None = None
        self.bursts: list[list[Any]] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        meter = cls()
        crawler.signals.connect(meter.asked, signal=signals.request_reached_downloader)
        crawler.signals.connect(meter.item, signal=signals.item_scraped)
        crawler.signals.connect(meter.closed, signal=signals.spider_closed)
        return meter

    def asked(self, request: Any) -> None:
        if not request.url.startswith("http"):
            return
        now = time.perf_counter(), time.process_time()
        self.begun = self.begun or now
        if not self.bursts or now[0] - self.bursts[-1][2][0] > BURST_S:
            self.bursts.append([0, now, now])

    def item(self) -> None:
        burst = self.bursts[-1]
        burst[0] += 1
        burst[2] = time.perf_counter(), time.process_time()

    def closed(self) -> None:
        assert self.begun is not None
        wall_s, cpu_s = time.perf_counter() - self.begun[0], time.process_time() - self.begun[1]
        bursts = [[items, last[0] - first[0], last[1] - first[1]] for items, first, last in self.bursts]
        print(json.dumps({"wall_s": wall_s, "cpu_s": cpu_s, "bursts": bursts}), flush=True)
