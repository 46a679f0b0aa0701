"""What a node runs for each job: `python -m monitor.fleet.runner crawl PLATFORM ...`, with the code of the deployed egg.

The installed copy of this project is only what starts; before Scrapy is loaded, the egg takes its place on the path, so that a job
never mixes two versions. The process ends with its node. No reactor is imported here, since Scrapy chooses its own.
"""

import gc
import os
import signal
import sys
import threading
import time
from importlib import metadata
from types import FrameType

from monitor.fleet import assignment
from monitor.fleet.assignment import Assignment
from monitor.fleet.parent_death import end_with_parent

PACKAGES = ("monitor", "spiders", "pipelines")
# A crawl ends its page and gives its leases back; one that has not after so long is ended without.
GRACE_S = 8.0
_LOOK_S = 0.5
_ORPHANED = signal.SIGUSR1
_ending = threading.Lock()
_NO_EGG = 2
# What a start loads stays: to look for garbage in it as often as Python does takes a tenth of the start.
_GENERATIONS = (50_000, 20, 50)


def main() -> None:
    """Run Scrapy's command line with the egg's code. Exits with Scrapy's exit code."""
    told = assignment.read(os.environ)
    if told is None:
        sys.stderr.write("This is what nodes run for a job; start a node with: monitor fleet node\n")
        sys.exit(_NO_EGG)
    end_with(told)
    gc.set_threshold(*_GENERATIONS)
    os.environ["SCRAPY_SETTINGS_MODULE"] = activate(told.egg)
    from scrapy.cmdline import execute

    execute()


def activate(egg: str) -> str:
    """Put the egg first on the path and forget our modules that are loaded; returns the name of its settings."""
    for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
        del sys.modules[name]
    sys.path.insert(0, egg)
    for distribution in metadata.distributions(path=[egg]):
        for entry in distribution.entry_points:
            if (entry.group, entry.name) == ("scrapy", "settings"):
                return entry.value
    sys.stderr.write("The egg does not say where its Scrapy settings are.\n")
    sys.exit(_NO_EGG)


def end_with(told: Assignment) -> None:
    """End when the node does: by the kernel's signal where there is one, and by a look at the parent everywhere."""
    signal.signal(_ORPHANED, _end_once)
    signalled = end_with_parent(_ORPHANED)
    if os.getppid() != told.parent:  # it died before we could ask
        sys.exit(_NO_EGG)
    threading.Thread(target=_watch, args=(told.parent, signalled), daemon=True).start()


def _end_once(_number: int, _frame: FrameType | None) -> None:
    """By a second SIGTERM Scrapy ends at once, without giving back its sources, and the kernel tells a parent's death several times."""
    if _ending.acquire(blocking=False):  # in one step, since a handler is interrupted by the next signal
        os.kill(os.getpid(), signal.SIGTERM)


def _watch(parent: int, signalled: bool) -> None:  # noqa: FBT001 (what the kernel promised)
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    if not signalled:  # a second one would cut the crawl's end short
        os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
