"""The shared platform spider."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import scrapy

from monitor.bookmark import Mark
from monitor.config import Config
from monitor.errors import MonitorError
from monitor.page import Ask, Asked, Page, Reply
from monitor.post import Post
from monitor.source import Source, SourceKind
from monitor.bookmark import Step


class PlatformSpider(scrapy.Spider):
    name: ClassVar[str]
    base_url: str  # "https://host"; "{instance}" is filled from the source's parameters
    kinds: ClassVar[Mapping[str, SourceKind]]
    page_size: ClassVar[int] = 40
    overlap_s: ClassVar[int] = 600  # how late a post may appear after its mark's time
    cursor_ttl_s: ClassVar[int | None] = None
    window_s: ClassVar[int | None] = None  # how far back the API reaches
    pace_s: ClassVar[float] = 1.0  # seconds between two requests to one host, when headers do not say otherwise
    redirects: ClassVar[int] = 0

    def ask(self, source: Source, step: Step) -> Ask: ...
    def read(self, reply: Reply, asked: Asked) -> Page | list[Ask]: ...
    def gather(self, replies: Sequence[Reply], asked: Asked) -> Page: ...
    def post(self, row: Any, reply: Reply) -> Post: ...

    # optional
    def login(self, config: Config, source: Source) -> Mapping[str, str]: ...   # headers with credentials
    def resolve(self, source: Source) -> Ask | None: ...
    def resolved(self, reply: Reply, source: Source) -> Mapping[str, str]: ...
    def refusal(self, reply: Reply) -> MonitorError | None: ...
    def marked_at(self, mark: Mark) -> datetime | None: ...
