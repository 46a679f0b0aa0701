"""mongod's command line, and what is said when its program cannot be run."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.config import Config
from monitor.errors import MongodError
from monitor.mongod.folder import Folder, fill, folder_of, prepare
from monitor.mongod.server import GIB, answers, await_socket, cache_gib, command, launch, memory_bytes

PLACE = Folder(Path("/home/ann/mongod"))


def options(port: int | None) -> str:
    return " ".join(command(Path("/bin/mongod"), PLACE, port=port, cache_gib=0.5))


def test_it_listens_on_its_socket_alone() -> None:
    assert "--bind_ip /home/ann/mongod/mongod.sock --nounixsocket" in options(None)
    assert "--port" not in options(None)


def test_with_a_port_it_listens_on_loopback_too() -> None:
    assert "--bind_ip /home/ann/mongod/mongod.sock,127.0.0.1 --port 4242 " in options(4242)


@pytest.mark.parametrize("port", [None, 4242])
def test_it_always_asks_for_a_password_and_runs_no_javascript(port: int | None) -> None:
    for option in ("--keyFile", "--noscripting", "enableLocalhostAuthBypass=false", "Compressors snappy,zstd"):
        assert option in options(port)


@pytest.mark.parametrize(("memory", "cache"), [(GIB, 0.25), (4 * GIB, 0.5), (64 * GIB, 1.0)])
def test_the_cache_is_bounded(memory: int, cache: float) -> None:
    assert cache_gib(memory) == cache


def test_this_machine_has_memory() -> None:
    assert memory_bytes() > GIB / 8


def test_nobody_answers_where_there_is_no_socket(tmp_path: Path) -> None:
    assert not answers(tmp_path / "s.sock")


@pytest.fixture
def launched(pretending: Callable[[str], Config]) -> Callable[[str], str]:
    """What is said of a mongod that is this script."""

    def run(script: str) -> str:
        config = pretending(script)
        place = folder_of(config.home)
        prepare(place)
        fill(place)
        assert config.mongod is not None
        with pytest.raises(MongodError) as caught:
            await_socket(launch(config.mongod, place, port=None))
        return str(caught.value)

    return run


def test_a_program_for_another_machine_is_told(pretending: Callable[[str], Config]) -> None:
    config = pretending("")
    place = folder_of(config.home)
    prepare(place)
    assert config.mongod is not None
    config.mongod.write_bytes(b"\x7fELF-for-somebody-else")
    with pytest.raises(MongodError, match=r"could not be run: Exec format error\. Set MONITOR_MONGOD"):
        launch(config.mongod, place, port=None)


def test_what_it_wrote_to_its_log_is_read(launched: Callable[[str], str]) -> None:
    said = launched("""echo '{"s":"F","msg":"Wrong mongod version","attr":{"error":"UPGRADE PROBLEM: x"}}' > "$LOG"; exit 62""")
    assert "written by another version of MongoDB" in said


def test_what_it_wrote_to_its_output_is_read(launched: Callable[[str], str]) -> None:
    assert "It said last: libssl.so.3 is missing." in launched("echo 'libssl.so.3 is missing' >&2; exit 127")


def test_a_program_killed_for_an_illegal_instruction_is_told(launched: Callable[[str], str]) -> None:
    assert re.search(r"this processor .* lacks instructions", launched("kill -ILL $$"))


def test_one_that_dies_without_a_word_is_told(launched: Callable[[str], str]) -> None:
    said = launched("kill -KILL $$")
    assert "ended by SIGKILL instead of serving. Its log is" in said
