"""The topics of a file as the rest of the program knows them: a topic, and the sources that serve it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.config import Config
from monitor.configuration.known import NAMED, named_kinds
from monitor.configuration.model import Defaults
from monitor.configuration.problem import Problem
from monitor.configuration.refusals import suggestion
from monitor.configuration.text_place import place_in
from monitor.configuration.yaml_tree import Keys, Tree
from monitor.crawl.arguments import parameter
from monitor.crawl.platforms import platforms
from monitor.crawl.spider import PlatformSpider
from monitor.crawl.topic_sources import Named, chosen, many_servers, named, places, serving, source_of
from monitor.errors import UsageError
from monitor.query.parse import parse
from monitor.query.refusal import QueryError
from monitor.query.tree import Field, leaves
from monitor.source import Source
from monitor.text.redaction import rules
from monitor.topic import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A topic of the file: what is to be polled for it, and how its query is asked on each platform, in words."""

    topic: Topic
    file: str
    sources: tuple[Source, ...]
    notes: tuple[str, ...]


def refused(tree: Tree) -> list[Problem]:
    """What is wrong with the topics besides their form: queries, ids that stand twice, servers and addresses."""
    problems: list[Problem] = []
    topics = tree.value.get("topics")
    seen: dict[str, Keys] = {}
    for number, told in enumerate(topics if isinstance(topics, list) else ()):
        if not isinstance(told, dict):
            continue
        path: Keys = ("topics", number)
        topic_id = told.get("id")
        if isinstance(topic_id, str):
            if topic_id in seen:
                first = tree.at((*seen[topic_id], "id"))
                problems.append(tree.problem((*path, "id"), f"there is a topic of this id at {first} already"))
            seen.setdefault(topic_id, path)
        problems += _query(tree, (*path, "query"), told.get("query"))
        problems += _unasked(tree, path, told)
        problems += _misnamed(tree, (*path, "overrides"), told)
        for name, judge in (("instances", _instance), ("feeds", _feed), ("redact", _redacted)):
            parts = told.get(name)
            for place, text in enumerate(parts if isinstance(parts, list) else ()):
                if isinstance(text, str) and (says := judge(text)):
                    problems.append(tree.problem((*path, name, place), says))
    return problems


def watched(told: Any, path: Keys, tree: Tree, config: Config, defaults: Defaults) -> Watched | list[Problem]:
    """The topic that a section of the file makes, or what is wrong with it."""
    query = in_languages(one_line(told.query), defaults.languages if told.languages is None else told.languages)
    overrides = {name: each for name in told.overrides.model_fields_set if (each := getattr(told.overrides, name)) is not None}
    try:
        where = named(told.instances, told.feeds, config)
        spiders = chosen(",".join(told.platforms) if told.platforms else None, where, disabled=config.disabled)
        lost = [spider.name for spider in spiders if many_servers(spider) and not places(spider, where)]
        if lost:
            says = f"{lost[0]} has many servers, and none to begin with: name one in instances as {lost[0]}:HOST"
            return [tree.problem((*path, "platforms"), says)]
        topic = Topic(
            id=told.id,
            name=told.name or one_line(told.query),
            query=query,
            platforms=tuple(spider.name for spider in spiders),
            every_s=told.every or defaults.every,
            every_on=tuple(sorted((name, each.every) for name, each in overrides.items() if each.every is not None)),
            authors=told.authors,
            redact=tuple(told.redact),
            tags=tuple(told.tags),
        )
        named_sources = {spider.name: _named(spider, overrides.get(spider.name), where, topic.id) for spider in spiders}
        searching = [spider for spider in spiders if not named_sources[spider.name]]
        sources, notes = serving(searching, parse(query), where, topic=topic.id, config=config)
        sources += [source for each in named_sources.values() for source in each]
    except UsageError as error:
        return [tree.problem((*path, "id"), str(error))]
    if not sources:
        says = "nothing can be polled for it: choose other platforms, or name feeds. " + " ".join(notes)
        return [tree.problem((*path, "query"), says, place=tree.keys.get((*path, "query")))]
    return Watched(topic=topic, file=str(tree.at(path).file), sources=tuple(sources), notes=tuple(notes))


