"""What the parts of one node share: its name and life, its limits, the store, and its folder."""

import os
import socket
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from monitor.config import Config, Secret
from monitor.errors import ConfigurationError
from monitor.fleet.egg_file import EggFiles
from monitor.fleet.remembered import Remembered
from monitor.store.eggs import Eggs
from monitor.store.jobs import Jobs
from monitor.store.nodes import Nodes
from monitor.store.synchronous import connect

LOOPBACK = ("127.0.0.1", "::1", "localhost")
DEFAULT_PORT = 6800
# Each job is a process of 80 MB and a good part of a core while it starts.
JOBS_PER_CPU = 2


@dataclass(frozen=True, kw_only=True)
class LocalNode:
    """One life of one node; `boot` is drawn anew at each start, and every lease names it."""

    config: Config
    name: str
    bind: str
    port: int
    max_proc: int
    folder: Path
    jobs: Jobs
    eggs: Eggs
    nodes: Nodes
    files: EggFiles
    username: str | None = None
    password: Secret | None = field(default=None, repr=False)
    boot: str = field(default_factory=lambda: uuid4().hex)
    host: str = field(default_factory=socket.gethostname)
    remembered: Remembered = field(default_factory=Remembered)

    @property
    def address(self) -> str:
        """Where its web API answers."""
        place = f"[{self.bind}]" if ":" in self.bind else self.bind
        return f"http://{place}:{self.port}/"

    @property
    def lease_s(self) -> float:
        """How long a job of it may be unheard of."""
        return self.config.job_lease_s

    @property
    def logs(self) -> Path:
        """Where its jobs write their logs, by project and spider."""
        return self.folder / "logs"


def open_node(  # noqa: PLR0913 - the options of the command, each by keyword
    config: Config,
    *,
    uri: str | None = None,
    name: str | None = None,
    bind: str | None = None,
    port: int | None = None,
    max_proc: int | None = None,
) -> LocalNode:
    """Make the node of this process. Raises ConfigurationError where it would be open to strangers."""
    username, password = config.environment.get("MONITOR_NODE_USERNAME") or None, config.secret("MONITOR_NODE_PASSWORD")
    chosen = bind or LOOPBACK[0]
    refuse_open(chosen, username=username, password=password)
    called = name or socket.gethostname()
    folder = config.home / "fleet" / _folder_name(called)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = connect(config, uri=uri)
    eggs = Eggs(database)
    return LocalNode(
        config=config,
        name=called,
        bind=chosen,
        port=DEFAULT_PORT if port is None else port,
        max_proc=max_proc or JOBS_PER_CPU * (os.cpu_count() or 1),
        folder=folder,
        jobs=Jobs(database),
        eggs=eggs,
        nodes=Nodes(database),
        files=EggFiles(folder / "eggs", eggs),
        username=username,
        password=password,
    )


def refuse_open(bind: str, *, username: str | None, password: Secret | None) -> None:
    """Whoever reaches a node may run code on it. Raises ConfigurationError where that would be anybody."""
    if (username is None) != (password is None):
        raise ConfigurationError("MONITOR_NODE_USERNAME and MONITOR_NODE_PASSWORD belong together: set both, or neither.")
    if username is not None and ":" in username:
        raise ConfigurationError("MONITOR_NODE_USERNAME must not have a colon in it.")
    if password is None and bind not in LOOPBACK:
        raise ConfigurationError(
            f"A node that listens on {bind} can be reached from other machines, and whoever reaches it can run code on this one. Set "
            "MONITOR_NODE_USERNAME and a password (MONITOR_NODE_PASSWORD, or a file named by MONITOR_NODE_PASSWORD_FILE), or leave "
            "--bind out, to listen on this machine alone."
        )


def _folder_name(name: str) -> str:
    if not name.isascii() or not name.replace("-", "").replace(".", "").replace("_", "").isalnum() or len(name) > 80:
        raise ConfigurationError(f"{name!r} is no name of a node: use letters, digits, . _ and -, at most 80.")
    return name
