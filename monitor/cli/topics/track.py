"""`monitor track`: make a topic and the sources that serve it."""

from collections.abc import Collection, Sequence

import click

from monitor.cli.opened import opened, run
from monitor.cli.topics.subject import refuse_if_from_file
from monitor.cli.topics.wishes import changes, wishes
from monitor.config import Config, load
from monitor.configuration.mode import said_of_mode
from monitor.crawl.topic_sources import check_addresses, chosen, compiled_ids, named, serving
from monitor.errors import UsageError
from monitor.query.parse import parse
from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.topics import Changes
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
@wishes
def track(
    query: str,
    platform: str | None,
    instances: Sequence[str],
    feeds: Sequence[str],
    topic_id: str | None,
    name: str | None,
    authors: str | None,
    redact: Sequence[str],
    every: str | None,
) -> None:
    """Watch QUERY: words, "quoted phrases" and #tags, joined with AND, OR, NOT; docs/query-language.md has all of it.

    Makes a topic and what has to be polled for it. Nothing is asked yet: `monitor collect` does that.
    """
    config, parsed = load(), parse(query)
    where = named(instances, feeds, config)
    spiders = chosen(platform, where, disabled=config.disabled)
    wished = changes(authors=authors, redact=redact, every=every)
    topic = Topic(
        id=topic_id or slug(query),
        name=name or query,
        query=query,
        platforms=tuple(spider.name for spider in spiders),
        every_s=wished.get("every_s"),
        authors=wished.get("authors", "keep"),
        redact=wished.get("redact", ()),
    )
    sources, notes = serving(spiders, parsed, where, topic=topic.id, config=config)
    notes += [f"{spider.name}: {sentence}" for spider in spiders for sentence in said_of_mode(spider, config)]
    for note in notes:
        click.echo(note, err=True)
    if not sources:
        raise UsageError("Nothing can be polled for this topic: choose other platforms, or name feeds with --feed URL.")
    # What the words were looked for by before another way was chosen.
    ways = set[str]().union(*(compiled_ids(spider, parsed, where) for spider in spiders if spider.modes))
    version, left = run(_save(topic, sources, ways - {source.id for source in sources}, config, wished))
    click.echo(f"Topic {topic.id} (version {version}) watches {len(sources)} source{'s' if len(sources) > 1 else ''}:")
    for source in sources:
        click.echo(f"  {source.id}")
    if left:
        click.echo(f"No more: {left} source{'s' if left > 1 else ''} of the way that was taken before.", err=True)
    click.echo("Next: monitor collect", err=True)


async def _save(
    topic: Topic, sources: Sequence[Source], outdated: Collection[str], config: Config, wished: Changes
) -> tuple[int, int]:
    """The version of the topic, and how many of the outdated sources served it."""
    await check_addresses(sources, config)
    async with opened(config) as store:
        await refuse_if_from_file(store, topic.id)
        known = await store.topics.get(topic.id)
        if known is not None and known.query != topic.query:
            raise UsageError(f"There is a topic {topic.id} already, for {known.query}: choose another id with --id.")
        saved = await _joined(store, known, topic)
        if known is not None and wished:
            await store.topics.edit(topic.id, **wished)
        for source in sources:
            await store.sources.ensure(source)
        return saved.version, await store.sources.release(topic.id, among=outdated)


async def _joined(store: Store, known: Topic | None, topic: Topic) -> Topic:
    """The stored topic, which watches the platforms of both: posts are matched with the topics of their platform only."""
    if known is None:
        return await store.topics.add(topic)
    more = [name for name in topic.platforms if name not in known.platforms]
    return await store.topics.edit(topic.id, platforms=(*known.platforms, *more)) if more and known.platforms else known
