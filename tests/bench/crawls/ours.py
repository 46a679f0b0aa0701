"""Our project as `scrapy crawl mastodon` runs it, measured: `python ours.py ADDRESS [SECONDS]`, the second one a shift."""

import sys

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.utils.project import get_project_settings

SHIFT_INTERVAL_S = 2.0

if __name__ == "__main__":
    settings = get_project_settings()
    settings.set("EXTENSIONS", {**settings.getdict("EXTENSIONS"), "meter.Meter": 20})
    settings.setdict({"MONITOR_PACE_S": 0, "MONITOR_INTERVAL_S": SHIFT_INTERVAL_S, "LOG_LEVEL": "WARNING"})
    process = AsyncCrawlerProcess(settings)
    given = {"base_url": sys.argv[1]}
    process.crawl("mastodon", **given, **({"shift": f"{sys.argv[2]}s"} if len(sys.argv) > 2 else {}))
    process.start()