def in_languages(query: str, languages: Sequence[str]) -> str:
    """The query asked in these languages, or where the language is not known; as it is where it speaks of languages itself."""
    if not languages or any(isinstance(leaf, Field) and leaf.name == "lang" for leaf in leaves(parse(query).tree)):
        return query
    known = " OR ".join(dict.fromkeys((*languages, "und")))
    return f"({query}) lang:({known})"


def _named(spider: PlatformSpider, override: Any, where: Named, topic: str) -> list[Source]:
    """What is polled on a platform in place of searches. Raises UsageError for a name that cannot be one."""
    return [
        source_of(spider, kind, {**place, kind: name}, topic=topic)
        for key, kind in named_kinds(spider).items()
        for name in getattr(override, key, ())
        for place in places(spider, where)
    ]


def one_line(query: str) -> str:
    """A query as it is stored: in the file it may go over several lines."""
    return re.sub(r"\s*[\n\r\x85\u2028\u2029]\s*", " ", query.strip())


def _redacted(text: str) -> str | None:
    """What is wrong with something to take out; None: nothing."""
    try:
        rules((text,))
    except UsageError as error:
        return str(error)
    return None


def _query(tree: Tree, path: Keys, query: object) -> list[Problem]:
    if not isinstance(query, str):
        return []
    try:
        parse(query)
    except QueryError as error:
        offset = len(query) - len(query.lstrip()) + error.position - 1
        return [tree.problem(path, f"{error.what} {error.suggestion}", place=place_in(tree, path, offset))]
    return []


def _unasked(tree: Tree, path: Keys, told: Mapping[str, Any]) -> list[Problem]:
    """Servers of platforms that the topic does not look on."""
    wanted, hosts = told.get("platforms"), told.get("instances")
    if not isinstance(wanted, list) or not isinstance(hosts, list):
        return []
    names = [(number, host.partition(":")[0]) for number, host in enumerate(hosts) if isinstance(host, str)]
    return [
        tree.problem((*path, "instances", number), f"the topic does not look on {name}: add it to platforms")
        for number, name in names
        if name in platforms() and name not in wanted
    ]


def _misnamed(tree: Tree, path: Keys, told: Mapping[str, Any]) -> list[Problem]:
    """Platforms that the topic does not look on, and accounts and communities that cannot be any."""
    problems: list[Problem] = []
    wanted, overrides = told.get("platforms"), told.get("overrides")
    for platform, override in overrides.items() if isinstance(overrides, dict) else ():
        if isinstance(wanted, list) and platform in platforms() and platform not in wanted:
            says = f"the topic does not look on {platform}: add it to platforms"
            problems.append(tree.problem((*path, platform), says, place=tree.keys.get((*path, platform))))
        for key, kind in NAMED.items():
            names = override.get(key) if isinstance(override, dict) else None
            for number, name in enumerate(names if isinstance(names, list) else ()):
                try:
                    parameter(kind, str(name))
                except UsageError as error:
                    problems.append(tree.problem((*path, platform, key, number), str(error)))
    return problems


def _instance(text: str) -> str | None:
    platform, colon, host = text.partition(":")
    known = {name for name, spider in platforms().items() if many_servers(spider)}
    if not colon or platform not in known:
        return (
            f"write it as PLATFORM:HOST, with PLATFORM one of {', '.join(sorted(known))}{suggestion(platform, sorted(known))}"
        )
    return refused_host(host)


def refused_host(host: str) -> str | None:
    """What is wrong with the name of a server; None where it is one."""
    try:
        parameter("instance", host)
    except UsageError:
        return "this is no host name: write one such as mastodon.social"
    return None


def _feed(text: str) -> str | None:
    if not re.match(r"https?://[^/\s]", text):
        return "this is no address of a feed: write one that begins with https://"
    try:
        parameter("url", text)
    except UsageError as error:
        return str(error)
    return None
