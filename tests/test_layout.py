"""Sizes and names of files: one noun per file, nothing longer than a reader can hold."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("monitor", "spiders", "pipelines", "tests")

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
LONGEST_PLATFORM_FILE = 200

# Offenders that are known, with the size they have; the number may only go down, and the line goes with the offence.
KNOWN_LONG_FILES: dict[str, int] = {}
KNOWN_LONG_FUNCTIONS: dict[str, int] = {}

DRAWERS = {"util", "utils", "helper", "helpers", "common", "misc", "base", "core", "manager", "managers", "data", "tools"}


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """`path::name` and the number of lines of each function, without its decorators."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}::{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def beyond(sizes: Iterator[tuple[str, int]], limit: int, known: dict[str, int]) -> list[str]:
    """Offenders that are not known, that grew, and known ones that are none any more."""
    offenders = {name: size for name, size in sizes if size > limit}
    grown = [f"{name} has {size} lines" for name, size in offenders.items() if size > known.get(name, limit)]
    shrunk = [f"{name} is listed with {size}: write {offenders.get(name, 'nothing')}" for name, size in known.items()
              if offenders.get(name, 0) < size]  # fmt: skip
    return sorted(grown + shrunk)


def test_files_are_short() -> None:
    sizes = ((str(path.relative_to(ROOT)), lines(path)) for path in sources(*FOLDERS))
    assert beyond(sizes, LONGEST_FILE, KNOWN_LONG_FILES) == []


def test_functions_are_short() -> None:
    sizes = (size for path in sources(*FOLDERS) for size in functions(path))
    assert beyond(sizes, LONGEST_FUNCTION, KNOWN_LONG_FUNCTIONS) == []


def test_platform_files_are_short() -> None:
    """A platform that needs more lacks something in the shared spider."""
    sizes = ((str(path.relative_to(ROOT)), lines(path)) for path in sources("spiders"))
    assert beyond(sizes, LONGEST_PLATFORM_FILE, {}) == []


@pytest.mark.parametrize(
    ("size", "known", "complaints"),
    [(10, {}, 0), (11, {}, 1), (11, {"a": 11}, 0), (12, {"a": 11}, 1), (11, {"a": 12}, 1), (5, {"a": 12}, 1)],
)
def test_the_list_of_known_offenders_may_only_shrink(size: int, known: dict[str, int], complaints: int) -> None:
    assert len(beyond(iter([("a", size)]), 10, known)) == complaints


def test_no_file_is_a_drawer() -> None:
    """A file named for nothing collects everything."""
    named = [path for path in sources(*FOLDERS) if path.stem in DRAWERS or path.parent.name in DRAWERS]
    assert named == []


def test_every_module_says_what_it_is() -> None:
    without = [
        str(path.relative_to(ROOT))
        for path in sources(*FOLDERS)
        if path.read_text(encoding="utf-8").strip() and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert without == []


def test_every_package_lies_where_setuptools_looks() -> None:
    """A folder of modules without __init__.py is missing from the installed package and from the egg."""
    folders = {path.parent for path in sources("monitor", "spiders", "pipelines")}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
