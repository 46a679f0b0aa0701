"""When a source is polled next: by what it brings, by how fresh its topics want it, and by what the platform allows in a day."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.allowance import Share, shared
from monitor.config import Config
from monitor.crawl.address import address
from monitor.crawl.poll import Poll
from monitor.page import Ask
from monitor.rate import Polled, Rate, jittered, smoothed, wanted_s
from monitor.source import Source
from monitor.store.sources import Standing

if TYPE_CHECKING:
    from monitor.crawl.spider import PlatformSpider

OTHERS_FOR_S = 30.0


def rate_after(standing: Standing | None, poll: Poll, now: datetime) -> Rate | None:
    """What is known of a source after a poll; as before where the poll read what it had missed, and not what is new."""
    if standing is None or standing.last_polled_at is None or poll.behind or not poll.calls:
        return None if standing is None else standing.rate
    elapsed_s = (now - standing.last_polled_at).total_seconds()
    return smoothed(standing.rate, Polled(new=poll.new, calls=poll.calls, elapsed_s=elapsed_s, rows=poll.rows))


def every_s_of(topics: tuple[str, ...], every: Mapping[str, int]) -> int | None:
    """The smallest of these topics."""
    return min((every[topic] for topic in topics if topic in every), default=None)


async def next_poll(
    spider: "PlatformSpider", source_id: str, poll: Poll, *, now: datetime, draw: float
) -> tuple[Rate | None, float]:
    """What is known of the source now, and the seconds until it is due. `draw` (0 to 1) places it within the jitter.

    A source of which nothing is known yet waits as long as its platform says. Raises StoreUnavailableError.
    """
    store, every = await spider.session.store(), await spider.session.every_s(spider.name)
    standing = await store.sources.find(source_id)
    rate = rate_after(standing, poll, now)
    most = every_s_of(poll.source.topics, every)
    usual = spider.interval_s if most is None else min(spider.interval_s, most)
    wanted = usual if rate is None else wanted_s(rate, page_size=spider.page_size, every_s=most)
    allowed = allowed_per_day(spider, poll.source)
    if allowed is not None:
        own = _share(rate, wanted, most)
        others = await _others(spider, poll.source, every)
        wanted = shared([own, *others], calls_per_day=allowed)[0]
    interval_s = jittered(wanted, draw, every_s=most)
    return (None if rate is None else replace(rate, interval_s=round(interval_s, 1))), interval_s


def calls_per_day(allowances: Mapping[str, int], config: Config) -> int | None:
    """What a platform allows with the credentials that are set, all their values together; None where it is no matter."""
    known = [(calls, len(config.secrets(name)) if name else 1) for name, calls in allowances.items()]
    return max((calls * values for calls, values in known if values), default=None)


def allowed_per_day(spider: "PlatformSpider", source: Source) -> float | None:
    """What there is for a source and those that share its limit: what the platform states, or less where replies tell less."""
    config = spider.session.config
    label, values = spider.session.purse.label(spider, source)
    told = spider.session.purse.calls_per_day(label, host=host_of(spider, source), values=values)
    known = [each for each in (calls_per_day(spider.allowances, config), told) if each is not None]
    return min(known, default=None)


def host_of(spider: "PlatformSpider", source: Source) -> str:
    """The host that a source is asked at."""
    url = address(Ask("/"), base=spider.base_url, parameters=source.parameters, instead=spider.given.base_url)
    return urlsplit(url).netloc


async def _others(spider: "PlatformSpider", source: Source, every: Mapping[str, int]) -> list[Share]:
    """What else counts against the limit of `source`; looked at once in OTHERS_FOR_S, since many sources share one limit."""
    purse = spider.session.purse
    limit = f"{purse.label(spider, source)[0]}:{host_of(spider, source)}"
    at = time.monotonic()
    if limit not in purse.sharing or at - purse.sharing[limit][0] > OTHERS_FOR_S:
        store = await spider.session.store()
        found = {
            each.source.id: _share_of(each, spider, every_s_of(each.source.topics, every))
            for each in await store.sources.list_all(platform=spider.name, polled=True)
            if each.source.topics
            and each.state != "paused"
            and f"{purse.label(spider, each.source)[0]}:{host_of(spider, each.source)}" == limit
        }
        purse.sharing[limit] = (at, found)
    return [share for source_id, share in purse.sharing[limit][1].items() if source_id != source.id]


def _share_of(standing: Standing, spider: "PlatformSpider", every_s: int | None) -> Share:
    usual = spider.interval_s if every_s is None else min(spider.interval_s, every_s)
    rate = standing.rate
    return _share(rate, usual if rate is None else wanted_s(rate, page_size=spider.page_size, every_s=every_s), every_s)


def _share(rate: Rate | None, wanted: float, every_s: int | None) -> Share:
    return Share(
        per_hour=0.0 if rate is None else rate.per_hour,
        calls=1.0 if rate is None else rate.calls,
        wanted_s=wanted,
        every_s=None if every_s is None else float(every_s),
    )
