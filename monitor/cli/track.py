"""`monitor track`: make a topic and the sources that serve it."""

import asyncio
from collections.abc import Mapping, Sequence

import click

from monitor import outbound
from monitor.bookmark import Step
from monitor.cli.opened import opened, run
from monitor.config import Config, load
from monitor.crawl import arguments
from monitor.crawl.platforms import platform as platform_named
from monitor.crawl.platforms import platforms as all_platforms
from monitor.crawl.spider import PlatformSpider
from monitor.errors import UsageError
from monitor.query.native import compile_query
from monitor.query.parse import parse
from monitor.query.query import Query
from monitor.source import Source
from monitor.store.connection import Store
from monitor.topic import Topic, slug


@click.command()
@click.argument("query")
@click.option(
    "--platform", metavar="A,B", help="Platforms to look on, separated by commas. Default: all that need nothing more."
)
@click.option(
    "--instance",
    "instances",
    multiple=True,
    metavar="[PLATFORM:]HOST",
    help="Server to ask, where a platform has many. Default: mastodon.social for Mastodon, lemmy.world for Lemmy.",
)
@click.option("--feed", "feeds", multiple=True, metavar="URL", help="A feed to watch for the topic; may be repeated.")
@click.option("--id", "topic_id", metavar="SLUG", help="Id of the topic. Default: made from the query.")
@click.option("--name", metavar="TEXT", help="Name to show. Default: the query.")
def track(
    query: str,
    platform: str | None,
    instances: Sequence[str],
    feeds: Sequence[str],
    topic_id: str | None,
    name: str | None,
) -> None:
    """Watch QUERY: words, "quoted phrases" and #tags, joined with AND, OR, NOT; docs/query-language.md has all of it.

    Makes a topic and what has to be polled for it. Nothing is asked yet: `monitor collect` does that.
    """
    config, parsed = load(), parse(query)
    places = _hosts(instances)
    chosen = _chosen(platform, feeds, places)
    topic = Topic(
        id=topic_id or slug(query), name=name or query, query=query, platforms=tuple(spider.name for spider in chosen)
    )
    sources = [source for spider in chosen for source in _sources(spider, parsed, topic, config, places, feeds)]
    if not sources:
        raise UsageError("Nothing can be polled for this topic: choose other platforms, or name feeds with --feed URL.")
    made = run(_save(topic, sources, config))
    click.echo(f"Topic {topic.id} (version {made}) watches {len(sources)} source{'s' if len(sources) > 1 else ''}:")
    for source in sources:
        click.echo(f"  {source.id}")
    click.echo("Next: monitor collect", err=True)


def _hosts(instances: Sequence[str]) -> list[tuple[str | None, str]]:
    """(platform, host) of each --instance; platform None: for every platform that has many servers."""
    known = all_platforms()
    told = [(instance.partition(":"), instance) for instance in instances]
    return [(parts[0], parts[2]) if parts[0] in known else (None, instance) for parts, instance in told]


def _chosen(names: str | None, feeds: Sequence[str], hosts: Sequence[tuple[str | None, str]]) -> list[PlatformSpider]:
    if names is None:
        known = all_platforms()
        wanted = [name for name in known if (feeds if _needs_address(known[name]) else _places(known[name], hosts))]
    else:
        wanted = list(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
        if feeds and not any(_needs_address(platform_named(name)) for name in wanted):
            wanted.append("feeds")
    if not wanted:
        raise UsageError("--platform names no platform.")
    chosen = [platform_named(name) for name in wanted]
    many = [spider.name for spider in chosen if _many_servers(spider)]
    if any(platform is None for platform, _ in hosts) and len(many) > 1:
        raise UsageError(f"--instance HOST could mean {' or '.join(many)}: write PLATFORM:HOST, such as {many[0]}:example.org.")
    return chosen


def _needs_address(spider: PlatformSpider | type[PlatformSpider]) -> bool:
    return all("url" in kind.needs for kind in spider.kinds.values())


def _sources(
    spider: PlatformSpider,
    query: Query,
    topic: Topic,
    config: Config,
    hosts: Sequence[tuple[str | None, str]],
    feeds: Sequence[str],
) -> list[Source]:
    if _needs_address(spider):
        return [_source(spider, "url", {"url": url}, topic) for url in feeds]
    made = []
    places = _places(spider, hosts)
    if not places:
        raise UsageError(
            f"{spider.name} has many servers, and none to begin with: name one with --instance {spider.name}:HOST."
        )
    for place in places:
        native = compile_query(query, spider.name, has_token=_has_token(spider, place, topic, config))
        click.echo(f"{spider.name}: {native.note} {native.misses or ''}".rstrip(), err=True)
        made += [_source(spider, ask.kind, {**place, **ask.parameters}, topic) for ask in native.asks]
    return made


def _has_token(spider: PlatformSpider, place: Mapping[str, str], topic: Topic, config: Config) -> bool:
    """Whether credentials for a search are configured, sent along or exchanged first."""
    if spider.login(config, _source(spider, next(iter(spider.kinds)), place, topic)):
        return True
    return "query" in spider.kinds and spider.sign_in(config, _source(spider, "query", place, topic), {}) is not None


def _many_servers(spider: PlatformSpider | type[PlatformSpider]) -> bool:
    return any("instance" in kind.needs for kind in spider.kinds.values())


def _places(spider: PlatformSpider | type[PlatformSpider], hosts: Sequence[tuple[str | None, str]]) -> list[Mapping[str, str]]:
    """Where a platform is asked: its servers as chosen, else its default one; {} for a platform of one place."""
    if not _many_servers(spider):
        return [{}]
    chosen = [host for platform, host in hosts if platform in {None, spider.name}]
    if not chosen and spider.default_instance is not None:
        chosen = [spider.default_instance]
    return [{"instance": host} for host in chosen]


def _source(spider: PlatformSpider, kind: str, parameters: Mapping[str, str], topic: Topic) -> Source:
    told = {name: arguments.parameter(name, value) for name, value in parameters.items()}
    return Source(platform=spider.name, kind=kind, parameters=told, topics=(topic.id,))


async def _save(topic: Topic, sources: Sequence[Source], config: Config) -> int:
    await asyncio.gather(
        *(
            outbound.check(platform_named(source.platform).ask(source, Step()).path, private_hosts=config.private_hosts)
            for source in sources
            if "url" in source.parameters
        )
    )
    async with opened(config) as store:
        known = await store.topics.get(topic.id)
        if known is not None and known.query != topic.query:
            raise UsageError(f"There is a topic {topic.id} already, for {known.query}: choose another id with --id.")
        saved = await _joined(store, known, topic)
        for source in sources:
            await store.sources.ensure(source)
        return saved.version


async def _joined(store: Store, known: Topic | None, topic: Topic) -> Topic:
    """The stored topic, which watches the platforms of both: posts are matched with the topics of their platform only."""
    if known is None:
        return await store.topics.add(topic)
    more = [name for name in topic.platforms if name not in known.platforms]
    return await store.topics.edit(topic.id, platforms=(*known.platforms, *more)) if more and known.platforms else known
