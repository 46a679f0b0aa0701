"""`monitor topics export` and `monitor topics import`: topics with their versions and sources, as text that reads back the same."""

import json
from collections.abc import Sequence
from typing import TextIO

import click

from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.topics.document import Exchanged, document_of, read_topics
from monitor.cli.topics.subject import refuse_if_from_file, topic_in
from monitor.config import load
from monitor.crawl.topic_sources import check_addresses
from monitor.errors import UsageError
from monitor.store.connection import Store
from monitor.store.topics import Changes
from monitor.topic import Topic


@click.command("export")
@click.argument("topic_ids", metavar="[ID]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout; without it, a JSON object on each line.")
@click.option("--yaml", "as_yaml", is_flag=True, help="The topics: section of a configuration file, with the present queries.")
def export_topics(topic_ids: Sequence[str], as_json: bool, as_yaml: bool) -> None:
    """Write topics to stdout, all or those named, with every version of their queries and their sources.

    `monitor topics import` reads both forms of JSON. Posts and how far the sources were read are not in it.
    """
    if as_json and as_yaml:
        raise UsageError("--json and --yaml are two forms: choose one.")
    if as_yaml:
        _write_yaml(run(_exported(topic_ids)))
        return
    told = [document_of(each) for each in run(_exported(topic_ids))]
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for each in told:
        click.echo(json.dumps(each, ensure_ascii=False))


def _write_yaml(exported: Sequence[Exchanged]) -> None:
    from monitor.configuration.section import section, untold

    click.echo(section((each.topic, each.sources) for each in exported), nl=False)
    for each in exported:
        if lost := untold(each.topic, each.sources):
            named = ", ".join(lost)
            click.echo(
                f"{each.topic.id}: no key of a topic stands for {named}; what the file says is all it watches.", err=True
            )


@click.command("import")
@click.argument("file", type=click.File(encoding="utf-8"))
def import_topics(file: TextIO) -> None:
    """Make the topics of FILE, as `monitor topics export` wrote them, and their sources; - reads stdin.

    Nothing is made unless all of it can be. A topic that is there with the same query gets the sources that it lacks.
    """
    try:
        text = file.read()
    except UnicodeDecodeError as error:
        raise UsageError(f"{file.name} is no text in UTF-8: it cannot be read as topics.") from error
    for line in run(_imported(read_topics(text))):
        click.echo(line)


async def _exported(topic_ids: Sequence[str]) -> list[Exchanged]:
    async with opened() as store:
        await say_if_simulated(store)
        wanted = [await topic_in(store, topic_id) for topic_id in dict.fromkeys(topic_ids)]
        sources = [standing.source for standing in await store.sources.list_all(polled=True)]
        return [
            Exchanged(
                topic=topic,
                queries=tuple(version.query for version in await store.topics.versions(topic.id)),
                sources=tuple(source for source in sources if topic.id in source.topics),
            )
            for topic in wanted or await store.topics.list_all()
        ]


async def _imported(given: Sequence[Exchanged]) -> list[str]:
    """All is looked at first, then the topics are made, each before its sources; done again, it finishes what was cut short."""
    config = load()
    await check_addresses((source for each in given for source in each.sources), config)
    async with opened(config) as store:
        for each in given:
            await _check(store, each)
        return [await _made(store, each) for each in given]


async def _check(store: Store, given: Exchanged) -> None:
    """Refuse a topic that would change another one. The versions that are there have to be those it begins with."""
    await refuse_if_from_file(store, given.topic.id)
    known = [version.query for version in await store.topics.versions(given.topic.id)]
    removed = bool(known) and await store.topics.get(given.topic.id) is None
    if removed or known != list(given.queries[: len(known)]):
        raise UsageError(
            f"There is a topic {given.topic.id} already, or there was one, with other queries; nothing was imported. "
            "Give the one in the file another id."
        )


async def _made(store: Store, given: Exchanged) -> str:
    known = len(await store.topics.versions(given.topic.id))
    if not known:
        await store.topics.add(given.first)
    for query in given.queries[max(1, known) :]:
        await store.topics.edit(given.topic.id, query=query)
    topic = await _joined(store, given)
    new = [source.id for source in given.sources if await store.sources.ensure(source)]
    return f"Topic {topic}: {'made' if not known else 'was there'}, {len(given.sources)} sources, {len(new)} of them new."


async def _joined(store: Store, given: Exchanged) -> str:
    """The stored topic watches the platforms of both; one that watches all platforms goes on doing so."""
    topic = await store.topics.get(given.topic.id)
    assert topic is not None  # made a moment ago
    more = [name for name in given.topic.platforms if name not in topic.platforms]
    if more and topic.platforms:
        topic = await store.topics.edit(topic.id, platforms=(*topic.platforms, *more))
    stricter = _stricter(topic, given.topic)
    if stricter:
        topic = await store.topics.edit(topic.id, **stricter)
    return f"{topic.id} (version {topic.version})"


def _stricter(topic: Topic, given: Topic) -> Changes:
    """What the file asks for beyond what the stored topic does: privacy is never less for an import."""
    told: Changes = {}
    if given.authors == "pseudonymise" != topic.authors:
        told["authors"] = "pseudonymise"
    if more := [each for each in given.redact if each not in topic.redact]:
        told["redact"] = (*topic.redact, *more)
    return told
