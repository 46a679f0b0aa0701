"""When a source is polled next: by what it brings, by how fresh its topics want it, and by what the platform allows in a day."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.allowance import Share, shared
from monitor.config import Config
from monitor.crawl.poll import Poll
from monitor.rate import Polled, Rate, jittered, smoothed, wanted_s
from monitor.store.sources import Standing

if TYPE_CHECKING:
    from monitor.crawl.spider import PlatformSpider


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
    allowed = calls_per_day(spider.allowances, spider.session.config)
    if allowed is not None:
        own = _share(rate, wanted, most)
        others = [
            _share_of(each, spider, every_s_of(each.source.topics, every))
            for each in await store.sources.list_all(platform=spider.name)
            if each.source.id != source_id and each.source.topics and each.state != "paused"
        ]
        wanted = shared([own, *others], calls_per_day=allowed)[0]
    interval_s = jittered(wanted, draw, every_s=most)
    return (None if rate is None else replace(rate, interval_s=round(interval_s, 1))), interval_s


def calls_per_day(allowances: Mapping[str, int], config: Config) -> int | None:
    """What a platform allows with the credentials that are set; None where it is no matter."""
    return max((calls for name, calls in allowances.items() if not name or config.secret(name)), default=None)


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
