"""`monitor topics list` and `monitor topics show`: what is watched, where, and since which version."""

import json
from dataclasses import dataclass
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.topics.subject import topic_in
from monitor.cli.topics.wishes import told as wishes_told
from monitor.query.english import english
from monitor.query.parse import parse
from monitor.store.connection import Store
from monitor.topic import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A topic, the sources that serve it, the versions its query had, and how many stored posts it has."""

    topic: Topic
    sources: tuple[str, ...]
    versions: tuple[Topic, ...]
    posts: int


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
def list_topics(as_json: bool) -> None:
    """List the topics: id, version, number of sources, platforms and query."""
    found = run(_listed())
    if as_json:
        told = [_told(topic) | {"sources": len(served)} for topic, served in found]
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    if not found:
        click.echo("There are no topics yet. Make one with: monitor topics add WORD", err=True)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("id", "version", "sources", "platforms", "query"):
        table.add_column(heading, no_wrap=True, justify="right" if heading in {"version", "sources"} else "left")
    for topic, served in found:
        table.add_row(topic.id, str(topic.version), str(len(served)), ", ".join(topic.platforms) or "all", topic.query)
    Console(markup=False, highlight=False, width=1000).print(table)  # a narrow terminal wraps by itself


@click.command()
@click.argument("topic_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def show(topic_id: str, as_json: bool) -> None:
    """Show one topic: its query in English, every version, the sources that serve it and the number of its posts."""
    shown = run(_shown(topic_id))
    if as_json:
        versions = [{"version": each.version, "query": each.query} for each in shown.versions]
        told = {"sources": list(shown.sources), "posts": shown.posts, "versions": versions}
        click.echo(json.dumps(_told(shown.topic) | told, ensure_ascii=False))
        return
    topic = shown.topic
    click.echo(f"{topic.id}: {topic.name}")
    click.echo(f"{english(parse(topic.query))}.")
    click.echo(f"Platforms: {', '.join(topic.platforms) or 'all'}. Posts: {shown.posts:,}.")
    click.echo(wishes_told(topic))
    click.echo("Versions:")
    for each in shown.versions:
        click.echo(f"  {each.version}  {each.query}")
    click.echo("Sources:" if shown.sources else "No source serves it.")
    for source in shown.sources:
        click.echo(f"  {source}")


async def _listed() -> list[tuple[Topic, list[str]]]:
    async with opened() as store:
        await say_if_simulated(store)
        served = await _served(store)
        return [(topic, served.get(topic.id, [])) for topic in await store.topics.list_all()]


async def _shown(topic_id: str) -> Shown:
    async with opened() as store:
        await say_if_simulated(store)
        topic = await topic_in(store, topic_id)
        return Shown(
            topic=topic,
            sources=tuple((await _served(store)).get(topic.id, ())),
            versions=tuple(await store.topics.versions(topic.id)),
            posts=await store.posts.count(topic=topic.id),
        )


async def _served(store: Store) -> dict[str, list[str]]:
    """Ids of the sources of each topic."""
    served: dict[str, list[str]] = {}
    for standing in await store.sources.list_all():
        for topic in standing.source.topics:
            served.setdefault(topic, []).append(standing.source.id)
    return served


def _told(topic: Topic) -> dict[str, Any]:
    return {
        "id": topic.id,
        "name": topic.name,
        "query": topic.query,
        "english": english(parse(topic.query)),
        "version": topic.version,
        "platforms": list(topic.platforms),
        "every_s": topic.every_s,
        "every_on": dict(topic.every_on),
        "authors": topic.authors,
        "redact": list(topic.redact),
    }
