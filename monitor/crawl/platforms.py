"""The platforms there are, found as Scrapy finds spiders: by the modules of SPIDER_MODULES. No list to edit."""

from scrapy.spiderloader import SpiderLoader
from scrapy.utils.project import get_project_settings

from monitor.crawl.spider import PlatformSpider
from monitor.errors import UsageError


def platforms() -> dict[str, type[PlatformSpider]]:
    """Spider classes by platform name."""
    settings = get_project_settings()
    settings.setmodule("monitor.settings", priority="default")
    loader = SpiderLoader.from_settings(settings)
    found = {name: loader.load(name) for name in sorted(loader.list())}
    return {name: spider for name, spider in found.items() if issubclass(spider, PlatformSpider)}


def platform(name: str) -> PlatformSpider:
    """The platform's pure functions, without a crawler. Raises UsageError naming those that exist."""
    known = platforms()
    if name not in known:
        raise UsageError(f"There is no platform {name!r}. There are: {', '.join(known)}.")
    return known[name]()
