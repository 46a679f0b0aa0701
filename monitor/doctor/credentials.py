"""Which credentials platforms take, and whether they are set: by name, never by value.

No platform keeps a list of them: its own `login` and `sign_in` are asked for each kind of source, and the names that they look up
are noted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from monitor.config import Config
from monitor.configuration.mode import unmet
from monitor.configuration.variable import is_set
from monitor.crawl.spider import PlatformSpider
from monitor.doctor.finding import Finding
from monitor.errors import ConfigurationError, CredentialsError
from monitor.source import Source

_FILE = "_FILE"
_OF_HOST = "__"  # NAME__EXAMPLE_ORG is NAME for one server
_HOST = "example.org"


class _Noted(Mapping[str, str]):
    """An environment that notes which names are looked up."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.names: list[str] = []

    def __getitem__(self, name: str) -> str:
        self.names.append(name)
        return self._environment[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environment)

    def __len__(self) -> int:
        return len(self._environment)


def credentials(platform: PlatformSpider, config: Config) -> Finding:
    """What `platform` takes, what of it is set, and what cannot be asked without the rest."""
    noted = _Noted(config.environment)
    try:
        closed = [kind for kind in platform.kinds if not _opens(platform, kind, replace(config, environment=noted))]
    except ConfigurationError as error:
        return Finding(check=platform.name, state="fail", says=str(error), fix="Correct the variable, or unset it.")
    names = _names(noted.names, config.environment)
    if not names:
        return Finding(check=platform.name, state="ok", says="takes no credentials.")
    told = ", ".join(f"{name} is {'set' if is_set(name, config.environment) else 'not set'}" for name in names)
    if lack := unmet(platform, config):
        fix = f"Set {_unset(names, config)}, or choose another platforms.{platform.name}.mode."
        return Finding(check=platform.name, state="warn", says=f"{lack}.", fix=fix)
    if not closed:
        return Finding(check=platform.name, state="ok", says=f"{told}.")
    without = "nothing can be asked without it" if len(closed) == len(platform.kinds) else f"not asked: {', '.join(closed)}"
    return Finding(
        check=platform.name,
        state="warn" if len(closed) == len(platform.kinds) else "ok",
        says=f"{told}; {without}.",
        fix=f"Set {_unset(names, config)} to use all of it.",
    )


def _unset(names: Sequence[str], config: Config) -> str:
    return ", ".join(name for name in names if not is_set(name, config.environment))


def _names(looked_up: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The names that a person may set. What is looked up for a host alone has no other name: those of the hosts that have one,
    else that of the example."""
    names: dict[str, None] = {}
    for name in looked_up:
        plain, of_host, _ = name.partition(_OF_HOST)
        if name.endswith(_FILE):
            continue
        if not of_host or plain in looked_up:
            names[plain] = None
            continue
        given = sorted(
            each.removesuffix(_FILE) for each in environment if each.startswith(plain + _OF_HOST) and environment[each]
        )
        names |= dict.fromkeys(given or [name])
    return list(names)


def _opens(platform: PlatformSpider, kind: str, config: Config) -> bool:
    parameters = {name: _HOST if name == "instance" else "x" for name in platform.kinds[kind].needs}
    try:
        source = Source(platform=platform.name, kind=kind, parameters=parameters)
        platform.login(config, source)
        platform.sign_in(config, source, {})
    except CredentialsError:
        return False
    return True
