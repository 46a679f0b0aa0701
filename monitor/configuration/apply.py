"""Topics of a configuration file brought into MongoDB: made, edited, and their sources with them. Done again, it changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.config import Config
from monitor.configuration.checked import Checked
from monitor.configuration.reading import FOLDER
from monitor.configuration.watched import Watched
from monitor.crawl.topic_sources import check_addresses
from monitor.errors import UsageError
from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.topic_files import TopicFiles
from monitor.store.topics import Changes
from monitor.topic import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How a topic of the file differs from what is stored: `known` None where there is no such topic.

    `taken_over`: it was made by a command, and is the file's from now on. `gone`: sources that are to serve it no more.
    """

    watched: Watched
    known: Topic | None
    taken_over: bool
    changes: Changes
    new: tuple[Source, ...]
    gone: tuple[str, ...]

    @property
    def is_none(self) -> bool:
        """Whether all is as the file says."""
        return self.known is not None and not (self.taken_over or self.changes or self.new or self.gone)

    def __str__(self) -> str:
        topic, sources = self.watched.topic, f"{len(self.watched.sources)} source{'s' * (len(self.watched.sources) != 1)}"
        if self.known is None:
            return f"{topic.id}: made, {sources}."
        if self.is_none:
            return f"{topic.id}: as in the file, {sources}."
        told = ["taken over by the file"] if self.taken_over else []
        told += [f"query (version {self.known.version + 1})" if name == "query" else name for name in self.changes]
        told += [f"{len(self.new)} sources more"] if self.new else []
        told += [f"{len(self.gone)} sources less"] if self.gone else []
        return f"{topic.id}: changed: {', '.join(told)}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What has to be changed; `left` are topics of this file, by id, that stand in it no more."""

    differences: tuple[Difference, ...]
    left: Mapping[str, str]

    def lines(self, *, all_of_them: bool) -> list[str]:
        """A line for each topic that changes, or for all."""
        told = [str(each) for each in self.differences if all_of_them or not each.is_none]
        return told + [
            f"{topic_id}: stands in {file} no more. It is kept, and from now on yours: monitor topics remove {topic_id}"
            for topic_id, file in self.left.items()
        ]


async def plan(store: Store, checked: Checked) -> Plan:
    """Compare the file with MongoDB. Raises UsageError for an id that was removed: its posts still tell of it."""
    files = await TopicFiles(store.database).all()
    serving = [standing.source for standing in await store.sources.list_all()]
    differences = [await _difference(store, each, files, serving) for each in checked.topics]
    here = {each.topic.id for each in checked.topics}
    left = {topic_id: file for topic_id, file in files.items() if topic_id not in here and _is_of(checked.file, file)}
    return Plan(differences=tuple(differences), left=left)


async def carry_out(store: Store, planned: Plan, config: Config) -> None:
    """Make it so. The topic first, then its sources, so that what is cut short is finished by doing it again."""
    await check_addresses((source for each in planned.differences for source in each.new), config)
    marks = TopicFiles(store.database)
    for each in planned.differences:
        topic = each.watched.topic
        if each.known is None:
            await store.topics.add(topic)
        elif each.changes:
            await store.topics.edit(topic.id, **each.changes)
        await marks.mark(topic.id, each.watched.file)
        for source in each.new:
            await store.sources.ensure(source)
        if each.gone:
            await store.sources.release(topic.id, among=each.gone)
    for topic_id in planned.left:
        await marks.mark(topic_id, None)


async def _difference(store: Store, told: Watched, files: Mapping[str, str], serving: Sequence[Source]) -> Difference:
    topic = told.topic
    known = await store.topics.get(topic.id)
    if known is None and await store.topics.versions(topic.id):
        raise UsageError(
            f"There was a topic {topic.id}, and its posts still tell of it: give the one in {told.file} another id, since ids are "
            "never reused."
        )
    mine = {source.id for source in serving if topic.id in source.topics}
    wanted = {source.id: source for source in told.sources}
    return Difference(
        watched=told,
        known=known,
        taken_over=known is not None and files.get(topic.id) != told.file,
        changes={} if known is None else _changes(known, topic),
        new=tuple(source for source_id, source in wanted.items() if source_id not in mine),
        gone=tuple(sorted(mine - wanted.keys())),
    )


def _changes(known: Topic, wanted: Topic) -> Changes:
    changes: Changes = {}
    if known.name != wanted.name:
        changes["name"] = wanted.name
    if known.query != wanted.query:
        changes["query"] = wanted.query
    if known.platforms != wanted.platforms:
        changes["platforms"] = wanted.platforms
    if known.every_s != wanted.every_s:
        changes["every_s"] = wanted.every_s
    if known.every_on != wanted.every_on:
        changes["every_on"] = wanted.every_on
    if known.authors != wanted.authors:
        changes["authors"] = wanted.authors
    if known.redact != wanted.redact:
        changes["redact"] = wanted.redact
    if known.tags != wanted.tags:
        changes["tags"] = wanted.tags
    return changes


def _is_of(file: Path, other: str) -> bool:
    """Whether a topic of `other` belongs to the configuration whose first file this is."""
    return Path(other) == file or Path(other).parent == file.parent / FOLDER
