"""Ends a crawl that grows beyond MEMUSAGE_LIMIT_MB."""

from scrapy.extensions.memusage import MemoryUsage

from monitor.peak_memory import peak_memory_bytes


class MemoryLimit(MemoryUsage):
    """Scrapy's own, for this program's memory: what a large process starts would be over the limit before it began."""

    def get_virtual_size(self) -> int:
        return peak_memory_bytes()
