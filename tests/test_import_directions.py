"""Who may import whom: spiders -> monitor <- pipelines, and the domain knows no I/O. Read from the source by `ast`."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("monitor", "spiders", "pipelines")

DOMAIN = (
    "analysis",
    "importing",
    "labels",
    "stories",
    "post",
    "page",
    "bookmark",
    "advance",
    "heads",
    "paging",
    "backfill",
    "walk",
    "source",
    "topic",
    "scope",
    "moment",
    "errors",
    "query",
    "text",
    "sentiment",
)
INPUT_OUTPUT = (
    "aiohttp",
    "asyncio",
    "bson",
    "ftplib",
    "glob",
    "gridfs",
    "http.client",
    "http.server",
    "multiprocessing",
    "os",
    "pathlib",
    "pymongo",
    "requests",
    "scrapy",
    "select",
    "selectors",
    "shutil",
    "signal",
    "smtplib",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "tempfile",
    "twisted",
    "urllib.request",
    "urllib3",
)
# What a platform file needs: domain values, the pure readers and the spider it is. Storing and starting are not its business.
PLATFORM_MAY_IMPORT = (
    "monitor.bookmark",
    "monitor.config",
    "monitor.crawl",
    "monitor.errors",
    "monitor.page",
    "monitor.post",
    "monitor.source",
    "monitor.text",
)


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Every dotted name that a file imports, `from a import b` as `a.b`, and the line; anywhere in the file."""
    package = module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            start = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                yield f"{start}.{alias.name}", node.lineno


def offences(paths: list[Path], forbidden: tuple[str, ...], *, allowed: tuple[str, ...] = ()) -> list[str]:
    """`path:line imports name` for each import inside one of `forbidden` and inside none of `allowed`."""
    return [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in paths
        for name, line in imported(path)
        if any(inside(name, package) for package in forbidden) and not any(inside(name, package) for package in allowed)
    ]


def domain_files() -> list[Path]:
    return [path for path in sources("monitor") if any(inside(module_name(path), f"monitor.{room}") for room in DOMAIN)]


def test_the_rules_look_at_real_files() -> None:
    """A wrong folder name would make every rule below pass by looking at nothing."""
    assert len(sources("monitor")) > 10
    assert len(domain_files()) >= len(DOMAIN) - 1
    assert ("monitor.post.Post", 1) in {(name, 1) for path in sources("spiders", "monitor") for name, _ in imported(path)}


def test_imports_are_read__relative_and_nested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    path = tmp_path / "monitor" / "store" / "posts.py"
    path.parent.mkdir(parents=True)
    path.write_text("from . import leases\nfrom ..post import Post\ndef f():\n    import pymongo.errors\n")
    assert list(imported(path)) == [
        ("monitor.store.leases", 1),
        ("monitor.post.Post", 2),
        ("pymongo.errors", 4),
    ]


def test_monitor_imports_neither_spiders_nor_pipelines() -> None:
    assert offences(sources("monitor"), ("spiders", "pipelines")) == []


def test_spiders_and_pipelines_do_not_import_each_other() -> None:
    assert offences(sources("spiders"), ("pipelines",)) == []
    assert offences(sources("pipelines"), ("spiders",)) == []


def test_only_the_store_and_the_private_mongod_import_pymongo() -> None:
    others = [
        path
        for path in sources(*PACKAGES)
        if not any(inside(module_name(path), room) for room in ("monitor.store", "monitor.mongod"))
    ]
    assert offences(others, ("pymongo", "bson", "gridfs")) == []


def test_the_domain_imports_no_input_or_output() -> None:
    assert offences(domain_files(), INPUT_OUTPUT) == []


def test_the_domain_imports_only_the_domain() -> None:
    allowed = tuple(f"monitor.{room}" for room in DOMAIN)
    assert offences(domain_files(), ("monitor",), allowed=allowed) == []


def test_platform_files_do_not_import_each_other() -> None:
    assert offences(sources("spiders"), ("spiders",)) == []


def test_platform_files_import_only_what_a_platform_needs() -> None:
    assert offences(sources("spiders"), ("monitor",), allowed=PLATFORM_MAY_IMPORT) == []


def test_nothing_imports_the_tests() -> None:
    assert offences(sources(*PACKAGES), ("tests", "conftest", "pytest", "hypothesis")) == []


def test_no_module_loads_a_reactor_when_it_is_imported() -> None:
    """A reactor that is loaded by an import wins over the one of the settings and ends the job; seen in a fresh process."""
    names = [module_name(path) for path in sources(*PACKAGES) if path.name != "__main__.py"]
    script = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module(name)\n"
        "    assert 'twisted.internet.reactor' not in sys.modules, name\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *names], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
