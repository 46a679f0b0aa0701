"""How Scrapy finds platforms: one is loaded by the module of its name, and all of them only where somebody asks for all."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Self

from scrapy import Request, Spider
from scrapy.settings import BaseSettings
from scrapy.spiderloader import SpiderLoader
from scrapy.utils.spider import iter_spider_classes


class PlatformLoader:
    """Takes the place of Scrapy's SpiderLoader, which loads every module: a good part of a crawl's start."""

    def __init__(self, settings: BaseSettings) -> None:
        self._settings = settings
        self._loaded: SpiderLoader | None = None

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        return cls(settings)

    def load(self, name: str) -> type[Spider]:
        """The platform of this name. Raises KeyError where there is none."""
        return next(self._in_module(name), None) or self._all().load(name)

    def list(self) -> list[str]:
        """The names of all platforms."""
        return self._all().list()

    def find_by_request(self, request: Request) -> Any:
        """The names of platforms that can handle a request; for Scrapy's shell."""
        return self._all().find_by_request(request)

    def _in_module(self, name: str) -> Iterator[type[Spider]]:
        for package in self._settings.getlist("SPIDER_MODULES") if name.isidentifier() else ():
            if find_spec(f"{package}.{name}") is not None:
                found = iter_spider_classes(import_module(f"{package}.{name}"))
                yield from (spider for spider in found if spider.name == name)

    def _all(self) -> SpiderLoader:
        if self._loaded is None:
            self._loaded = SpiderLoader.from_settings(self._settings)
        return self._loaded
