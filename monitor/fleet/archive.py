"""What an egg must be before anybody keeps it: a zip of our three packages, within bounds, that can be unpacked anywhere.

Everything is read from the bytes alone; nothing of the egg is run here.
"""

import configparser
import re
import stat
import zipfile
from io import BytesIO
from pathlib import PurePosixPath

from monitor.errors import UsageError
from monitor.fleet.requirement import needed
from monitor.store.eggs import LARGEST_BYTES

TOP_FOLDERS = frozenset({"monitor", "spiders", "pipelines", "EGG-INFO"})
MOST_MEMBERS = 5_000
LARGEST_UNPACKED_BYTES = 64 * 1024 * 1024
LONGEST_NAME = 255
_SIGNATURE = b"PK\x03\x04"
_COMPILED = (".so", ".pyd", ".dll", ".dylib")
_STORED_OR_DEFLATED = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1
_CHUNK = 1 << 16
_MODULE = re.compile(r"monitor(\.[a-z_][a-z0-9_]*)+")


def inspect(egg: bytes) -> list[str]:
    """Check an egg and return what it requires. Raises UsageError with the reason for a refusal."""
    if len(egg) > LARGEST_BYTES:
        raise UsageError(f"The egg has {len(egg):,} bytes; at most {LARGEST_BYTES:,} are taken.")
    if not egg.startswith(_SIGNATURE):
        raise UsageError("The egg is not a zip file.")
    try:
        with zipfile.ZipFile(BytesIO(egg)) as archive:
            _check_members(archive.infolist())
            _check_content(archive)
            _check_entry_point(_text(archive, "EGG-INFO/entry_points.txt"))
            _text(archive, "EGG-INFO/PKG-INFO")
            return needed(_text(archive, "EGG-INFO/requires.txt"))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, UnicodeDecodeError, ValueError, OSError) as error:
        raise UsageError(f"The egg cannot be read as a zip file ({type(error).__name__}).") from error


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS:
        raise UsageError(f"The egg has {len(members):,} files; at most {MOST_MEMBERS:,} are taken.")
    if sum(member.file_size for member in members) > LARGEST_UNPACKED_BYTES:
        raise UsageError(f"The egg is larger than {LARGEST_UNPACKED_BYTES:,} bytes when it is unpacked.")
    names = [member.filename for member in members]
    if len(set(names)) != len(names) or len({name.casefold() for name in names}) != len(names):
        raise UsageError("The egg has two files of one name.")
    for member in members:
        _check_member(member)


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.orig_filename
    parts = PurePosixPath(name).parts
    if name != member.filename or len(name) > LONGEST_NAME or not name.isprintable() or set(name) & set('\\:*?"<>|'):
        raise UsageError("The egg has a file whose name is not allowed.")
    if name.startswith("/") or ".." in parts or not parts:
        raise UsageError("The egg has a file that would lie outside its folder.")
    if parts[0] not in TOP_FOLDERS or (len(parts) == 1 and not member.is_dir()):
        raise UsageError(f"The egg may hold {', '.join(sorted(TOP_FOLDERS))} and nothing else.")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise UsageError("The egg has a link or a device in it.")
    if member.flag_bits & _ENCRYPTED or member.compress_type not in _STORED_OR_DEFLATED:
        raise UsageError("The egg has a file that is encrypted or packed in a way that Python cannot import.")
    if name.lower().endswith(_COMPILED):
        raise UsageError("The egg has compiled code in it, which cannot be imported from an egg: install it on the nodes.")


def _check_content(archive: zipfile.ZipFile) -> None:
    """Read every file to its end: sizes that a zip states may be lies, and a sum that is wrong is found only so."""
    left = LARGEST_UNPACKED_BYTES
    for member in archive.infolist():
        with archive.open(member) as content:
            while chunk := content.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise UsageError(f"The egg is larger than {LARGEST_UNPACKED_BYTES:,} bytes when it is unpacked.")


def _text(archive: zipfile.ZipFile, name: str) -> str:
    try:
        return archive.read(name).decode("utf-8")
    except KeyError:
        raise UsageError(f"The egg lacks {name}: make it with scrapyd-deploy in the project's folder.") from None


def _check_entry_point(text: str) -> None:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=True)
    try:
        parser.read_string(text)
        settings = parser.get("scrapy", "settings")
    except configparser.Error:
        raise UsageError("The egg does not say where its Scrapy settings are: it is not made of this project.") from None
    if not _MODULE.fullmatch(settings.strip()):
        raise UsageError("The egg names settings outside of the package monitor.")
