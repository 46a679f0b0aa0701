"""Eggs as files and folders: fetched once, never trusted unread, and kept as long as a job may import from them."""

import errno
import io
import os
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import UsageError
from monitor.fleet import egg_file
from monitor.fleet.egg_file import IN_USE_S, KEPT, EggFiles
from monitor.store.eggs import Egg

LONG_AGO_S = IN_USE_S + 3600


def egg(content: bytes) -> Egg:
    return Egg(
        project="monitor", version="1.0", sha256=sha256(content).hexdigest(), size=len(content), requires=(), spiders=("mastodon",),
        deployed_at=datetime(2026, 11, 20, tzinfo=UTC), order="1",
    )  # fmt: skip


class Stored:
    """What is deployed, by hash, and how often it was read."""

    def __init__(self, *contents: bytes) -> None:
        self.contents = {sha256(content).hexdigest(): content for content in contents}
        self.reads = 0

    def read(self, wanted: Egg) -> bytes | None:
        self.reads += 1
        return self.contents.get(wanted.sha256)


def files(folder: Path, stored: Any) -> EggFiles:
    return EggFiles(folder / "eggs", stored)


def age(path: Path, seconds: float) -> None:
    at = time.time() - seconds
    os.utime(path, (at, at))


def test_path__asked_for_again_and_by_the_next_life_of_the_node__is_fetched_once(tmp_path: Path) -> None:
    stored = Stored(b"one")
    paths = [made.path(egg(b"one")) for made in (files(tmp_path, stored),) * 2]
    paths.append(files(tmp_path, stored).path(egg(b"one")))
    assert {path.read_bytes() for path in paths} == {b"one"}
    assert stored.reads == 1


def test_path__the_file_was_changed__is_fetched_anew(tmp_path: Path) -> None:
    stored = Stored(b"one")
    made = files(tmp_path, stored)
    made.path(egg(b"one")).write_bytes(b"another")
    assert made.path(egg(b"one")).read_bytes() == b"one"
    assert stored.reads == 2


@pytest.mark.parametrize("answered", [None, b"another"])
def test_path__removed_or_replaced_meanwhile__says_so_and_leaves_nothing(tmp_path: Path, answered: bytes | None) -> None:
    stored = Stored()
    if answered is not None:
        stored.contents[egg(b"one").sha256] = answered
    with pytest.raises(UsageError, match=r"Version 1\.0 was removed or replaced"):
        files(tmp_path, stored).path(egg(b"one"))
    assert list((tmp_path / "eggs").iterdir()) == []


def test_path__by_eight_threads_at_once__is_one_whole_file(tmp_path: Path) -> None:
    content = os.urandom(1 << 20)
    made = files(tmp_path, Stored(content))
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: made.path(egg(content)).read_bytes() == content, range(64)))
    assert (len(found), all(found)) == (64, True)
    assert [path.name for path in (tmp_path / "eggs").iterdir()] == [f"{egg(content).sha256}.egg"]


def test_path__many_versions__those_that_no_job_can_use_any_more_are_forgotten(tmp_path: Path) -> None:
    contents = [bytes([number]) for number in range(KEPT + 4)]
    made = files(tmp_path, Stored(*contents, b"new", b"newer"))
    paths = [made.path(egg(content)) for content in contents]
    made.path(egg(b"new"))
    assert all(path.is_file() for path in paths), "each may be in use"
    for number, path in enumerate(paths):
        age(path, LONG_AGO_S + number)
    assert made.path(egg(contents[-1])) == paths[-1], "used now, though it came long ago"
    made.path(egg(b"newer"))
    left = [number for number, path in enumerate(paths) if path.is_file()]
    assert left == [*range(KEPT - 3), KEPT + 3]


def test_path__the_disk_is_full__leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = Path.write_bytes

    def half(path: Path, content: bytes) -> int:
        written(path, content[:1])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    made = files(tmp_path, Stored(b"one"))
    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(OSError, match="No space left"):
        made.path(egg(b"one"))
    assert list((tmp_path / "eggs").iterdir()) == []


def packed(*names: str) -> bytes:
    """A zip file whose files hold their own names."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in names:
            archive.writestr(name, name)
    return held.getvalue()


ONE = packed("monitor/one.py", "monitor/__pycache__/one.pyc", "EGG-INFO/PKG-INFO")


def test_code__asked_for_again_and_by_the_next_life_of_the_node__is_unpacked_once(tmp_path: Path) -> None:
    folder = files(tmp_path, Stored(ONE)).code(egg(ONE))
    (folder / "monitor" / "compiled").touch()
    assert files(tmp_path, Stored()).code(egg(ONE)) == folder
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == [
        "EGG-INFO/PKG-INFO",
        "monitor/compiled",
        "monitor/one.py",
    ]
    assert (folder / "monitor" / "one.py").read_text() == "monitor/one.py"


def test_code__by_eight_threads_at_once__is_one_whole_folder(tmp_path: Path) -> None:
    names = [f"monitor/{number}.py" for number in range(100)]
    content = packed(*names)
    made = files(tmp_path, Stored(content))
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: len(list((made.code(egg(content)) / "monitor").iterdir())), range(16)))
    assert found == {len(names)}
    assert len(list((tmp_path / "eggs" / "unpacked").iterdir())) == 1


def test_code__the_machine_was_booted_since__is_unpacked_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(tmp_path, Stored(ONE)).code(egg(ONE))
    (before / "monitor" / "one.py").write_text("")  # what a power failure leaves of it
    booted = tmp_path / "boot_id"
    booted.write_text("second\n")
    monkeypatch.setattr(egg_file, "_MACHINE_BOOT", booted)
    after = files(tmp_path, Stored()).code(egg(ONE))
    assert (after / "monitor" / "one.py").read_text() == "monitor/one.py"
    assert not before.exists()


def test_code__the_node_was_killed_while_it_unpacked__what_it_left_goes_with_its_next_life(tmp_path: Path) -> None:
    whole = files(tmp_path, Stored(ONE)).code(egg(ONE))
    (whole.parent / "0a1b" / "monitor").mkdir(parents=True)
    assert files(tmp_path, Stored()).code(egg(ONE)) == whole
    assert list(whole.parent.iterdir()) == [whole]


def test_code__an_egg_is_forgotten__so_is_its_folder(tmp_path: Path) -> None:
    another = packed("monitor/another.py")
    made = files(tmp_path, Stored(ONE, another))
    folder = made.code(egg(ONE))
    made.path(egg(ONE)).unlink()
    assert made.code(egg(another)).is_dir()
    assert not folder.exists()


def test_code__the_disk_is_full__leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(archive: zipfile.ZipFile, path: Path, _names: Any) -> None:
        (path / "monitor").mkdir(parents=True)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    made = files(tmp_path, Stored(ONE))
    monkeypatch.setattr(zipfile.ZipFile, "extractall", full)
    with pytest.raises(OSError, match="No space left"):
        made.code(egg(ONE))
    assert list((tmp_path / "eggs" / "unpacked").iterdir()) == []
