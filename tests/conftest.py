"""What all tests share: no trace of the person's own environment, and one real mongod for the tests that ask for one.

`mongodb_uri`, `database_name` and `config` are the fixtures for tests of the store, `mongod_binary` for those that start a
server of their own; a test that uses one of them is marked `mongod`. Without a mongod these tests are skipped and counted on
the last lines; where CI is set the session fails instead.
"""

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from monitor.config import Config, load
from monitor.errors import MongodError
from monitor.mongod.binary import find
from monitor.mongod.private import acquire, stop

NEED_MONGOD = {"mongod_binary", "mongodb_uri"}
OURS = ("GITHUB_", "LEMMY_", "DISCOURSE_", "STACKEXCHANGE_", "MONITOR_", "MONGODB_", "MASTODON_", "BLUESKY_")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if NEED_MONGOD & set(getattr(item, "fixturenames", ())):
            item.add_marker("mongod")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.write_line(f"random seed: {config.getoption('randomly_seed', 'none')}")
    missed = [report for report in terminalreporter.stats.get("skipped", []) if "mongod" in report.keywords]
    if missed:
        terminalreporter.write_line(f"not run for want of mongod: {len(missed)}", red=True, bold=True)


@pytest.fixture(autouse=True)
def own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the person's settings, credentials and data out of every test."""
    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MONITOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MONITOR_CONFIG", os.devnull)


@pytest.fixture(scope="session")
def mongod_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mongod that all tests run, MONITOR_MONGOD included, since that was the tester's choice."""
    named = os.environ.get("MONITOR_MONGOD")
    try:
        return find(named=Path(named) if named else None, search=os.environ.get("PATH"), copies=tmp_path_factory.mktemp("bin"))
    except MongodError as error:
        if os.environ.get("CI"):
            pytest.fail(f"CI is set, so these tests must run: {error}", pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def mongodb_uri(mongod_binary: Path) -> Iterator[str]:
    """A private mongod of this test session, reached by its socket; it ends with the session, even when that is killed."""
    with tempfile.TemporaryDirectory(prefix="monitor-tests-") as home:
        config = load({"MONITOR_HOME": home, "MONITOR_MONGOD": str(mongod_binary)})
        try:
            with acquire(config) as private:
                yield private.uri
        finally:
            stop(config)  # the folder goes only after mongod


@pytest.fixture
def database_name(mongodb_uri: str) -> Iterator[str]:
    """The name of an empty database of this test alone, dropped after it."""
    name = f"test_{uuid.uuid4().hex}"
    yield name
    with MongoClient[dict[str, object]](mongodb_uri) as client:
        client.drop_database(name)


@pytest.fixture
def config(mongodb_uri: str, database_name: str, tmp_path: Path) -> Config:
    """The configuration of a process that uses this test's database, its home an empty folder."""
    home = tmp_path / "home"
    return load({"MONGODB_URI": mongodb_uri, "MONITOR_DATABASE": database_name, "MONITOR_HOME": str(home)})
