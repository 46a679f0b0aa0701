"""docs/adding-a-platform.md is true: its example, put where it says, passes the contract tests, its own, and the style check."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding-a-platform.md").read_text(encoding="utf-8")
PLACES = ("spiders/chirp.py", "tests/platforms/test_chirp.py")
EXAMPLES = ("page.json", "end.json")
FEWEST_TESTS = 30  # "some thirty facts"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project as it is when the page has been followed: platforms, their contract tests, and Chirp."""
    shutil.copytree(ROOT / "spiders", tmp_path / "spiders", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in ("monitor", "pipelines"):
        (tmp_path / package).symlink_to(ROOT / package)
    platforms = tmp_path / "tests" / "platforms"
    chirp = platforms / "examples" / "chirp"
    chirp.mkdir(parents=True)
    for name in ("conftest.py", "test_contract.py"):
        shutil.copy(ROOT / "tests" / "platforms" / name, platforms)
    for place, code in zip(PLACES, blocks("python"), strict=True):
        (tmp_path / place).write_text(code, encoding="utf-8")
    for name, example in zip(EXAMPLES, blocks("json"), strict=True):
        (chirp / name).write_text(example, encoding="utf-8")
    return tmp_path


def ran(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python program in the project, whose own spiders are found before the installed ones."""
    environment = os.environ | {"PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=project, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_page_has_ten_steps_and_names_the_files_of_its_blocks():
    assert re.findall(r"^## (\d+)\. ", PAGE, flags=re.MULTILINE) == [str(number) for number in range(1, 11)]
    assert [name for name in (*PLACES, *EXAMPLES) if f"**{name}**" not in PAGE] == []


def test_example_passes_the_contract_tests_and_its_own(project):
    tests = ["tests/platforms/test_contract.py", "tests/platforms/test_chirp.py"]
    told = ran(project, "-m", "pytest", *tests, "-k", "chirp", "-q", "-p", "no:cacheprovider")
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-1000:]
    passed = re.search(r"(\d+) passed", told.stdout)
    assert passed
    assert int(passed[1]) >= FEWEST_TESTS
    assert "skipped" not in told.stdout


def test_example_with_a_fault__fails_the_contract_tests(project):
    """A suite that fails nobody would pass the example whatever it says."""
    path = project / "spiders" / "chirp.py"
    code = path.read_text(encoding="utf-8")
    assert code.count("text=text,") == 1
    path.write_text(code.replace("text=text,", 'text=row["html"],'), encoding="utf-8")
    told = ran(project, "-m", "pytest", "tests/platforms/test_contract.py", "-k", "chirp", "-q", "-p", "no:cacheprovider")
    assert told.returncode == 1
    assert "test_post__texts_hold_no_markup[chirp/page]" in told.stdout


def test_example_keeps_to_the_style_of_the_project(project):
    for command in (["check", "--no-cache"], ["format", "--no-cache", "--check"]):
        told = ran(project, "-m", "ruff", *command, *PLACES)
        assert told.returncode == 0, told.stdout


def test_example_reply_is_normalised_by_the_command_that_the_page_names(project):
    example = json.loads(blocks("json")[0])
    (project / "reply.json").write_text(json.dumps(example["reply"]["body"]), encoding="utf-8")
    told = ran(project, "-m", "monitor", "normalize", "chirp", "reply.json")
    assert told.returncode == 0, told.stderr
    posts = [json.loads(line) for line in told.stdout.splitlines()]
    assert [post["text"] for post in posts] == ["Tea & toast.\n\ntea.example", "Which tea?"]
