"""A probe of a platform: one page asked, checked, read and normalised as a crawl does it, and judged; nothing is stored."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import scrapy

from monitor import clock
from monitor.bookmark import Step
from monitor.crawl import arguments
from monitor.crawl.coverage import Coverage
from monitor.crawl.fetch import fetch
from monitor.crawl.normalize import LARGEST_SHARE_REFUSED, normalize, route
from monitor.crawl.spider import PlatformSpider
from monitor.errors import MonitorError, RateLimitedError, RetryLater, SkipPost, UsageError
from monitor.page import Asked, Page, Reply
from monitor.source import Source

# works: posts with all that is expected. changed: the API answers otherwise than the platform file reads it. refused: the
# platform answers, but not with data. unreachable: no answer came at all. failed: the probe itself ended without a result.
State = Literal["works", "changed", "refused", "unreachable", "failed"]

# A person waits for the result; a crawl is more patient.
PATIENCE_S = 15
# The field at the beginning of a reason for a refusal, such as "account is missing (...)".
_FIELD = re.compile(r"([a-z_]+(?:\.[a-z_]+)*) (?:is|lies|holds) ")
# A probe stores nothing, so simulated platforms may answer it; crawls into the default database refuse those.
_NO_DATABASE = "probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """How a platform answers. `posts` were read; `fields` are those that changed; `reason` None: it works."""

    platform: str
    state: State
    posts: int = 0
    fields: tuple[str, ...] = ()
    reason: str | None = None


class ProbeSpider(scrapy.Spider):
    """Probes one platform and leaves the result in `probed` (None: the crawl ended before there was one)."""

    name = "probe"
    custom_settings: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "ITEM_PIPELINES": {},
        "EXTENSIONS": {
            "scrapy.extensions.memusage.MemoryUsage": None,  # would count what the process that started this one has
            "monitor.crawl.memory_limit.MemoryLimit": 0,
        },
        "RETRY_ENABLED": False,
        "DOWNLOAD_TIMEOUT": PATIENCE_S,
    }
    probed: Probed | None = None

    def __init__(self, *, platform: type[PlatformSpider], given: Mapping[str, str]) -> None:
        super().__init__()
        self.platform = platform
        self.chosen = chosen(platform, given)
        self.pace_s = platform.pace_s

    async def start(self) -> AsyncIterator[Any]:
        """Ask once. Nothing is yielded: the request does not pass the scheduler, as none of a crawl's does."""
        self.probed = await self._probe()
        for request in list[scrapy.Request]():
            yield request

    async def _probe(self) -> Probed:
        spider = self.platform.from_crawler(self.crawler, **self.chosen)
        spider.session.config = replace(spider.session.config, database=_NO_DATABASE)
        source = spider.given.source
        assert source is not None  # `chosen` looked
        try:
            reply = await fetch(spider, source, spider.ask(source, Step()))
        except MonitorError as error:
            state: State = "unreachable" if isinstance(error, RetryLater) and not self._answered(error) else "refused"
            return Probed(platform=spider.name, state=state, reason=str(error))
        return judge(spider, source, reply)

    def _answered(self, error: RetryLater) -> bool:
        stats = self.crawler.stats
        return isinstance(error, RateLimitedError) or (
            stats is not None and stats.get_value("downloader/response_count", 0) > 0
        )


def chosen(platform: type[PlatformSpider], given: Mapping[str, str]) -> Mapping[str, str]:
    """The spider arguments to probe with: the platform's own, changed by `given`. Raises UsageError."""
    if not platform.probe:
        raise UsageError(f"{platform.name} has nothing that it shows to everybody, so it cannot be probed.")
    together = {**platform.probe, **given}
    if arguments.read(together, platform=platform.name, kinds=platform.kinds, now=clock.now()).source is None:
        raise UsageError("A probe asks one source, not those of a topic.")
    return together


def judge(platform: PlatformSpider, source: Source, reply: Reply) -> Probed:
    """What a checked reply shows: a platform that works, or one that changed, with the fields. Pure."""
    page = _page(platform, source, reply)
    if isinstance(page, Probed):
        return page
    made = normalize(platform, page.rows, reply, seen_on=route(source))
    broken = [refusal for refusal in made.refused if refusal.kind != SkipPost.__name__]
    coverage = Coverage()
    coverage.add(made.posts)
    missing = tuple(name for name in platform.expects if not coverage.known[name])
    reason = None
    if not page.rows:
        reason, missing = f"{platform.name} answered without a single post, where there always are some.", ()
    elif len(broken) > LARGEST_SHARE_REFUSED * len(page.rows):
        missing = tuple(dict.fromkeys(found[1] for refusal in broken if (found := _FIELD.match(refusal.reason))))
        reason = f"{len(broken)} of {len(page.rows)} posts of {platform.name} cannot be read; the first: {broken[0].reason}."
    elif missing:
        reason = f"No post of {platform.name} has {', '.join(missing)} any more, of {len(made.posts)} that were read."
    return Probed(
        platform=platform.name, state="changed" if reason else "works", posts=len(made.posts), fields=missing, reason=reason
    )


def _page(platform: PlatformSpider, source: Source, reply: Reply) -> Page | Probed:
    """The page in the reply, or what it means that there is none."""
    fields: tuple[str, ...] = ()
    try:
        read = platform.read(reply, Asked(source, Step()))
    except MonitorError as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - a reply of another shape may break a platform file in any way
        # Its text may quote what a stranger wrote; the name of a missing field is the platform file's own word.
        fields = tuple(str(key) for key in error.args) if isinstance(error, KeyError) else ()
        told = f"{fields[0]} is missing" if fields else type(error).__name__
        reason = f"The reply of {platform.name} has another shape than the one we know ({told})."
    else:
        if isinstance(read, Page):
            return read
        reason = f"{platform.name} answered with {len(read)} references instead of posts."
    return Probed(platform=platform.name, state="changed", fields=fields, reason=reason)
