"""Scrapy alone: our settings and our way of walking, pages decoded and dropped; started as `python fetch.py ADDRESS`."""

import logging
import sys
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import scrapy
from pages import TAGS
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.utils.project import get_project_settings


class Fetch(scrapy.Spider):
    name = "fetch"

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address

    async def start(self) -> AsyncIterator[scrapy.Request]:
        logging.getLogger().setLevel(self.settings["LOG_LEVEL"])  # as our run recorder does
        for tag in TAGS:
            yield scrapy.Request("data:,", callback=self.walk, cb_kwargs={"tag": tag}, dont_filter=True)

    async def walk(self, _response: Any, tag: str) -> AsyncIterator[dict[str, Any]]:
        url, below = f"{self.address}/api/v1/timelines/tag/{tag}?limit=40", ""
        engine = self.crawler.engine
        assert engine is not None
        while True:
            response = await engine.download_async(scrapy.Request(url + below, dont_filter=True))
            rows = msgspec.json.decode(response.body)
            if not rows:
                break
            yield {"rows": rows}
            below = f"&max_id={rows[-1]['id']}"


if __name__ == "__main__":
    settings = get_project_settings()
    settings.set("EXTENSIONS", {"meter.Meter": 20})
    # The pace asks our own spiders how long to wait; it is not Scrapy's.
    ours = {"monitor.crawl.pace_middleware.PaceMiddleware": None}
    settings.set("DOWNLOADER_MIDDLEWARES", {**settings.getdict("DOWNLOADER_MIDDLEWARES"), **ours})
    settings.setdict({"ITEM_PIPELINES": {}, "LOG_LEVEL": "ERROR", "LOG_FORMATTER": "scrapy.logformatter.LogFormatter"})
    process = AsyncCrawlerProcess(settings)
    process.crawl(Fetch, address=sys.argv[1])
    process.start()
