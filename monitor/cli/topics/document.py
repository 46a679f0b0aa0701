"""A topic as it is exchanged between databases: a JSON object with its versions and sources. Pure, and strict in what it reads."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, get_args

from monitor.crawl.exported import moment
from monitor.crawl.platforms import platform as platform_named
from monitor.crawl.topic_sources import source_of
from monitor.errors import UsageError
from monitor.query.parse import parse
from monitor.source import Source
from monitor.text.redaction import rules
from monitor.topic import Authors, Topic

_FIELDS = {"id": str, "name": str, "queries": list, "platforms": list, "sources": list}
_MORE = frozenset({"every_s", "every_on", "authors", "redact", "tags"})  # what files of earlier releases lack
_SOURCE_FIELDS = {"platform": str, "kind": str, "parameters": dict}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """A topic, the query of each version from the first on, and the sources that serve it."""

    topic: Topic
    queries: tuple[str, ...]
    sources: tuple[Source, ...]

    @property
    def first(self) -> Topic:
        """The topic as it began."""
        return replace(self.topic, query=self.queries[0], version=1)


def document_of(exchanged: Exchanged) -> dict[str, Any]:
    """The object that `read_topics` reads back; the last of `queries` is the present one."""
    return {
        "id": exchanged.topic.id,
        "name": exchanged.topic.name,
        "queries": list(exchanged.queries),
        "platforms": list(exchanged.topic.platforms),
        "every_s": exchanged.topic.every_s,
        "every_on": dict(exchanged.topic.every_on),
        "authors": exchanged.topic.authors,
        "redact": list(exchanged.topic.redact),
        "tags": list(exchanged.topic.tags),
        "sources": [
            {"platform": source.platform, "kind": source.kind, "parameters": dict(source.parameters)}
            | ({} if source.since is None else {"since": moment(source.since)})
            for source in exchanged.sources
        ],
    }


def read_topics(text: str) -> list[Exchanged]:
    """The topics of an array or of a JSON object per line. Raises UsageError that says which topic, and what is wrong."""
    found = [_topic(told, place) for place, told in _objects(text.removeprefix("\ufeff"))]
    if not found:
        raise UsageError("There is no topic in it: `monitor topics export` writes what is read here.")
    ids = [each.topic.id for each in found]
    if twice := sorted({topic_id for topic_id in ids if ids.count(topic_id) > 1}):
        raise UsageError(f"The topic {twice[0]} is in it more than once.")
    return found


def _objects(text: str) -> list[tuple[str, Any]]:
    """Each object, and where it stands."""
    if text.lstrip().startswith("["):
        return [(f"topic {number}", told) for number, told in enumerate(_read(text, "It"), start=1)]
    lines = enumerate(text.split("\n"), start=1)  # no other sign ends a line of JSON
    return [(f"line {number}", _read(line, f"Line {number}")) for number, line in lines if line.strip()]


def _read(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise UsageError(f"{what} is no JSON{where}: one array of topics is read, or an object on each line.") from error


def _topic(told: Any, place: str) -> Exchanged:
    _check(told, _FIELDS, _MORE, place)
    queries, platforms = _texts(told, "queries", place), _texts(told, "platforms", place)
    if not queries:
        raise UsageError(f"In {place}, queries is empty: it holds the query of each version, the present one last.")
    try:
        topic = _wished(
            told,
            place,
            Topic(id=told["id"], name=told["name"], query=queries[-1], version=len(queries), platforms=tuple(platforms)),
        )
        for query in queries:
            parse(query)
        for name in platforms:
            platform_named(name)
        sources = tuple(_source(source, topic.id, place) for source in told["sources"])
    except UsageError as error:
        raise UsageError(f"In {place}: {error}") from error
    if any(earlier == later for earlier, later in pairwise(queries)):
        raise UsageError(f"In {place}, two versions that follow each other have the same query.")
    return Exchanged(topic=topic, queries=tuple(queries), sources=sources)


def _wished(told: Mapping[str, Any], place: str, topic: Topic) -> Topic:
    """The topic with how fresh and how private it is to be. Raises UsageError: privacy is never left out in silence."""
    every_s, every_on, authors = told.get("every_s"), told.get("every_on", {}), told.get("authors", "keep")
    lists = {name: told.get(name, []) for name in ("redact", "tags")}
    if not all(isinstance(each, list) for each in lists.values()):
        raise UsageError(f"In {place}, redact and tags have to be lists.")
    redact, tags = _texts(lists, "redact", place), _texts(lists, "tags", place)
    if authors not in get_args(Authors) or not (every_s is None or _is_seconds(every_s)):
        raise UsageError(f"In {place}, authors has to be keep or pseudonymise, and every_s a number of seconds or null.")
    if not isinstance(every_on, dict) or not all(map(_is_seconds, every_on.values())):
        raise UsageError(f"In {place}, every_on has to be an object of seconds by platform.")
    for name in every_on:
        platform_named(name)
    rules(redact)
    return replace(
        topic, every_s=every_s, every_on=tuple(every_on.items()), authors=authors, redact=tuple(redact), tags=tuple(tags)
    )


def _is_seconds(told: object) -> bool:
    return type(told) is int and told > 0


def _source(told: Any, topic: str, place: str) -> Source:
    _check(told, _SOURCE_FIELDS, frozenset({"since"}), f"a source of {place}")
    spider = platform_named(told["platform"])
    parameters: Mapping[str, Any] = told["parameters"]
    kind = spider.kinds.get(told["kind"])
    if kind is None or not set(kind.needs) <= set(parameters) <= {*kind.needs, *kind.takes}:
        raise UsageError(f"{spider.name} has no source {told['kind']!r} with {', '.join(sorted(parameters)) or 'nothing'}.")
    if not all(isinstance(value, str) for value in parameters.values()):
        raise UsageError(f"The parameters of a source of {spider.name} have to be texts.")
    made = source_of(spider, told["kind"], parameters, topic=topic)
    return Source(
        platform=made.platform, kind=made.kind, parameters=made.parameters, topics=made.topics, since=_since(told.get("since"))
    )


def _since(told: Any) -> datetime | None:
    if told is None:
        return None
    try:
        since = datetime.fromisoformat(told)
    except (TypeError, ValueError):
        since = None
    if since is None or since.tzinfo is None:
        raise UsageError(f"since of a source is no moment: {str(told)[:50]!r}; write one such as 2026-11-22T08:00:00Z.")
    return since


def _check(told: Any, needed: Mapping[str, type], more: frozenset[str], place: str) -> None:
    if not isinstance(told, dict):
        raise UsageError(f"{place} is no JSON object.")
    for name, kind in needed.items():
        if not isinstance(told.get(name), kind):
            raise UsageError(f"In {place}, {name} is missing, or not of the kind that `monitor topics export` writes.")
    if unknown := sorted(told.keys() - needed.keys() - more):
        raise UsageError(f"In {place}, {unknown[0][:50]!r} is not known: {', '.join((*needed, *sorted(more)))} are.")


def _texts(told: Mapping[str, Any], name: str, place: str) -> list[str]:
    texts: list[str] = told[name]
    if not all(isinstance(text, str) for text in texts):
        raise UsageError(f"In {place}, {name} has to be a list of texts.")
    return texts
