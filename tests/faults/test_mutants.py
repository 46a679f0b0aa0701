"""Do the tests bite? Each mutant is a copy of the program with one promise broken, and the test that holds the promise goes red.

The text to replace is quoted exactly and must be found once: when the code changes, this file says so.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("monitor", "pipelines", "spiders")
TESTS = ("tests/conftest.py", "tests/crawl", "tests/store", "tests/test_walk.py")
LONGEST_S = 300.0
ALL_PASSED, SOME_FAILED = 0, 1  # exit codes of pytest; others mean that tests could not even be run

# Says where the tested packages were imported from, at the end of the run.
WITNESS = f"""
import {", ".join(PACKAGES)}


def pytest_terminal_summary(terminalreporter):
    for package in ({", ".join(PACKAGES)}):
        terminalreporter.write_line(f"imported: {{package.__file__}}")
"""


@dataclass(frozen=True)
class Mutant:
    """What is replaced by what in one file, and the test that must fail then."""

    file: str
    replaced: tuple[tuple[str, str], ...]
    test: str


COMMIT, PROGRESS = "monitor/store/commit.py", "monitor/store/progress.py"
MAKE_DURABLE = "    async def _make_durable(self, commits: list[Commit], until: float) -> list[Committed | Exception]:\n"
MOVE = "        moved = await self._move_bookmarks(commits, until)\n"
HOLD_BACK = "            self.not_before = max(self.not_before, at + wait)\n            return wait\n"
TOLD = "        if isinstance(item, PageItem) and not item.committed.done():\n            item.committed."

MUTANTS = {
    "bookmark before posts": Mutant(
        COMMIT,
        ((MOVE, ""), (MAKE_DURABLE, MAKE_DURABLE + MOVE)),
        "tests/store/test_commit.py::test_a_bookmark_never_moves_before_what_it_covers",
    ),
    "no fence": Mutant(
        PROGRESS,
        (('"lease.epoch": move.epoch, ', ""),),
        "tests/store/test_commit.py::test_a_late_owner_moves_nothing",
    ),
    "no version condition": Mutant(
        PROGRESS,
        ((', "bookmark.version": move.bookmark.version - 1}', "}"),),
        "tests/store/test_commit.py::test_a_page_out_of_order_moves_nothing",
    ),
    "an id per run": Mutant(
        "monitor/crawl/page_item.py",
        (
            ("posts=self.posts,", 'posts=[replace(post, id=f"{post.id}#{self.run}") for post in self.posts],'),
            ("from dataclasses import dataclass, field\n", "from dataclasses import dataclass, field, replace\n"),
        ),
        "tests/crawl/test_process.py::test_crawl__exports__hold_the_posts_that_are_stored_and_a_second_run_adds_none",
    ),
    "a failed commit counts as done": Mutant(
        COMMIT,
        (("waiting.done.set_exception(result)", "waiting.done.set_result(Committed(0, 0, 0, 0))"),),
        "tests/store/test_commit.py::test_a_long_outage_is_told_after_the_deadline",
    ),
    "a failed page is told as stored": Mutant(
        "monitor/crawl/acknowledge.py",
        ((f"{TOLD}set_exception(error)", f"{TOLD}set_result(None)"),),
        "tests/crawl/test_acknowledge.py::test_failed__the_walk_hears_the_very_error",
    ),
    "no overlap": Mutant(
        "monitor/heads.py",
        (("settled = bookmark.asked_at - overlap", "settled = bookmark.asked_at"),),
        "tests/test_walk.py::test_floor__rule_measured_from_now__would_lose_late_posts",
    ),
    "no gaps": Mutant(
        "monitor/advance.py",
        (("    if facts.end or _reached(floor, marks, facts):\n", "    if True:\n"),),
        "tests/test_walk.py::test_page_budget__the_gap_stays_and_the_next_poll_goes_on",
    ),
    "Retry-After ignored": Mutant(
        "monitor/crawl/pace.py",
        ((HOLD_BACK, "            return wait\n"),),
        "tests/crawl/test_pace.py::test_pace__next_request_is_never_early_and_never_beyond_the_cap",
    ),
}


@dataclass(frozen=True)
class Run:
    """How pytest ended in a copy, after how long, and what it said."""

    code: int
    seconds: float
    said: str

    @property
    def failed(self) -> set[str]:
        """The tests that failed, without their parameters."""
        told = [line.split()[1] for line in self.said.splitlines() if line.startswith("FAILED ")]
        return {name.partition("[")[0] for name in told}


@pytest.fixture
def tested(tmp_path: Path, mongod_binary: Path) -> Callable[..., Run]:
    """Copy the program, replace what is told in one of its files, and run these tests on the copy and on nothing else."""
    copy = tmp_path / "copy"

    def run(file: str | None, replaced: tuple[tuple[str, str], ...], *tests: str) -> Run:
        for name in (*PACKAGES, *TESTS, "pyproject.toml", "scrapy.cfg"):
            put(ROOT / name, copy / name)
        (copy / "conftest.py").write_text(WITNESS, encoding="utf-8")
        for before, after in replaced:
            replace_once(copy / str(file), before, after)
        environment = {**os.environ, "PYTHONPATH": str(copy), "MONITOR_MONGOD": str(mongod_binary)}
        environment.pop("PYTEST_ADDOPTS", None)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--durations=0", *tests]
        begun = time.monotonic()
        done = subprocess.run(
            command, cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            timeout=LONGEST_S,
        )  # fmt: skip
        ran = Run(done.returncode, time.monotonic() - begun, done.stdout)
        imported = {line.removeprefix("imported: ") for line in ran.said.splitlines() if line.startswith("imported: ")}
        assert imported == {str(copy / package / "__init__.py") for package in PACKAGES}, ran.said
        return ran

    return run


def put(what: Path, where: Path) -> None:
    where.parent.mkdir(parents=True, exist_ok=True)
    if what.is_dir():
        shutil.copytree(what, where)  # with its bytecode, which holds for files of the same age and size
    else:
        shutil.copyfile(what, where)


def replace_once(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, (
        f"{file.name} has this text {text.count(before)} times, so there is no such mutant:\n{before}"
    )
    file.write_text(text.replace(before, after), encoding="utf-8")
    for bytecode in (file.parent / "__pycache__").glob(f"{file.stem}.*"):
        bytecode.unlink()


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant__is_found_by_its_test(name: str, tested: Callable[..., Run]) -> None:
    mutant = MUTANTS[name]
    ran = tested(mutant.file, mutant.replaced, mutant.test)
    print(f"\nmutant {name!r}: exit code {ran.code}, {ran.said.count('FAILED ')} failed, {ran.seconds:.1f} s")
    assert (ran.code, ran.failed) == (SOME_FAILED, {mutant.test}), f"{name!r} survived, or did something else:\n{ran.said}"


def test_unchanged_copy__passes_the_same_tests(tested: Callable[..., Run]) -> None:
    """Else a mutant could fail for any reason."""
    tests = sorted({mutant.test for mutant in MUTANTS.values()})
    ran = tested(None, (), *tests)
    print(f"\nunchanged: exit code {ran.code}, {ran.seconds:.1f} s, {ran.said.strip().splitlines()[-1]}")
    assert ran.code == ALL_PASSED, ran.said
    assert "skipped" not in ran.said
