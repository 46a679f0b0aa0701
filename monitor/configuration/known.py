"""What the platforms that are there may have in the file: servers, and the credentials that each of them looks up by itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, Field, create_model

from monitor.config import load
from monitor.configuration.model import (
    AUTO,
    Filled,
    NoMode,
    Override,
    PlatformSection,
    SecretText,
    Section,
    Settings,
    TopicSection,
)
from monitor.configuration.variable import OF_HOST
from monitor.crawl.platforms import platforms
from monitor.crawl.spider import PlatformSpider
from monitor.crawl.topic_sources import many_servers
from monitor.errors import CredentialsError
from monitor.source import Source

NAMED = {"accounts": "account", "communities": "community"}
_FILE = "_FILE"
_HOST = "example.org"


@dataclass(frozen=True, slots=True)
class Credential:
    """`key` in the file, such as token; `variable` in the environment. `of_host`: there is one for each server (as well)."""

    key: str
    variable: str
    alone: bool
    of_host: bool


class _Noted(Mapping[str, str]):
    """An empty environment that notes which names are looked up."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __getitem__(self, name: str) -> str:
        self.names.append(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def credentials(platform: PlatformSpider) -> list[Credential]:
    """What the platform takes, by what its `login` and `sign_in` look up for each kind of source."""
    noted = _Noted()
    config = replace(load({}), environment=noted)
    for kind, told in platform.kinds.items():
        parameters = {name: _HOST if name == "instance" else "x" for name in told.needs}
        try:
            source = Source(platform=platform.name, kind=kind, parameters=parameters)
            platform.login(config, source)
            platform.sign_in(config, source, {})
        except CredentialsError:
            continue
    names = [name for name in dict.fromkeys(noted.names) if not name.endswith(_FILE)]
    plain = dict.fromkeys(name.partition(OF_HOST)[0] for name in names)
    return [
        Credential(
            key=name.removeprefix(f"{platform.name.upper()}_").lower(),
            variable=name,
            alone=name in names,
            of_host=any(each.startswith(name + OF_HOST) for each in names),
        )
        for name in plain
    ]


@cache
def model() -> type[Settings]:
    """The whole file, with a section for each platform that is there."""
    known = platforms()
    sections = {name: (_section(spider()) | None, Field(None, description=f"{name}.")) for name, spider in known.items()}
    names: Any = Literal[tuple(known)]  # made of what is there
    looked_on: Any = (list[names] | None, TopicSection.model_fields["platforms"])
    otherwise: dict[str, Any] = {
        name: (_override(spider()) | None, Field(None, description=f"{name}.")) for name, spider in known.items()
    }
    overrides: Any = (create_model("Overrides", __base__=Section, **otherwise), Field({}, validate_default=True))
    topic = create_model("Topic", __base__=TopicSection, platforms=looked_on, overrides=overrides)
    fields: dict[str, Any] = {
        "platforms": (create_model("Platforms", __base__=Section, **sections), Field({}, validate_default=True)),  # type: ignore[call-overload]
        "topics": (list[topic], Settings.model_fields["topics"]),  # type: ignore[valid-type]
    }
    made: type[Settings] = create_model("Monitor", __base__=Settings, **fields)
    return made


def schema() -> dict[str, Any]:
    """The JSON Schema of the file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model().model_json_schema(), "title": "monitor.yaml"}


def named_kinds(platform: PlatformSpider | type[PlatformSpider]) -> dict[str, str]:
    """Kinds of source that a topic can name in place of a search, by their key in the file: `accounts`, `communities`."""
    return {
        key: kind
        for key, kind in NAMED.items()
        if kind in platform.kinds and set(platform.kinds[kind].needs) <= {kind, "instance"}
    }


def _override(platform: PlatformSpider) -> type[BaseModel]:
    fields: dict[str, Any] = {
        key: (list[Filled], Field([], description=f"{key.title()} that are polled for the topic, in place of searches."))
        for key in named_kinds(platform)
    }
    made: type[BaseModel] = create_model(f"{platform.name.title()}Override", __base__=Override, **fields)
    return made


def _section(platform: PlatformSpider) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    if many_servers(platform):
        fields["instances"] = (list[Filled], Field([], description="Servers to ask for topics that name none."))
    modes: Any = Literal[(AUTO, *platform.modes)]
    fields["mode"] = (
        (modes, Field(AUTO, description="How topics are followed here; auto: by whether its credentials are set."))
        if platform.modes
        else (NoMode, None)
    )
    for each in credentials(platform):
        if each.alone:
            fields[each.key] = (SecretText | None, Field(None, description=f"{each.variable} in the environment."))
            fields[f"{each.key}_file"] = (
                Filled | None,
                Field(None, description=f"A file that holds it; {each.variable}_FILE in the environment."),
            )
        if each.of_host:
            fields[f"{each.key}s"] = (
                dict[str, SecretText],
                Field({}, description=f"By server; {each.variable}__HOST in the environment."),
            )
            fields[f"{each.key}_files"] = (dict[str, Filled], Field({}, description="Files that hold them, by server."))
    made: type[BaseModel] = create_model(platform.name.title(), __base__=PlatformSection, **fields)
    return made
