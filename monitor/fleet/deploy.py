"""A new version of the project: looked at, tried, and only then stored for all nodes."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from monitor.config import Config
from monitor.errors import UsageError
from monitor.fleet import allowed, archive
from monitor.fleet.assignment import Assignment
from monitor.fleet.passed import environment
from monitor.fleet.requirement import missing
from monitor.fleet.version import order
from monitor.store.eggs import Egg, Eggs
from monitor.store.synchronous import deadline

# To import all spiders takes seconds on a busy machine; an egg that hangs must not hold a deploy for ever.
LIST_S = 120.0
# One megabyte over a slow line, to a majority.
STORE_S = 20.0
_LAST_LINES = 3


def deploy(egg: bytes, *, project: str, version: str, config: Config, eggs: Eggs) -> Egg:
    """Store a version; nothing is kept of one that is refused. Raises UsageError with the reason."""
    allowed.project(project)
    allowed.version(version)
    requires = archive.inspect(egg)
    if lacks := missing(requires):
        raise UsageError(
            f"This node cannot run the egg: it requires {', '.join(lacks)}. An egg carries our code alone; on every node, install what "
            "it needs first: pip install 'social-monitor[fleet]' of that version."
        )
    spiders = spiders_in(egg, config)
    with deadline(STORE_S):
        return eggs.put(egg, project=project, version=version, order=order(version), requires=requires, spiders=spiders)


def spiders_in(egg: bytes, config: Config) -> list[str]:
    """The spiders of an egg, by running it in a process without database and credentials. Raises UsageError where it fails."""
    with tempfile.TemporaryDirectory(prefix="monitor-egg-") as folder:
        path = Path(folder) / "candidate.egg"
        path.write_bytes(egg)
        told = Assignment(egg=str(path), parent=os.getpid())
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "monitor.fleet.runner", "list", "-s", "LOG_STDOUT=0"],
                cwd=folder,
                env=environment(config, told, spider=None),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LIST_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UsageError(f"The egg was refused: listing its spiders took more than {LIST_S:.0f} seconds.") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-_LAST_LINES:]
        raise UsageError(f"The egg was refused: its spiders cannot be loaded. It says: {' / '.join(said)}")
    names = done.stdout.decode("utf-8", "replace").split()
    if not names or not all(re.fullmatch(r"[a-z0-9_-]{1,40}", name) for name in names):
        raise UsageError("The egg was refused: it has no spiders, or some with names that are not allowed.")
    return names
