"""Hostile eggs and names are refused before anything is stored, by the check alone and by a node that is sent them."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import UsageError
from monitor.fleet import archive

METADATA = {
    "EGG-INFO/PKG-INFO": "Metadata-Version: 2.1\nName: social-monitor\nVersion: 1\n",
    "EGG-INFO/entry_points.txt": "[scrapy]\nsettings = monitor.settings\n",
    "EGG-INFO/requires.txt": "scrapy>=2.19\n",
    "monitor/__init__.py": "",
    "spiders/__init__.py": "",
}


def zipped(files: Mapping[str, str | bytes], *, packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", packed) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return made.getvalue()


def with_member(name: str, content: str | bytes = "x", *, mode: int = 0) -> bytes:
    made = io.BytesIO(zipped(METADATA))
    with zipfile.ZipFile(made, "a") as file:
        member = zipfile.ZipInfo("placeholder")
        member.filename = name  # the constructor would cut it at a NUL
        member.external_attr = mode << 16
        file.writestr(member, content)
    return made.getvalue()


def without(name: str, **instead: str) -> bytes:
    return zipped({**{key: value for key, value in METADATA.items() if key != name}, **instead})


def twice() -> bytes:
    return zipped({**METADATA, "monitor/A.py": "a", "monitor/a.py": "b"})


def encrypted() -> bytes:
    """The flag alone, in both places where a zip has it."""
    content = bytearray(zipped(METADATA, packed=zipfile.ZIP_STORED))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.index(signature) + offset
        content[place : place + 2] = struct.pack("<H", 1)
    return bytes(content)


def lying() -> bytes:
    """It states one byte where 100 MiB are."""
    content = bytearray(zipped({**METADATA, "monitor/zeros.txt": b"\0" * (100 * 1024 * 1024)}))
    name = b"monitor/zeros.txt"
    at = content.rindex(name) - 46
    content[at + 24 : at + 28] = struct.pack("<I", 1)
    return bytes(content)


HOSTILE: Mapping[str, Callable[[], bytes]] = {
    "no zip": lambda: b"#!/bin/sh\nrm -rf /\n",
    "empty": lambda: b"",
    "cut in half": lambda: zipped(METADATA)[: len(zipped(METADATA)) // 2],
    "a program before the zip": lambda: b"#!/bin/sh\n" + zipped(METADATA),
    "path above": lambda: with_member("../../etc/cron.d/evil"),
    "path above, below a package": lambda: with_member("monitor/../../evil.py"),
    "absolute path": lambda: with_member("/etc/passwd"),
    "backslashes": lambda: with_member("monitor\\..\\..\\evil.py"),
    "drive": lambda: with_member("C:/evil.py"),
    "control character in a name": lambda: with_member("monitor/a\nb.py"),
    "symbolic link": lambda: with_member("monitor/link", "/etc/passwd", mode=stat.S_IFLNK | 0o777),
    "device": lambda: with_member("monitor/device", "", mode=stat.S_IFCHR | 0o666),
    "foreign package": lambda: with_member("scrapy/__init__.py"),
    "module at the top": lambda: with_member("sitecustomize.py"),
    "compiled code": lambda: with_member("monitor/fast.so", b"\x7fELF"),
    "two files of one name": twice,
    "bomb": lambda: zipped({**METADATA, "monitor/zeros.txt": b"\0" * (100 * 1024 * 1024)}),
    "bomb that lies": lying,
    "too many files": lambda: zipped({**METADATA, **{f"monitor/f{number}.py": "" for number in range(5001)}}),
    "encrypted": encrypted,
    "no entry point": lambda: without("EGG-INFO/entry_points.txt"),
    "settings of another package": lambda: zipped({**METADATA, "EGG-INFO/entry_points.txt": "[scrapy]\nsettings = os\n"}),
    "no metadata": lambda: without("EGG-INFO/PKG-INFO"),
    "requirements that are not installed": lambda: zipped({**METADATA, "EGG-INFO/requires.txt": "no-such-package>=2\n"}),
    "spiders that cannot be loaded": lambda: zipped({**METADATA, "monitor/settings.py": "raise SystemExit(3)\n"}),
}
ONLY_BY_A_NODE = {"requirements that are not installed", "spiders that cannot be loaded"}
NAMES = [
    ("../monitor", "1"), ("monitor/../x", "1"), ("default", "1"), ("", "1"), ("Monitor", "1"), ("monitor%00", "1"),
    ("monitor", "../1"), ("monitor", ""), ("monitor", "."), ("monitor", "a/b"), ("monitor", "1;id"), ("monitor", "x" * 200),
]  # fmt: skip


@pytest.mark.parametrize("name", sorted(HOSTILE.keys() - ONLY_BY_A_NODE))
def test_inspect__refuses(name: str) -> None:
    with pytest.raises(UsageError, match=r"^The egg "):
        archive.inspect(HOSTILE[name]())


def test_inspect__tells_what_a_sound_egg_requires(egg: Path) -> None:
    assert archive.inspect(zipped(METADATA)) == ["scrapy>=2.19"]
    assert any(each.startswith("scrapy>=") for each in archive.inspect(egg.read_bytes()))


def test_node__refuses_hostile_eggs_and_names__and_stores_nothing(fleet: Any, egg: Path) -> None:
    node = fleet.started("gate")
    before = {str(path) for path in fleet.folder.rglob("*")}
    refused = {name: node.upload(make()) for name, make in HOSTILE.items()}
    named = {name: node.upload(egg.read_bytes(), project=name[0], version=name[1]) for name in NAMES}
    stored = fleet.database["eggs"].count_documents({})
    written = {str(path) for path in fleet.folder.rglob("*")} - before
    print(
        f"\n{len(refused)} hostile eggs: refused {sum(reply.status == 400 for reply in refused.values())}; {len(named)} hostile names: "
        f"refused {sum(reply.status == 400 for reply in named.values())}; stored {stored}; files written {len(written)}"
    )
    assert {name: reply.status for name, reply in (refused | named).items() if reply.status != 400} == {}
    assert len(refused) >= 20
    assert stored == 0
    assert written == set()
    assert "no-such-package>=2 (not installed)" in refused["requirements that are not installed"].told["message"]
    assert node.upload(egg.read_bytes(), version="1").told == {
        "project": "monitor", "version": "1", "spiders": 10, "status": "ok", "node_name": "gate",
    }  # fmt: skip
    assert fleet.database["eggs"].count_documents({}) == 1
