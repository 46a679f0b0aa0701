"""One process of a fleet that asks limited servers as fast as it may: `python asking.py PORT...`, until each says that it is done.

It is a crawl with all that ours have, but for the reading of pages: sessions, budgets, credentials, pace, tries. Each request says
when it left, and stdout when a refusal had come.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

import scrapy
from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.utils.project import get_project_settings

from monitor.config import Config
from monitor.crawl.fetch import fetch
from monitor.crawl.spider import PlatformSpider
from monitor.errors import MonitorError
from monitor.page import Ask
from monitor.source import Source, SourceKind

WALKS = 3  # at each server


def stamp(request: scrapy.Request) -> None:
    request.headers["X-Sent-At"] = f"{time.time():.6f}"


def hear(response: scrapy.http.Response) -> None:
    if response.status != 200:
        print("heard", urlsplit(response.url).port, time.time(), flush=True)


class Asking(PlatformSpider):
    name = "asking"
    base_url = "http://{instance}"
    pace_s = 0.0
    kinds: ClassVar[Mapping[str, SourceKind]] = {"calls": SourceKind(needs=("instance",))}
    ports: ClassVar[list[str]] = []

    def login(self, config: Config, source: Source) -> Mapping[str, str]:
        token = config.secret("ASKING_TOKEN")
        return {"Authorization": f"Bearer {token.reveal()}"} if token else {}

    async def start(self) -> AsyncIterator[Any]:
        await self.session.store()
        self.session.finished = 1
        self.crawler.signals.connect(stamp, signals.request_reached_downloader)
        self.crawler.signals.connect(hear, signals.response_downloaded)
        await asyncio.gather(*(self.ask_on(port) for port in self.ports for _ in range(WALKS)))
        for request in list[scrapy.Request]():
            yield request

    async def ask_on(self, port: str) -> None:
        source = Source(platform=self.name, kind="calls", parameters={"instance": f"127.0.0.1:{port}"})
        while True:
            try:
                reply = await fetch(self, source, Ask("/calls"))
            except MonitorError:
                await asyncio.sleep(0.05)
                continue
            if reply.json["done"]:
                return


if __name__ == "__main__":
    Asking.ports = sys.argv[1:]
    settings = get_project_settings()
    settings.setdict({"ITEM_PIPELINES": {}, "LOG_LEVEL": "WARNING", "RETRY_ENABLED": False})
    process = AsyncCrawlerProcess(settings)
    process.crawl(Asking)
    process.start()
