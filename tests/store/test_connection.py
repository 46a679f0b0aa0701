"""Opening: pinned options, and a sentence for whatever stands in the way."""

import gc
import socket
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest

from monitor.config import Config, load
from monitor.errors import ConfigurationError, StoreUnavailableError
from monitor.store import connection
from monitor.store.connection import compressors, host_of, open_store

# Closed while its monitor is still connecting, as after a refusal, pymongo 4.20 leaves that socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Let the collector find such sockets in the test that left them."""
    yield
    gc.collect()


def configured(uri: str, tmp_path: Path) -> Config:
    return load({"MONGODB_URI": uri, "MONITOR_DATABASE": "test", "MONITOR_HOME": str(tmp_path)})


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


async def test_options_are_pinned_whatever_the_uri_says(mongodb_uri: str, database_name: str, tmp_path: Path) -> None:
    sign = "&" if "?" in mongodb_uri else "/?"
    loose = f"{mongodb_uri}{sign}w=1&journal=false&tz_aware=false&timeoutMS=9&compressors=zlib"
    environment = {"MONGODB_URI": loose, "MONITOR_DATABASE": database_name, "MONITOR_HOME": str(tmp_path)}
    store = await open_store(load(environment))
    options = store.database.client.options
    assert store.database.write_concern.document == {"w": "majority", "j": True}
    assert store.database.read_concern.document == {"level": "majority"}
    assert options.retry_writes is True
    assert options.timeout == connection.OPERATION_MS / 1000
    assert options.server_selection_timeout == 5
    assert store.database.codec_options.tz_aware is True
    assert store.database.codec_options.tzinfo is UTC
    assert store.database.codec_options.uuid_representation == 4
    assert options.pool_options.metadata["application"] == {"name": "social-monitor"}
    assert "zlib" not in options.pool_options._compression_settings.compressors
    await store.close()


def test_zlib_is_never_offered() -> None:
    assert set(compressors("mongodb://db.example.org")) <= {"snappy", "zstd"}


@pytest.mark.parametrize("uri", ["mongodb://127.0.0.1:27017", "mongodb://u:p@localhost/", "mongodb://%2Ftmp%2Fm.sock/?x=1"])
def test_a_server_on_this_machine_needs_no_compression(uri: str) -> None:
    assert compressors(uri) == []


async def test_a_server_that_is_away_is_named_without_its_password(
    closed_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SELECTION_MS", 200)
    uri = f"mongodb://ann:hunter2@127.0.0.1:{closed_port}/?authSource=admin"
    with pytest.raises(StoreUnavailableError, match=f"127.0.0.1:{closed_port}") as told:
        await open_store(configured(uri, tmp_path))
    assert "hunter2" not in str(told.value)
    assert "ann" not in str(told.value)


async def test_a_wrong_password_is_told_as_such(mongodb_uri: str, tmp_path: Path) -> None:
    """The private mongod asks for a login; somebody else's password is refused."""
    scheme, _, rest = mongodb_uri.partition("://")
    wrong = f"{scheme}://ann:hunter2@{rest.rpartition('@')[2]}"
    with pytest.raises(ConfigurationError, match="refuses the user or password") as told:
        await open_store(configured(wrong, tmp_path))
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize("uri", ["localhost:27017", "mongodb://", "mongodb://a:b:c@x", "http://localhost"])
async def test_a_uri_that_is_none_is_told_as_such(uri: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="MONGODB_URI"):
        await open_store(configured(uri, tmp_path))


async def test_without_a_uri_and_without_a_private_mongod_the_command_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="monitor db start"):
        await open_store(load({"MONITOR_HOME": str(tmp_path)}))


async def test_the_callers_uri_serves_where_none_is_configured(mongodb_uri: str, database_name: str, tmp_path: Path) -> None:
    store = await open_store(load({"MONITOR_DATABASE": database_name, "MONITOR_HOME": str(tmp_path)}), uri=mongodb_uri)
    assert await store.posts.count() == 0
    await store.close()


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("mongodb://a.example:27017,b.example/x?w=1", "a.example:27017,b.example"),
        ("mongodb+srv://ann:p%40ss@cluster.example/", "cluster.example"),
        ("mongodb://ann:hunter2@%2Ftmp%2Fm%2Fmongodb.sock/?authSource=admin", "/tmp/m/mongodb.sock"),
        ("mongodb://ann:p@ss@a.example", "a.example"),
        ("nonsense", "an unnamed host"),
    ],
)
def test_a_host_is_shown_without_credentials(uri: str, host: str) -> None:
    assert host_of(uri) == host


async def test_a_standalone_server_is_refused_with_what_to_do(
    faulty_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retryable writes and transactions need a replica set, even if of one node."""
    monkeypatch.setattr(connection, "_refuse_standalone", _as_standalone(connection._refuse_standalone))
    with pytest.raises(ConfigurationError, match=r"--replSet rs0"):
        await open_store(configured(faulty_uri, tmp_path))


def _as_standalone(check):
    return lambda hello, place: check({name: hello[name] for name in hello if name != "setName"}, place)
