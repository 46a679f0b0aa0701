"""Topics as the `topics:` section of a configuration file, which reads back as the same topics."""

from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from monitor.configuration.known import named_kinds
from monitor.configuration.model import duration
from monitor.crawl.platforms import platforms
from monitor.crawl.topic_sources import Named, compiled_ids, many_servers, needs_address
from monitor.query.parse import parse
from monitor.source import Source
from monitor.topic import Topic


class _Query(str):
    """A text that is written as a block."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes lists indented below their key, as people do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002  # as in PyYAML
        super().increase_indent(flow, indentless=False)


_Dumper.add_representer(_Query, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|"))


def section(topics: Iterable[tuple[Topic, Sequence[Source]]]) -> str:
    """The section of topics with the sources that serve them."""
    told = [_entry(topic, sources) for topic, sources in topics]
    if not told:
        return "version: 1\n\ntopics: []\n"
    entries = yaml.dump({"topics": told}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return f"version: 1\n\n{entries}"


def untold(topic: Topic, sources: Sequence[Source]) -> list[str]:
    """Ids of sources that no key of a topic stands for: what was named by hand, and what only an older query needed."""
    where, query = _where(topic, sources), parse(topic.query)
    told = set[str]().union(*(compiled_ids(spider(), query, where) for spider in platforms().values()))
    in_place = _in_place(topic, sources)
    return [
        source.id
        for source in sources
        if source.id not in told and source.platform not in in_place and source.parameters.get("url") not in where.feeds
    ]


def _in_place(topic: Topic, sources: Sequence[Source]) -> dict[str, dict[str, list[str]]]:
    """Accounts and communities that are polled in place of searches, by platform and key: there is nothing else of the platform."""
    where, query = _where(topic, sources), parse(topic.query)
    found: dict[str, dict[str, list[str]]] = {}
    for name, spider in platforms().items():
        mine = {source.id: source for source in sources if source.platform == name}
        keys = {kind: key for key, kind in named_kinds(spider).items()}
        if mine.keys() <= compiled_ids(spider(), query, where) or any(each.kind not in keys for each in mine.values()):
            continue
        named: dict[str, list[str]] = {}
        for each in mine.values():
            named.setdefault(keys[each.kind], []).append(each.parameters[each.kind])
        found[name] = {key: list(dict.fromkeys(names)) for key, names in named.items()}
    return found


def _where(topic: Topic, sources: Sequence[Source]) -> Named:
    """Servers and feeds that the topic is looked for at."""
    known = platforms()
    mine = [source for source in sources if source.platform in known]
    servers = [
        (source.platform, source.parameters["instance"])
        for source in mine
        if many_servers(known[source.platform])
        and "instance" in source.parameters
        and (not topic.platforms or source.platform in topic.platforms)
    ]
    feeds = [
        source.parameters["url"] for source in mine if needs_address(known[source.platform]) and "url" in source.parameters
    ]
    return Named(hosts=tuple(dict.fromkeys(servers)), feeds=tuple(feeds))


def _entry(topic: Topic, sources: Sequence[Source]) -> dict[str, Any]:
    where = _where(topic, sources)
    overrides: dict[str, dict[str, Any]] = {name: dict(named) for name, named in _in_place(topic, sources).items()}
    for name, every_s in topic.every_on:
        overrides.setdefault(name, {})["every"] = duration(every_s)
    told: dict[str, Any] = {
        "id": topic.id,
        "name": topic.name if topic.name != topic.query else None,
        "query": _Query(topic.query + "\n"),
        "platforms": [name for name in topic.platforms if name in platforms()],
        "instances": [f"{platform}:{host}" for platform, host in where.hosts],
        "feeds": list(where.feeds),
        "every": None if topic.every_s is None else duration(topic.every_s),
        "overrides": overrides,
        "authors": topic.authors if topic.authors != "keep" else None,
        "redact": list(topic.redact),
        "tags": list(topic.tags),
    }
    return {key: value for key, value in told.items() if value}
