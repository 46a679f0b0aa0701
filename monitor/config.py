"""The one configuration, read once from the environment and frozen. Secrets print as ***.

Every variable is documented in docs/configuration.md (a test compares the two).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import ConfigurationError

DEFAULT_DATABASE = "monitor"


class Secret:
    """A string that shows only *** in logs, reprs and tracebacks; `reveal()` is the one way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def reveal(self) -> str:
        return self._value


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of one process. `mongodb_uri` None: the private mongod is used, its files under `home`."""

    mongodb_uri: Secret | None
    database: str
    home: Path
    mongod: Path | None
    contact: str | None
    private_hosts: frozenset[str]
    environment: Mapping[str, str]

    def __repr__(self) -> str:
        return f"<Config database={self.database} home={self.home}>"

    def secret(self, name: str) -> Secret | None:
        """The credential `name` from the environment, or from the file that `name`_FILE names. None where neither is set."""
        return _secret(self.environment, name)


def _secret(environment: Mapping[str, str], name: str) -> Secret | None:
    if value := environment.get(name):
        return Secret(value)
    if path := environment.get(f"{name}_FILE"):
        try:
            return Secret(Path(path).read_text(encoding="utf-8").strip())
        except OSError as error:
            raise ConfigurationError(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from error
    return None


def load(environment: Mapping[str, str] | None = None) -> Config:
    """Read the configuration. Raises ConfigurationError naming the variable."""
    env = dict(os.environ if environment is None else environment)
    database = env.get("MONITOR_DATABASE") or DEFAULT_DATABASE
    if any(sign in database for sign in '/\\. "$*<>:|?\0') or len(database.encode()) > 63:
        raise ConfigurationError(
            f"MONITOR_DATABASE={database!r} is no database name: use letters, digits, - and _, at most 63."
        )
    home = env.get("MONITOR_HOME")
    data_home = env.get("XDG_DATA_HOME") or str(Path("~/.local/share").expanduser())
    mongod = env.get("MONITOR_MONGOD")
    return Config(
        mongodb_uri=_secret(env, "MONGODB_URI"),
        database=database,
        home=Path(home).expanduser() if home else Path(data_home) / "social-monitor",
        mongod=Path(mongod).expanduser() if mongod else None,
        contact=env.get("MONITOR_CONTACT") or None,
        private_hosts=frozenset(
            host.strip().lower() for host in env.get("MONITOR_PRIVATE_HOSTS", "").split(",") if host.strip()
        ),
        environment=env,
    )
