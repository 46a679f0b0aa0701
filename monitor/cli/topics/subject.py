"""What a command is asked about: a topic by its id, or a query as it is typed."""

from dataclasses import dataclass

import click

from monitor.cli.opened import opened, run
from monitor.config import Config
from monitor.errors import MonitorError, UsageError
from monitor.mongod.folder import folder_of
from monitor.query.parse import parse
from monitor.query.query import Query
from monitor.store.connection import Store
from monitor.store.topic_files import TopicFiles
from monitor.topic import Topic, is_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A query, and the topic that it is of; None where it was typed."""

    query: Query
    topic: Topic | None = None


async def subject_in(store: Store, text: str) -> Subject:
    """The topic of that id, else the text as a query: quotes around an id make it a word. Raises QueryError."""
    topic = await store.topics.get(text) if is_id(text) else None
    return _subject(text, topic)


def subject_anywhere(config: Config, text: str) -> Subject:
    """The same where there may be no database: none is made, and without one every text is a query. Raises QueryError."""
    has_database = config.mongodb_uri is not None or folder_of(config.home).path.is_dir()
    if not (is_id(text) and has_database):
        return _subject(text, None)
    try:
        return _subject(text, run(_find(config, text)))
    except MonitorError as error:
        subject = _subject(text, None)
        click.echo(f"Whether {text} is a topic cannot be looked up, so it is taken for a query: {error}", err=True)
        return subject


async def topic_in(store: Store, topic_id: str) -> Topic:
    """The topic of that id. Raises UsageError where there is none."""
    topic = await store.topics.get(topic_id) if is_id(topic_id) else None
    if topic is None:
        raise UsageError(f"There is no topic {topic_id!r}; `monitor topics list` lists them.")
    return topic


async def refuse_if_from_file(store: Store, topic_id: str) -> None:
    """Raises UsageError where the topic stands in a configuration file, which would undo what a command changes."""
    if (file := await TopicFiles(store.database).of(topic_id)) is not None:
        raise UsageError(f"The topic {topic_id} stands in {file}: change it there, then: monitor topics apply")


async def _find(config: Config, text: str) -> Topic | None:
    async with opened(config) as store:
        return await store.topics.get(text)


def _subject(text: str, topic: Topic | None) -> Subject:
    return Subject(query=parse(text if topic is None else topic.query), topic=topic)
