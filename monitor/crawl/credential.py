"""Credentials by the names of their variables, several values of one variable among them: what a budget belongs to.

No platform keeps a list of its variables: its own `login` and `sign_in` are asked for the source, and the names that they find set
are noted. A value shows as a short digest, so that a changed one is another credential for all that is known of it, on every machine.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Protocol

from monitor.config import Config, Secret
from monitor.errors import ConfigurationError, CredentialsError
from monitor.page import Ask
from monitor.source import Source

_FILE = "_FILE"
# RFC 7914: some milliseconds for each guess, of which every sixteen-millionth looks right: nobody finds a password by it.
_COST, _BLOCKS, _BYTES = 2**12, 8, 3


class Platform(Protocol):
    """What of a platform spider this needs."""

    name: str

    def login(self, config: Config, source: Source, /) -> Mapping[str, str]: ...
    def sign_in(self, config: Config, source: Source, known: Mapping[str, str], /) -> Ask | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One value, or none. `label` names the variables, `id` the value among theirs; `config` has no other value of them.

    `among`: how many values there are. `last`: there is no other one to try, so that it is worth waiting for it.
    """

    label: str
    id: str
    variables: tuple[str, ...] = ()
    config: Config
    among: int = 1
    last: bool = True


class _Noting(Mapping[str, str]):
    """An environment that notes which names are looked up and found set."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.names: dict[str, None] = {}

    def __getitem__(self, name: str) -> str:
        value = self._environment[name]
        if value:
            self.names[name.removesuffix(_FILE)] = None
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._environment)

    def __len__(self) -> int:
        return len(self._environment)


def credentials(platform: Platform, config: Config, source: Source) -> tuple[Credential, ...]:
    """The credentials that `source` may be asked with, in the order of their values; one without any where none is set or needed."""
    variables = _variables(platform, config, source)
    name = label_of(platform.name, variables)
    if not variables:
        return (Credential(label=name, id=name, config=config),)
    values = [config.secrets(variable) for variable in variables]
    if len({len(each) for each in values}) > 1:
        raise ConfigurationError(
            f"{' and '.join(variables)} belong together, and have {', '.join(str(len(each)) for each in values)} values: "
            "give each as many lines."
        )
    return tuple(
        Credential(
            label=name,
            id=f"{name}#{_digest(tuple(each.reveal() for each in told))}",
            variables=variables,
            among=len(values[0]),
            config=_with(config, dict(zip(variables, told, strict=True))) if len(values[0]) > 1 else config,
        )
        for told in zip(*values, strict=True)
    )


def label(config: Config, source: Source) -> str:
    """Whose limits a source counts against, without the value: `mastodon:MASTODON_TOKEN`, or `bluesky:` for none."""
    return label_of(source.platform, _variables(_platform(source.platform), config, source))


def label_of(platform: str, variables: tuple[str, ...]) -> str:
    return f"{platform}:{'+'.join(variables)}"


def _variables(platform: Platform, config: Config, source: Source) -> tuple[str, ...]:
    """Those of `login` where it finds any, else those of a sign-in where there is one."""
    noting = _Noting(config.environment)
    noted = replace(config, environment=noting)
    try:
        platform.login(noted, source)
        if noting.names:
            return tuple(noting.names)
        return tuple(noting.names) if platform.sign_in(noted, source, {}) is not None else ()
    except CredentialsError:  # it needs one that is not set: the request says so
        return ()


def _with(config: Config, values: Mapping[str, Secret]) -> Config:
    return replace(config, environment={**config.environment, **{name: value.reveal() for name, value in values.items()}})


@cache
def _platform(name: str) -> Platform:
    """Loaded once: a planner asks for thousands of sources."""
    from monitor.crawl.platforms import platform

    return platform(name)


@lru_cache(1024)
def _digest(values: tuple[str, ...]) -> str:
    told = "\n".join(values).encode()
    return hashlib.scrypt(told, salt=b"social-monitor budget", n=_COST, r=_BLOCKS, p=1, dklen=_BYTES).hex()
