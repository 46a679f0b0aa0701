"""A mongod without a watchdog: ours is ended, another's is left alone."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.config import Config
from monitor.errors import MongodError
from monitor.mongod import server
from monitor.mongod.folder import Folder
from monitor.mongod.private import acquire, stop

Running = Callable[[Folder], int | None]


def test_stop_ends_an_orphan(alone: Config, folder: Folder, running: Running) -> None:
    """Where the system does not end mongod with its watchdog (as Linux does), the next start or stop does."""
    with acquire(alone):
        pass
    stop(alone)
    orphan = server.launch(alone.mongod or Path(), folder, port=None)
    server.await_socket(orphan)
    assert stop(alone)
    assert (running(folder), orphan.process.wait()) == (None, 0)


def test_a_mongod_of_somebody_else_on_our_data_is_told_and_left_alone(alone: Config, folder: Folder) -> None:
    with acquire(alone):
        pass
    stop(alone)
    with subprocess.Popen([alone.mongod or "", "--dbpath", folder.data, "--bind_ip", folder.path / "other.sock", "--nounixsocket"],
                          stdout=subprocess.DEVNULL) as other:  # fmt: skip
        try:
            while not server.answers(folder.path / "other.sock"):
                assert other.poll() is None
            with pytest.raises(MongodError, match="Another mongod, which this program did not start"):
                acquire(alone)
            assert other.poll() is None
        finally:
            other.kill()
