"""The configuration file as the rest of the program takes it: variables as the environment has them, and what has no variable.

The environment goes before `.env` beside the file, that before the file. Platforms and topics are looked at by
`monitor.configuration.checked`, which loads the platforms; here their section is taken as it stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from monitor.config import expanded
from monitor.configuration.joined import joined
from monitor.configuration.model import AUTO, Settings
from monitor.configuration.problem import ConfigurationFileError, Place, Problem, problem
from monitor.configuration.reference import resolve
from monitor.configuration.refusals import problems_of
from monitor.configuration.variable import platform_variables
from monitor.configuration.yaml_tree import Keys, Tree, read_file
from monitor.errors import ConfigurationError
from monitor.retention import told as retained

FOLDER = "conf.d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The files as one tree, references resolved; `resolved` are the paths that had some. `problems`: references that cannot be."""

    file: Path
    tree: Tree
    environment: Mapping[str, str]
    resolved: frozenset[Keys]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """What the file adds to a process: its variables below those of the environment, and what has no variable."""

    environment: Mapping[str, str]
    zone: str
    instances: Mapping[str, tuple[str, ...]]
    modes: Mapping[str, str]
    disabled: frozenset[str]


def read(file: Path, environment: Mapping[str, str]) -> Reading:
    """Read the file, those of conf.d beside it, and .env. Raises ConfigurationError, with all places where what they hold is wrong."""
    trees: list[Tree] = []
    problems: list[Problem] = []
    for each in (file, *sorted((file.parent / FOLDER).glob("*.yaml"))):
        try:
            trees.append(read_file(each))
        except OSError as error:
            raise ConfigurationError(f"The configuration file {each} cannot be read: {error.strerror}.") from error
        except ConfigurationFileError as error:
            problems += error.problems
    if problems:
        raise ConfigurationFileError(problems)
    tree = joined(trees)
    known = layered(environment, _dotenv(file.parent / ".env"))
    resolved, wrong = resolve(tree, known)
    tree.value = _given(tree.value)
    return Reading(file=file, tree=tree, environment=known, resolved=resolved, problems=tuple(wrong))


def settings_in(file: Path, environment: Mapping[str, str]) -> FileSettings:
    """What the file says to a process. Raises ConfigurationError for what is wrong in it, but for platforms and topics."""
    reading = read(file, environment)
    problems = list(reading.problems)
    try:
        told = Settings.model_validate(reading.tree.value)
    except ValidationError as error:
        problems += problems_of(error, Settings, reading.tree)
        raise ConfigurationFileError(problems) from None
    if problems:
        raise ConfigurationFileError(problems)
    sections = {name: section for name, section in told.platforms.items() if isinstance(section, dict)}
    variables = platform_variables(sections, file.parent) | _variables(told, file.parent)
    return FileSettings(
        environment=layered(reading.environment, variables),
        zone=told.defaults.timezone or "UTC",
        instances={name: found for name, section in sections.items() if (found := _hosts(section))},
        modes={name: str(mode) for name, section in sections.items() if (mode := section.get("mode", AUTO)) != AUTO},
        disabled=frozenset(name for name, section in sections.items() if section.get("enabled") is False),
    )


def layered(*layers: Mapping[str, str]) -> dict[str, str]:
    """One environment of several, the first before the others. NAME and NAME_FILE are one: the layer that has either decides."""
    whole: dict[str, str] = {}
    for layer in layers:
        before = dict(whole)
        for name, value in layer.items():
            plain = name.removesuffix("_FILE")
            if not (before.get(plain) or before.get(f"{plain}_FILE")):
                whole[name] = value
    return whole


def _variables(told: Settings, folder: Path) -> dict[str, str]:
    mongo = told.mongo
    named = {
        "MONGODB_URI": mongo.uri and mongo.uri.reveal(),
        "MONGODB_URI_FILE": mongo.uri_file and str(folder / expanded(mongo.uri_file, "mongo.uri_file")),
        "MONITOR_DATABASE": mongo.database,
        "MONITOR_HOME": told.home and str(folder / expanded(told.home, "home")),
        "MONITOR_CONTACT": told.contact,
        "MONITOR_PRIVATE_HOSTS": ",".join(told.private_hosts),
        "MONITOR_RETENTION": told.defaults.retention and retained(told.defaults.retention),
    }
    return {name: value for name, value in named.items() if value}


def _hosts(section: Mapping[str, Any]) -> tuple[str, ...]:
    told = section.get("instances")
    return tuple(host for host in told if isinstance(host, str)) if isinstance(told, list) else ()


def _given(value: dict[str, Any]) -> dict[str, Any]:
    """Without the keys that have no value: all in a section may be commented out."""
    return {key: _given(each) if isinstance(each, dict) else _parts(each) for key, each in value.items() if each is not None}


def _parts(value: Any) -> Any:
    return [_given(each) if isinstance(each, dict) else each for each in value] if isinstance(value, list) else value


def _dotenv(path: Path) -> dict[str, str]:
    """The variables of a .env file; what stands in it is taken as it is. Raises ConfigurationError."""
    from dotenv.parser import parse_stream

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is no text in UTF-8: save it as UTF-8.") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    bindings = list(parse_stream(StringIO(text)))
    wrong = [
        problem(Place(path, each.original.line, 1), "this is no line such as NAME=value", text=text)
        for each in bindings
        if each.error
    ]
    if wrong:
        raise ConfigurationFileError(wrong)
    return {each.key: each.value for each in bindings if each.key and each.value}
