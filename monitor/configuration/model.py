"""What may stand in a configuration file, as strict models; what depends on the platforms is in `monitor.configuration.known`."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from monitor import retention
from monitor.config import Secret, is_database_name
from monitor.topic import Authors

SOONEST_S, LATEST_S = 15, 30 * 86_400
AUTO = "auto"  # the mode of a platform where none is chosen
_DURATION = re.compile(r"([1-9][0-9]{0,6})([smhd])")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _refused(says: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{says}", {"says": says})


def _seconds(told: object) -> int:
    found = _DURATION.fullmatch(told) if isinstance(told, str) else None
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not SOONEST_S <= seconds <= LATEST_S:
        raise _refused("write a length of time from 15s to 30d, such as 45s, 15m, 2h or 1d")
    return seconds


def _retention(told: object) -> timedelta:
    try:
        return retention.read(told if isinstance(told, str) else "")
    except ValueError as error:
        raise _refused(str(error)) from None


def duration(seconds: int) -> str:
    """The text that is read as so many seconds: 900 gives 15m."""
    unit = next(unit for unit in "dhms" if seconds % _UNITS[unit] == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def _zone(told: str) -> str:
    try:
        return ZoneInfo(told).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _refused("there is no such time zone: write one such as Europe/Berlin") from None


def _database(told: str) -> str:
    if not is_database_name(told):
        raise _refused("this is no database name: use letters, digits, - and _, at most 63")
    return told


def _secret(told: object) -> Secret:
    if not isinstance(told, str):
        raise PydanticCustomError("string_type", "text")
    return Secret(told)


def _language(told: str) -> str:
    if _LANGUAGE.fullmatch(told) is None:
        raise _refused(
            "write a language as two or three small letters, such as en, or und for posts whose language is not known"
        )
    return told


def _no_mode(_: object) -> None:
    raise _refused("this platform has no modes to choose from: take it out")


def _filled(told: str) -> str:
    if not told.strip():
        raise _refused("is empty")
    return told.strip()


SecretText = Annotated[Secret, PlainValidator(_secret), WithJsonSchema({"type": "string"})]
Seconds = Annotated[int, PlainValidator(_seconds), WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]*[smhd]$"})]
Retention = Annotated[timedelta, PlainValidator(_retention), WithJsonSchema({"type": "string", "pattern": retention.PATTERN})]
Zone = Annotated[str, AfterValidator(_zone)]
Filled = Annotated[str, AfterValidator(_filled)]
Language = Annotated[str, AfterValidator(_language)]
# Known, so that a sentence can be said of it, and in no schema and no suggestion.
NoMode = SkipJsonSchema[Annotated[None, PlainValidator(_no_mode)]]


class Section(BaseModel):
    """A mapping of the file: nothing in it that is not known, and nothing turned into what was not written."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)


class Mongo(Section):
    """Where posts are kept."""

    uri: SecretText | None = Field(None, description="Address of the MongoDB to use; without it, a private one is started.")
    uri_file: Filled | None = Field(None, description="A file that holds the address.")
    database: Annotated[str, AfterValidator(_database)] | None = Field(None, description="Name of the database.")


class Defaults(Section):
    """What holds where nothing else is said."""

    every: Seconds | None = Field(None, description="How fresh the posts of topics are to be.")
    languages: list[Language] = Field([], description="In which languages posts of topics are looked for; without it, in all.")
    retention: Retention | None = Field(None, description="How long posts are kept; without it, for ever.")
    timezone: Zone | None = Field(None, description="Whose days figures are counted by, where a scope has no tz.")


class Override(Section):
    """What is otherwise on one platform; what can be named there comes by platform."""

    every: Seconds | None = Field(None, description="How fresh its posts are to be.")


class TopicSection(Section):
    """One topic: a query and where to look."""

    id: str = Field(description="Lower-case letters, digits, - and _, at most 64; never given to another topic.")
    name: Filled | None = Field(None, description="Name to show; without it, the query.")
    query: str = Field(description="What posts have to say: docs/query-language.md.")
    platforms: list[str] | None = Field(None, description="Where to look; without it, wherever nothing more is needed.")
    instances: list[str] = Field([], description="Servers to ask, each as PLATFORM:HOST.")
    feeds: list[str] = Field([], description="Addresses of feeds to watch for the topic.")
    every: Seconds | None = Field(None, description="How fresh its posts are to be.")
    languages: list[Language] | None = Field(None, description="In which languages posts are looked for; [] in all.")
    overrides: dict[str, Any] = Field({}, description="What is otherwise on single platforms, by platform.")
    authors: Authors = Field("keep", description="Whether names of authors are kept or made pseudonyms before they are stored.")
    redact: list[Filled] = Field([], description="What is blotted out of its posts before they are stored.")
    tags: list[Filled] = Field([], description="Words for people.")


class PlatformSection(Section):
    """What every platform has; credentials come by platform."""

    enabled: bool = Field(True, description="false: not polled by `monitor collect`, and no topic looks there by itself.")


class Settings(Section):
    """The whole file, as far as it can be known without the platforms."""

    version: Literal[1] = Field(1, description="The form of this file.")
    mongo: Mongo = Field(default_factory=lambda: Mongo.model_validate({}), description="The database.")
    home: Filled | None = Field(None, description="Folder of the private MongoDB.")
    contact: Filled | None = Field(None, description="Mail address or page of whoever runs this; part of every request.")
    private_hosts: list[Filled] = Field([], description="Hosts outside of the public internet that may be asked.")
    defaults: Defaults = Field(
        default_factory=lambda: Defaults.model_validate({}), description="What holds where nothing else is said."
    )
    platforms: dict[str, Any] = Field({}, description="Credentials and servers, by platform.")
    topics: list[Any] = Field([], description="What is watched.")
