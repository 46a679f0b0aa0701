"""The set of one node stays usable whatever happens to its folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from monitor.config import Config, load
from monitor.mongod.folder import Folder
from monitor.mongod.private import acquire, stop

Kill = Callable[[int | None], None]
Running = Callable[[Folder], int | None]
Add = Callable[[str], int]


def test_a_client_outlives_the_death_of_mongod(alone: Config, folder: Folder, running: Running, kill: Kill) -> None:
    """The URI names the set, so the driver waits for the primary to come back; no second `acquire` is needed."""
    with acquire(alone) as used, MongoClient[dict[str, Any]](used.uri, serverSelectionTimeoutMS=20_000) as client:
        client.kept.things.insert_one({})
        kill(running(folder))
        client.kept.things.insert_one({})
        assert client.kept.things.count_documents({}) == 2


def test_a_home_that_was_moved_keeps_its_data(alone: Config, mongod_binary: Path, tmp_path: Path, add: Add) -> None:
    """The set's only member is named by its socket, whose path is another one now."""
    with acquire(alone) as used:
        add(used.uri)
    stop(alone)
    moved = load({"MONITOR_HOME": str(alone.home.rename(tmp_path / "moved")), "MONITOR_MONGOD": str(mongod_binary)})
    with acquire(moved) as used:
        assert add(used.uri) == 2
    assert stop(moved)


def test_a_lost_key_is_replaced(alone: Config, folder: Folder, add: Add) -> None:
    with acquire(alone) as used:
        add(used.uri)
    stop(alone)
    folder.key.unlink()
    with acquire(alone) as used:
        assert add(used.uri) == 2
