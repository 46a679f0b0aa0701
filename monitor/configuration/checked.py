"""A configuration file looked at as a whole: settings, platforms and topics, with all that is wrong at once."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from monitor.config import Config, file_of, load
from monitor.configuration.known import model
from monitor.configuration.mode import unmet
from monitor.configuration.model import Settings
from monitor.configuration.problem import ConfigurationFileError, Problem
from monitor.configuration.reading import Reading, read
from monitor.configuration.refusals import problems_of
from monitor.configuration.variable import FILE, NO_VARIABLE
from monitor.configuration.watched import Watched, refused, refused_host, watched
from monitor.configuration.yaml_tree import Keys
from monitor.crawl.platforms import platform

NO_SECRET = NO_VARIABLE | {"identifier"}  # the name of an account, which others see


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A file that can be used: the files it is made of, its topics, and what should be otherwise."""

    file: Path
    files: tuple[Path, ...]
    topics: tuple[Watched, ...]
    warnings: tuple[Problem, ...]


def check_present() -> Checked | None:
    """Check the file that this process is configured by; None where there is none. Raises ConfigurationError."""
    file = file_of(os.environ)
    return None if file is None else check(file, os.environ)


def check(file: Path, environment: Mapping[str, str]) -> Checked:
    """Read and check a file. Raises ConfigurationFileError with all that is wrong, ConfigurationError where it cannot be read."""
    reading = read(file, environment)
    tree, problems = reading.tree, list(reading.problems)
    told: Settings | None = None
    try:
        told = model().model_validate(tree.value)
    except ValidationError as error:
        problems += problems_of(error, model(), tree)
    problems += [*refused(tree), *_twice(reading), *_hosts(reading)]
    if problems or told is None:
        raise ConfigurationFileError(problems)
    config = load({**environment, "MONITOR_CONFIG": str(file)})
    return Checked(
        file=file,
        files=tuple(tree.texts),
        topics=_topics(told, reading, config),
        warnings=(*_literal_secrets(reading), *_unmet_modes(reading, config)),
    )


def _topics(told: Settings, reading: Reading, config: Config) -> tuple[Watched, ...]:
    made = [watched(each, ("topics", number), reading.tree, config, told.defaults) for number, each in enumerate(told.topics)]
    problems = [each for found in made if isinstance(found, list) for each in found]
    if problems:
        raise ConfigurationFileError(problems)
    return tuple(each for each in made if isinstance(each, Watched))


def _twice(reading: Reading) -> Iterator[Problem]:
    """A value and a file for the same."""
    for path, section in _sections(reading):
        for key, value in section.items():
            plain = section.get(key.removesuffix("s").removesuffix(FILE) + "s" * key.endswith("s"))
            if FILE not in key or plain is None:
                continue
            both = not isinstance(value, dict) or (isinstance(plain, dict) and plain.keys() & value.keys())
            if both:
                yield reading.tree.problem((*path, key), f"stands beside {key.replace(FILE, '')}: give one of them")


def _hosts(reading: Reading) -> Iterator[Problem]:
    """Names of servers that are none."""
    for path, section in _sections(reading):
        for key, value in section.items():
            parts: Mapping[Any, Any] = (
                dict(enumerate(value))
                if key == "instances" and isinstance(value, list)
                else {host: host for host in value}
                if isinstance(value, dict)
                else {}
            )
            for place, host in parts.items():
                if isinstance(host, str) and (says := refused_host(host)):
                    here = (*path, key, place)
                    yield reading.tree.problem(here, says, place=reading.tree.keys.get(here))


def _literal_secrets(reading: Reading) -> Iterator[Problem]:
    """Secrets that stand in the file itself."""
    for path, section in _sections(reading):
        for key, value in section.items():
            if key in NO_SECRET or FILE in key or (path == ("mongo",) and key != "uri"):
                continue
            each: Mapping[Keys, Any] = (
                {(*path, key, host): told for host, told in value.items()} if isinstance(value, dict) else {(*path, key): value}
            )
            for here, told in each.items():
                if (
                    isinstance(told, str)
                    and here not in reading.resolved
                    and not (path == ("mongo",) and not _has_password(told))
                ):
                    says = "a secret stands in the file: write ${NAME} and set NAME in the environment or in .env, or name a file with "
                    yield reading.tree.problem(here, f"{says}{key.removesuffix('s')}{FILE}{'s' * isinstance(value, dict)}")


def _unmet_modes(reading: Reading, config: Config) -> Iterator[Problem]:
    """Modes that ask with credentials which are not there."""
    for name in config.modes.keys() - config.disabled:
        if lack := unmet(platform(name), config):
            yield reading.tree.problem(("platforms", name, "mode"), f"{lack}: set what is missing, or choose another mode")


def _has_password(address: str) -> bool:
    try:
        return urlsplit(address).password is not None
    except ValueError:
        return True


def _sections(reading: Reading) -> Iterator[tuple[Keys, Mapping[str, Any]]]:
    """The mappings that hold secrets."""
    platforms = reading.tree.value.get("platforms")
    if isinstance(mongo := reading.tree.value.get("mongo"), dict):
        yield ("mongo",), mongo
    for name, section in platforms.items() if isinstance(platforms, dict) else ():
        if isinstance(section, dict):
            yield ("platforms", name), section
