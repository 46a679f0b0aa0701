"""`monitor topics explain`: what a query means, and what each platform would be asked for it, before anything is asked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from monitor.cli.topics.subject import Subject, subject_anywhere
from monitor.config import Config, load
from monitor.configuration.mode import said_of_mode
from monitor.configuration.model import AUTO
from monitor.crawl.platforms import platform as platform_named
from monitor.crawl.platforms import platforms as all_platforms
from monitor.crawl.topic_sources import Named, chosen_mode, has_token, named, places, takes_token
from monitor.query.english import english
from monitor.query.native import Native, compile_query
from monitor.query.native import platforms as searchable_platforms


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What one platform is asked; `signed_in`: credentials are configured. `servers`: how many are asked. `mode`: the way that
    was chosen, None where there are none; `said`: sentences on it."""

    platform: str
    native: Native
    signed_in: bool
    servers: int
    mode: str | None
    said: tuple[str, ...]

    @property
    def calls(self) -> int:
        return self.native.calls * self.servers


@click.command()
@click.argument("subject", metavar="ID|QUERY")
@click.option("--platform", metavar="A,B", help="Only these. Default: those of the topic, or all that can be asked.")
@click.option("--instance", "instances", multiple=True, metavar="[PLATFORM:]HOST", help="Server to ask; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def explain(subject: str, platform: str | None, instances: tuple[str, ...], as_json: bool) -> None:
    """Say what a topic's or any other query means in English, and what each platform would be asked for it.

    Nothing is asked, no database is needed, and none is made.
    """
    config = load()
    found = subject_anywhere(config, subject)
    where = named(instances, (), config)
    explained = [_explained(name, found, where, config) for name in _chosen(platform, found)]
    click.echo(json.dumps(_told(found, explained), ensure_ascii=False) if as_json else _text(found, explained))


def _chosen(names: str | None, subject: Subject) -> list[str]:
    if names is not None:
        wanted = dict.fromkeys(name.strip() for name in names.split(",") if name.strip())
        return [platform_named(name).name for name in wanted]  # refuses a name that there is not
    if subject.topic is not None and subject.topic.platforms:
        return list(subject.topic.platforms)
    return [name for name in all_platforms() if name in searchable_platforms()]


def _explained(name: str, subject: Subject, where: Named, config: Config) -> Explained:
    """A platform of many servers without a default one is explained for one server, whichever it will be."""
    spider = platform_named(name)
    found = places(spider, where)
    native = compile_query(subject.query, name, has_token=any(takes_token(spider, place, config) for place in found))
    return Explained(
        platform=name,
        native=native,
        signed_in=any(has_token(spider, place, config) for place in found),
        servers=max(1, len(found)),
        mode=chosen_mode(spider, config) or (AUTO if spider.modes else None),
        said=said_of_mode(spider, config),
    )


def _told(subject: Subject, explained: list[Explained]) -> dict[str, Any]:
    return {
        "topic": subject.topic.id if subject.topic else None,
        "version": subject.topic.version if subject.topic else None,
        "query": str(subject.query),
        "english": english(subject.query),
        "calls": sum(each.calls for each in explained),
        "platforms": [
            {
                "platform": each.platform,
                "relation": each.native.relation,
                "calls": each.calls,
                "servers": each.servers,
                "signed_in": each.signed_in,
                "mode": each.mode,
                "asks": [{"kind": ask.kind, "parameters": dict(ask.parameters)} for ask in each.native.asks],
                "note": each.native.note,
                "misses": each.native.misses,
            }
            for each in explained
        ],
    }


def _text(subject: Subject, explained: list[Explained]) -> str:
    lines = [f"{english(subject.query)}."]
    if subject.topic is not None:
        lines.append(f"Topic {subject.topic.id}, version {subject.topic.version}: {subject.query}")
    wide = max((len(each.platform) for each in explained), default=0)
    for each in explained:
        lines += ["", f"{each.platform:<{wide}}  {each.native.relation:<11}  {_cost(each)}"]
        lines += [f"  {ask.kind} {_asked(ask.parameters)}".rstrip() for ask in each.native.asks]
        lines += [f"  {sentence}" for sentence in (*each.said, each.native.note, each.native.misses) if sentence]
    return "\n".join([*lines, "", f"In all {_calls(sum(each.calls for each in explained))} when nothing is new."])


def _cost(each: Explained) -> str:
    if not each.native.asks:
        return "nothing is asked"
    streams = sum(ask.kind == "stream" for ask in each.native.asks)
    told = [_calls(each.calls)] if each.calls else []
    told += ["1 connection that stays open"] if streams else []
    return ", ".join(told) + (f", on {each.servers} servers" if each.servers > 1 else "")


def _calls(count: int) -> str:
    return f"{count} call{'' if count == 1 else 's'} per poll"


def _asked(parameters: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(parameters.items()))
