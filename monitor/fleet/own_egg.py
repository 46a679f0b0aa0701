"""The egg of the installed program itself, so that one machine needs no deploy by hand: the same files give the same bytes."""

import io
import zipfile
from collections.abc import Iterator
from importlib import metadata, resources
from importlib.resources.abc import Traversable

from packaging.requirements import Requirement

import monitor

PACKAGES = ("monitor", "spiders", "pipelines")
_DISTRIBUTION = "social-monitor"
_LEFT_OUT = (".pyc", ".pyo", ".so")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file can tell


def own_egg() -> bytes:
    """The three packages as they are installed here, with what an egg has to say about itself."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted((*_files(), *_information())):
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _files() -> Iterator[tuple[str, bytes]]:
    for package in PACKAGES:
        yield from _below(resources.files(package), package)


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        name = f"{path}/{entry.name}"
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _below(entry, name)
        elif not entry.name.endswith(_LEFT_OUT) and not entry.name.startswith("."):
            yield name, entry.read_bytes()


def _information() -> Iterator[tuple[str, bytes]]:
    told = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {_DISTRIBUTION}\nVersion: {monitor.__version__}\n",
        "entry_points.txt": "[scrapy]\nsettings = monitor.settings\n",
        "requires.txt": "".join(_required()),
        "top_level.txt": "".join(f"{package}\n" for package in PACKAGES),
    }
    for name, text in told.items():
        yield f"EGG-INFO/{name}", text.encode()


def _required() -> Iterator[str]:
    """Lines of requires.txt: what is needed everywhere, then a section for each condition; extras are for people."""
    requirements = [Requirement(text) for text in metadata.requires(_DISTRIBUTION) or ()]
    marked: dict[str, list[str]] = {}
    for requirement in requirements:
        marker = str(requirement.marker or "")
        if "extra ==" not in marker:
            requirement.marker = None
            marked.setdefault(marker, []).append(f"{requirement}\n")
    yield from sorted(marked.pop("", []))
    for marker, lines in sorted(marked.items()):
        yield f"\n[:{marker}]\n"
        yield from sorted(lines)
