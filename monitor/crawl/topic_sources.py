"""What has to be polled for a topic: its query compiled for each platform that it watches, at the servers and feeds that were named."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from monitor import outbound
from monitor.bookmark import Step
from monitor.config import Config
from monitor.crawl import arguments
from monitor.crawl.platforms import platform as platform_named
from monitor.crawl.platforms import platforms as all_platforms
from monitor.crawl.spider import PlatformSpider
from monitor.errors import ConfigurationError, UsageError
from monitor.query.native import Native, compile_query
from monitor.query.query import Query
from monitor.source import Source

Spider = PlatformSpider | type[PlatformSpider]
# (platform, host) of a server that was named; platform None: for every platform that has many servers.
Host = tuple[str | None, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Where a person wants a topic looked for, besides the platforms' default servers."""

    hosts: tuple[Host, ...] = ()
    feeds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What serves a topic at one place of a platform; `native` None: an address is polled, whatever the query."""

    platform: str
    native: Native | None = None
    sources: tuple[Source, ...]


def named(instances: Iterable[str], feeds: Iterable[str], config: Config | None = None) -> Named:
    """Servers named by `PLATFORM:HOST` or `HOST`, and addresses of feeds; the configuration's servers where none is named."""
    known = all_platforms()
    told = [(instance.partition(":"), instance) for instance in instances]
    hosts = [(parts[0], parts[2]) if parts[0] in known else (None, instance) for parts, instance in told]
    given = {platform for platform, _ in hosts}
    usual = {} if config is None or None in given else config.instances
    hosts += [(platform, host) for platform, each in usual.items() if platform not in given for host in each]
    return Named(hosts=tuple(hosts), feeds=tuple(feeds))


def chosen(names: str | None, where: Named, *, disabled: Collection[str] = ()) -> list[PlatformSpider]:
    """The platforms of a list with commas; None: all that need nothing more and are not disabled. Raises UsageError."""
    if names is None:
        known = {name: spider for name, spider in all_platforms().items() if name not in disabled}
        wanted = [name for name in known if (where.feeds if needs_address(known[name]) else places(known[name], where))]
    else:
        wanted = list(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
        if where.feeds and not any(needs_address(platform_named(name)) for name in wanted):
            wanted.append("feeds")
    if not wanted:
        raise UsageError("--platform names no platform.")
    spiders = [platform_named(name) for name in wanted]
    many = [spider.name for spider in spiders if many_servers(spider)]
    if any(platform is None for platform, _ in where.hosts) and len(many) > 1:
        raise UsageError(f"--instance HOST could mean {' or '.join(many)}: write PLATFORM:HOST, such as {many[0]}:example.org.")
    return spiders


def compiled(spider: PlatformSpider, query: Query, where: Named, *, topic: str, config: Config) -> list[Compiled]:
    """What serves the topic of this id on one platform, place by place. Raises UsageError where no server is known."""
    if needs_address(spider):
        return [
            Compiled(
                platform=spider.name, sources=tuple(source_of(spider, "url", {"url": url}, topic=topic) for url in where.feeds)
            )
        ]
    found = places(spider, where)
    if not found:
        raise UsageError(
            f"{spider.name} has many servers, and none to begin with: name one with --instance {spider.name}:HOST."
        )
    return [_at(spider, query, place, topic=topic, has_token=takes_token(spider, place, config)) for place in found]


def serving(
    spiders: Iterable[PlatformSpider], query: Query, where: Named, *, topic: str, config: Config
) -> tuple[list[Source], list[str]]:
    """All sources that serve the topic, and for each place a line that says how the query is asked there. Raises UsageError."""
    sources: list[Source] = []
    notes: list[str] = []
    for spider in spiders:
        for made in compiled(spider, query, where, topic=topic, config=config):
            sources += made.sources
            if made.native is not None:
                notes.append(f"{made.platform}: {made.native.note} {made.native.misses or ''}".rstrip())
    return sources, notes


def compiled_ids(spider: PlatformSpider, query: Query, where: Named) -> set[str]:
    """Ids of all sources that the query was or is compiled to, whether credentials were configured or not."""
    if needs_address(spider):
        return set()
    made = [
        _at(spider, query, place, topic="", has_token=signed) for place in places(spider, where) for signed in (False, True)
    ]
    return {source.id for each in made for source in each.sources}


def _at(spider: PlatformSpider, query: Query, place: Mapping[str, str], *, topic: str, has_token: bool) -> Compiled:
    native = compile_query(query, spider.name, has_token=has_token)
    sources = tuple(source_of(spider, ask.kind, {**place, **ask.parameters}, topic=topic) for ask in native.asks)
    return Compiled(platform=spider.name, native=native, sources=sources)


def chosen_mode(spider: PlatformSpider, config: Config) -> str | None:
    """The way that the configuration chose; None: none. Raises ConfigurationError where the platform has no such way."""
    mode = config.modes.get(spider.name)
    if mode is not None and mode not in spider.modes:
        raise ConfigurationError(f"platforms.{spider.name}.mode of {config.file} is not usable: monitor check says why.")
    return mode


def takes_token(spider: PlatformSpider, place: Mapping[str, str], config: Config) -> bool:
    """Whether words are looked for in the way that takes credentials: as was chosen, else where they are configured."""
    mode = chosen_mode(spider, config)
    return has_token(spider, place, config) if mode is None else spider.modes[mode]


def has_token(spider: PlatformSpider, place: Mapping[str, str], config: Config) -> bool:
    """Whether credentials for a search are configured, sent along or exchanged first."""
    if spider.login(config, source_of(spider, next(iter(spider.kinds)), place)):
        return True
    return "query" in spider.kinds and spider.sign_in(config, source_of(spider, "query", place), {}) is not None


def needs_address(spider: Spider) -> bool:
    """Whether it polls nothing but addresses that people name."""
    return all("url" in kind.needs for kind in spider.kinds.values())


def many_servers(spider: Spider) -> bool:
    """Whether it has to be told which of its servers to ask."""
    return any("instance" in kind.needs for kind in spider.kinds.values())


def places(spider: Spider, where: Named) -> list[Mapping[str, str]]:
    """Where a platform is asked: its servers as chosen, else its default one; one empty place for a platform of one place."""
    if not many_servers(spider):
        return [{}]
    hosts = [host for platform, host in where.hosts if platform in {None, spider.name}]
    if not hosts and spider.default_instance is not None:
        hosts = [spider.default_instance]
    return [{"instance": host} for host in hosts]


def source_of(spider: PlatformSpider, kind: str, parameters: Mapping[str, str], *, topic: str | None = None) -> Source:
    """The source with its parameters in their one form. Raises UsageError."""
    told = {name: arguments.parameter(name, value) for name, value in parameters.items()}
    return Source(platform=spider.name, kind=kind, parameters=told, topics=(topic,) if topic else ())


async def check_addresses(sources: Iterable[Source], config: Config) -> None:
    """Look up the hosts of addresses that people typed. Raises RefusedError where one must not be fetched, or RetryLater."""
    await asyncio.gather(
        *(
            outbound.check(platform_named(source.platform).ask(source, Step()).path, private_hosts=config.private_hosts)
            for source in sources
            if "url" in source.parameters
        )
    )
