"""The limit of a crawl's memory."""

from typing import Any

import pytest
from scrapy.utils.test import get_crawler

from monitor.crawl import memory_limit
from monitor.crawl.memory_limit import MemoryLimit


def test_size__is_the_program_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_limit, "peak_memory_bytes", lambda: 7)
    assert MemoryLimit.from_crawler(get_crawler(settings_dict={"MEMUSAGE_LIMIT_MB": 1})).get_virtual_size() == 7


def test_crawl_beyond_the_limit__ends_and_says_why(crawled: Any, stored: Any) -> None:
    ended = crawled("hackernews", "-a", "community=new", "-s", "MEMUSAGE_LIMIT_MB=20")
    assert ended.code == 1
    assert "Memory usage exceeded 20MiB" in ended.said
