"""The folder is private, and the socket's path is one that the kernel and the drivers take."""

import os
import stat
from pathlib import Path

import pytest

from monitor.errors import MongodError
from monitor.mongod import folder as folders
from monitor.mongod.folder import LONGEST_SOCKET, NEEDED_BYTES, Folder, check_room, fill, folder_of, prepare


@pytest.fixture
def short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for /tmp."""
    monkeypatch.setattr(folders, "SHORT", tmp_path)
    return tmp_path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    made = folder_of(tmp_path / "home")
    prepare(made)
    fill(made)
    assert (mode(made.path), mode(made.data), mode(made.key)) == (0o700, 0o700, 0o600)


def test_a_folder_that_was_open_is_closed(tmp_path: Path) -> None:
    made = folder_of(tmp_path)
    made.path.mkdir(mode=0o755)
    prepare(made)
    assert mode(made.path) == 0o700


def test_the_key_stays_the_same(tmp_path: Path) -> None:
    made = folder_of(tmp_path)
    prepare(made)
    fill(made)
    key = made.key.read_bytes()
    fill(made)
    assert made.key.read_bytes() == key


def test_two_homes_have_two_keys(tmp_path: Path) -> None:
    keys = set()
    for name in ("one", "two"):
        made = folder_of(tmp_path / name)
        prepare(made)
        fill(made)
        keys.add(made.key.read_bytes())
    assert len(keys) == 2


def test_the_socket_lies_in_a_short_home() -> None:
    assert Folder(Path("/home/ann/mongod")).socket == Path("/home/ann/mongod/mongod.sock")


@pytest.mark.parametrize(
    "home",
    ["/" + "d" * 200, "/home/Ann", "/home/a:b", "/home/a,b", "/home/a b", "/home/ann\u00e9", "/home/100%"],
    ids=["long", "upper case", "colon", "comma", "blank", "accent", "percent"],
)
def test_the_socket_of_a_home_that_is_too_much_for_drivers_lies_elsewhere(home: str) -> None:
    """PyMongo lowers the letters of a host and looks for its port, mongod parts addresses at commas."""
    socket = Folder(Path(home)).socket
    assert socket.parent == Path(f"/tmp/social-monitor-{os.getuid()}")
    assert len(str(socket)) <= LONGEST_SOCKET


def test_two_long_homes_have_two_sockets() -> None:
    assert Folder(Path("/" + "d" * 200)).socket != Folder(Path("/" + "d" * 201)).socket


def test_two_ways_to_one_home_are_one_folder(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "link").symlink_to("home")
    assert folder_of(tmp_path / "link") == folder_of(tmp_path / "home")


def test_the_short_folder_is_private(short: Path) -> None:
    made = folder_of(short / ("d" * 150))
    prepare(made)
    assert mode(made.socket.parent) == 0o700


def test_a_short_folder_that_others_can_open_is_refused(short: Path) -> None:
    made = folder_of(short / ("d" * 150))
    made.socket.parent.mkdir()
    made.socket.parent.chmod(0o777)
    with pytest.raises(MongodError, match=r"not a folder that only you can open\. Remove it, or set MONITOR_HOME"):
        prepare(made)


def test_a_link_in_place_of_the_short_folder_is_refused(short: Path) -> None:
    made = folder_of(short / ("d" * 150))
    (short / "elsewhere").mkdir(mode=0o700)
    made.socket.parent.symlink_to(short / "elsewhere")
    with pytest.raises(MongodError, match="not a folder that only you can open"):
        prepare(made)


def test_a_home_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("", encoding="utf-8")
    with pytest.raises(MongodError, match=r"cannot keep its files in .*Not a directory.*MONITOR_HOME"):
        prepare(folder_of(tmp_path / "home"))


def test_too_little_room_is_told(tmp_path: Path) -> None:
    with pytest.raises(MongodError, match=r"needs at least 160 MiB .* 3 MiB are left"):
        check_room(folder_of(tmp_path), free_bytes=3 * 2**20)


def test_enough_room_is_enough(tmp_path: Path) -> None:
    check_room(folder_of(tmp_path), free_bytes=NEEDED_BYTES)
