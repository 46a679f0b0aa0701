"""The one configuration, read once from the environment and, where there is one, from a file, and frozen. Secrets print as ***.

Every variable is documented in docs/configuration.md (a test compares the two). The file is read by `monitor.configuration`, which
is imported only then.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from monitor.errors import ConfigurationError
from monitor.retention import read as read_retention

DEFAULT_DATABASE = "monitor"
# Long against what MongoDB may need for an election, short against a shift.
DEFAULT_JOB_LEASE_S = 60.0
FILE_NAME = "monitor.yaml"


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
    """Settings of one process. `mongodb_uri` None: the private mongod is used, its files under `home`.

    `file`: the configuration file, None where there is none. `zone`: whose days are meant where nobody says; `instances`: servers
    to ask by platform; `modes`: which way words are looked for by platform, where one was chosen; `disabled`: platforms that are
    left alone. `job_lease_s`: how long a job of the fleet may be unheard of until another node runs it. `retention`: how long posts
    are kept, None for ever.
    """

    mongodb_uri: Secret | None
    database: str
    home: Path
    mongod: Path | None
    contact: str | None
    private_hosts: frozenset[str]
    environment: Mapping[str, str]
    file: Path | None = None
    zone: str = "UTC"
    instances: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    modes: Mapping[str, str] = field(default_factory=dict)
    disabled: frozenset[str] = frozenset()
    job_lease_s: float = DEFAULT_JOB_LEASE_S
    retention: timedelta | None = None

    def __repr__(self) -> str:
        return f"<Config database={self.database} home={self.home}>"

    def secret(self, name: str) -> Secret | None:
        """The credential `name` from the environment, or from the file that `name`_FILE names. None where neither is set.

        Of several values the first.
        """
        return next(iter(self.secrets(name)), None)

    def secrets(self, name: str) -> tuple[Secret, ...]:
        """All values of the credential `name`, one a line. Ours (MONITOR_...) have one, whatever its lines."""
        told = _secret(self.environment, name)
        if told is None or name.startswith("MONITOR_"):
            return () if told is None else (told,)
        return tuple(Secret(line.strip()) for line in told.reveal().splitlines() if line.strip())


def expanded(path: str, name: str) -> Path:
    """The path with ~ as the home folder that it names. Raises ConfigurationError, which names the setting, where there is none."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ConfigurationError(f"{name}: there is no home folder for {path}: write the whole path.") from None


def _secret(environment: Mapping[str, str], name: str) -> Secret | None:
    if value := environment.get(name):
        return Secret(value)
    if path := environment.get(f"{name}_FILE"):
        try:
            return Secret(Path(path).read_text(encoding="utf-8").strip())
        except OSError as error:
            raise ConfigurationError(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError:  # whose text would show what the file holds
            raise ConfigurationError(f"{name}_FILE names {path}, which is no text in UTF-8: save it as UTF-8.") from None
    return None


def load(environment: Mapping[str, str] | None = None) -> Config:
    """Read the configuration. Raises ConfigurationError naming the variable, or the place in the file.

    An environment that is given names its file by MONITOR_CONFIG or has none: nothing is looked for beside it.
    """
    env = dict(os.environ if environment is None else environment)
    file = file_of(env, look=environment is None)
    if file is None:
        return _config(env)
    from monitor.configuration.reading import settings_in

    told = settings_in(file, env)
    return replace(
        _config(told.environment),
        file=file,
        zone=told.zone,
        instances=told.instances,
        modes=told.modes,
        disabled=frozenset(told.disabled),
    )


def file_of(environment: Mapping[str, str], *, look: bool = True) -> Path | None:
    """The configuration file: the one that is named, else with `look` the one in this folder, else that of the person."""
    if named := environment.get("MONITOR_CONFIG"):
        return None if named == os.devnull else expanded(named, "MONITOR_CONFIG").absolute()
    if not look:
        return None
    config_home = environment.get("XDG_CONFIG_HOME") or "~/.config"
    places = (Path(FILE_NAME).absolute(), expanded(config_home, "XDG_CONFIG_HOME") / "social-monitor" / FILE_NAME)
    # Path.is_file would raise where a service may not look into the home folder (systemd's ProtectHome).
    return next((place for place in places if os.path.isfile(place)), None)  # noqa: PTH113


def contact() -> str | None:
    """Who runs this, for Scrapy's settings: where the configuration is wrong nothing can tell a person so while they are imported."""
    try:
        return load().contact
    except ConfigurationError:
        return os.environ.get("MONITOR_CONTACT")


def is_database_name(name: str) -> bool:
    """Whether MongoDB takes this for the name of a database."""
    return bool(name) and not any(sign in name for sign in '/\\. "$*<>:|?\0') and len(name.encode()) <= 63


def _config(env: Mapping[str, str]) -> Config:
    database = env.get("MONITOR_DATABASE") or DEFAULT_DATABASE
    if not is_database_name(database):
        raise ConfigurationError(
            f"MONITOR_DATABASE={database!r} is no database name: use letters, digits, - and _, at most 63."
        )
    home, data_home = env.get("MONITOR_HOME"), env.get("XDG_DATA_HOME") or "~/.local/share"
    mongod = env.get("MONITOR_MONGOD")
    return Config(
        mongodb_uri=_secret(env, "MONGODB_URI"),
        database=database,
        home=expanded(home, "MONITOR_HOME") if home else expanded(data_home, "XDG_DATA_HOME") / "social-monitor",
        mongod=expanded(mongod, "MONITOR_MONGOD") if mongod else None,
        contact=env.get("MONITOR_CONTACT") or None,
        private_hosts=frozenset(
            host.strip().lower() for host in env.get("MONITOR_PRIVATE_HOSTS", "").split(",") if host.strip()
        ),
        environment=env,
        job_lease_s=_job_lease_s(env.get("MONITOR_JOB_LEASE_S")),
        retention=_retention(env.get("MONITOR_RETENTION")),
    )


def _retention(text: str | None) -> timedelta | None:
    try:
        return read_retention(text) if text else None
    except ValueError as error:
        raise ConfigurationError(f"MONITOR_RETENTION={text} is no such length of time: {error}.") from None


def _job_lease_s(text: str | None) -> float:
    if not text:
        return DEFAULT_JOB_LEASE_S
    try:
        lease_s = float(text)
    except ValueError:
        lease_s = 0.0
    if not 2 <= lease_s <= 3600:
        raise ConfigurationError(f"MONITOR_JOB_LEASE_S={text} is no length of a lease: use seconds, from 2 to 3600.")
    return lease_s
