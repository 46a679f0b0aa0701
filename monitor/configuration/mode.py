"""The way to follow topics that the file chose for a platform which has several, in words, and what that way lacks."""

from monitor.config import Config
from monitor.configuration.known import credentials
from monitor.configuration.variable import is_set
from monitor.crawl.spider import PlatformSpider
from monitor.crawl.topic_sources import chosen_mode


def unmet(spider: PlatformSpider, config: Config) -> str | None:
    """Which credentials the chosen way asks with and has not; None where it lacks nothing, or none was chosen."""
    mode = chosen_mode(spider, config)
    if mode is None or not spider.modes[mode]:
        return None
    names = [each.variable for each in credentials(spider) if not is_set(each.variable, config.environment)]
    are = "is" if len(names) == 1 else "are"
    return f"mode {mode} asks with credentials, and {' and '.join(names)} {are} not set" if names else None


def said_of_mode(spider: PlatformSpider, config: Config) -> tuple[str, ...]:
    """Sentences for who sees how a query is asked there; none where no way was chosen."""
    mode, lack = chosen_mode(spider, config), unmet(spider, config)
    told = () if mode is None else (f"Asked in this way by platforms.{spider.name}.mode: {mode}.",)
    return told if lack is None else (*told, f"{lack[0].upper()}{lack[1:]}: it may be refused.")
