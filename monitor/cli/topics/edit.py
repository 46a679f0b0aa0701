"""`monitor topics edit`: another query or name for a topic, after showing which stored posts would enter and leave."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import click

from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.topics.excerpt import excerpt
from monitor.cli.topics.subject import refuse_if_from_file, topic_in
from monitor.cli.topics.trial import NEWEST, SHOWN
from monitor.cli.topics.wishes import changes, told, wishes
from monitor.config import Config, load
from monitor.configuration.mode import said_of_mode
from monitor.crawl.platforms import platform as platform_named
from monitor.crawl.topic_sources import Named, compiled, compiled_ids, needs_address, places
from monitor.errors import MonitorError, UsageError
from monitor.post import Match, Post
from monitor.query.parse import parse
from monitor.query.query import Query
from monitor.source import Source
from monitor.stages.rematch import match_now, match_then
from monitor.store.connection import Store
from monitor.store.matches import Matches
from monitor.store.topics import Changes
from monitor.topic import Topic


@dataclass(slots=True, kw_only=True)
class Preview:
    """What another query would make of stored posts: how many enter and leave, and the newest of both."""

    stored: int
    looked_at: int = 0
    enter: int = 0
    leave: int = 0
    entering: list[tuple[Post, Match]] = field(default_factory=list)
    leaving: list[tuple[Post, tuple[str, ...]]] = field(default_factory=list)


@click.command()
@click.argument("topic_id", metavar="ID")
@click.option("--query", metavar="QUERY", help="The new query; makes a new version.")
@click.option("--name", metavar="TEXT", help="The new name to show.")
@click.option(
    "--newest", type=click.IntRange(1), default=NEWEST, show_default=True, help="Preview on so many of the newest posts."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@wishes
def edit(
    topic_id: str,
    query: str | None,
    name: str | None,
    newest: int,
    yes: bool,
    authors: str | None,
    redact: Sequence[str],
    every: str | None,
) -> None:
    """Change a topic: for another query, shows which stored posts would enter and leave, and asks before anything is changed.

    Another query makes a new version and other sources. Stored posts stay as they are until `monitor topics rematch`.
    """
    wished = changes(authors=authors, redact=redact, every=every)
    if query is None and name is None and not wished:
        raise UsageError(
            f"Say what is to be changed: monitor topics edit {topic_id} --query QUERY, or --name, --authors, --redact, --every"
        )
    parsed = None if query is None else parse(query)
    run(_edit(topic_id, parsed, Wish(query=query, name=name, newest=newest, yes=yes, wished=wished), load()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the person typed."""

    query: str | None
    name: str | None
    newest: int
    yes: bool
    wished: Changes

    @property
    def changes(self) -> Changes:
        """What of the topic is to be another."""
        told = Changes(**self.wished)
        if self.query is not None:
            told["query"] = self.query
        if self.name is not None:
            told["name"] = self.name
        return told


async def _edit(topic_id: str, query: Query | None, wish: Wish, config: Config) -> None:
    async with opened(config) as store:
        await say_if_simulated(store)
        topic = await topic_in(store, topic_id)
        await refuse_if_from_file(store, topic_id)
        if query is None:
            edited = await store.topics.edit(topic_id, **wish.changes)
            if wish.name is not None:
                click.echo(f"Topic {topic_id} is called {wish.name}.")
            if wish.wished:
                click.echo(told(edited))
            if (edited.authors, edited.redact) != (topic.authors, topic.redact):
                click.echo(f"Stored posts stay as they are until: monitor topics rematch {topic_id}", err=True)
            return
        sources, served = await _sources(store, topic, query, config)
        for line in _lines(await _previewed(store, topic, query, wish.newest)):
            click.echo(line)
        if not wish.yes and not click.confirm(f"Make this version {topic.version + 1} of {topic_id}?", err=True):
            raise MonitorError("Nothing was changed.")
        edited = await store.topics.edit(topic_id, **wish.changes)
        for source in sources:
            await store.sources.ensure(source)
        old = await _outdated(store, topic, served)
        released = await store.sources.release(topic_id, among=old - {source.id for source in sources})
    click.echo(f"Topic {topic_id} has version {edited.version}: {len(sources)} sources ask for it, {released} no more.")
    click.echo(f"Stored posts stay as they are until: monitor topics rematch {topic_id}", err=True)


async def _previewed(store: Store, topic: Topic, query: Query, newest: int) -> Preview:
    matches = Matches(store.database, store.dirty)
    preview = Preview(stored=await matches.count(topic))
    async for post in matches.newest(topic, limit=newest):
        preview.looked_at += 1
        now, then = match_now(topic, query, post), match_then(topic, post)
        if now is not None and then is None:
            preview.enter += 1
            if len(preview.entering) < SHOWN:
                preview.entering.append((post, now))
        elif now is None and then is not None:
            preview.leave += 1
            if len(preview.leaving) < SHOWN:
                preview.leaving.append((post, query.failing(post)))
    return preview


async def _sources(store: Store, topic: Topic, query: Query, config: Config) -> tuple[list[Source], Named]:
    """The sources that the new query needs, on the platforms and servers where the topic is looked for now."""
    serving = [each.source for each in await store.sources.list_all(polled=True) if topic.id in each.source.topics]
    servers = {(source.platform, source.parameters["instance"]): None for source in serving if "instance" in source.parameters}
    where = Named(hosts=tuple(servers))
    made: list[Source] = []
    for name in topic.platforms or dict.fromkeys(source.platform for source in serving):
        spider = platform_named(name)
        if needs_address(spider) or not places(spider, where):
            continue
        for sentence in said_of_mode(spider, config):
            click.echo(f"{name}: {sentence}", err=True)
        for each in compiled(spider, query, where, topic=topic.id, config=config):
            if each.native is not None:
                click.echo(f"{name}: {each.native.note} {each.native.misses or ''}".rstrip(), err=True)
            made += each.sources
    if serving and not made and all("url" not in source.parameters for source in serving):
        raise UsageError(
            f"Nothing can be polled for {query} on the platforms of {topic.id}: `monitor topics explain` says why."
        )
    return made, where


async def _outdated(store: Store, topic: Topic, where: Named) -> set[str]:
    """Ids of the sources that any version was compiled to; feeds and what was added by hand are not among them."""
    spiders = [platform_named(name) for name in topic.platforms or {platform for platform, _ in where.hosts if platform}]
    versions = await store.topics.versions(topic.id)
    return set().union(*(compiled_ids(spider, parse(each.query), where) for spider in spiders for each in versions))


def _lines(preview: Preview) -> Iterator[str]:
    whole = "" if preview.looked_at >= preview.stored else f" (the newest of {preview.stored:,})"
    yield f"Of {preview.looked_at:,} stored posts{whole}, {preview.enter:,} would enter and {preview.leave:,} would leave."
    for post, match in preview.entering:
        yield f"  + {post.created_at:%Y-%m-%d %H:%M}  {post.platform}  {excerpt(post.text, match.spans)}"
    for post, failed in preview.leaving:
        yield f"  - {post.created_at:%Y-%m-%d %H:%M}  {post.platform}  {excerpt(post.text, ())}"
        yield f"      fails: {', '.join(failed)}"
