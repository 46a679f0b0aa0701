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
    platforms = tmp_path / "tests" / "platforms"
    chirp = platforms / "examples" / "chirp"
    chirp.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "platforms" / "test_contract.py", platforms)
    for place, code in zip(PLACES, blocks("python"), strict=True):
        (tmp_path / place).write_text(code, encoding="utf-8")
    for name, example in zip(EXAMPLES, blocks("json"), strict=True):
        (chirp / name).write_text(example, encoding="utf-8")
    return tmp_path


def ran(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python program in the project, whose own spiders are found before the installed ones."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(project), str(ROOT)]), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=project, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_page_has_ten_steps_and_names_the_files_of_its_blocks():
    assert re.findall(r"^## (\d+)\. ", PAGE, flags=re.MULTILINE) == [str(number) for number in range(1, 11)]
    assert [name for name in (*PLACES, *EXAMPLES) if f"`{name}`" not in PAGE] == []


def test_example_passes_the_contract_tests_and_its_own(project):
    tests = ["tests/platforms/test_contract.py", "tests/platforms/test_chirp.py"]
    told = ran(project, "-m", "pytest", *tests, "-k", "chirp", "-q", "-p", "no:cacheprovider")
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-1000:]
    passed = re.search(r"(\d+) passed", told.stdout)
    assert passed
    assert int(passed[1]) >= FEWEST_TESTS
    assert "skipped" not in told.stdout


def test_example_without_a_required_check__fails_the_contract_tests(project):
    """The suite would not protect anybody whose platform file it cannot fail."""
    path = project / "spiders" / "chirp.py"
    code = path.read_text(encoding="utf-8")
    careless = code.replace('text_and_links(row["html"])', 'text_and_links(row.get("html") or "nothing")')
    assert careless != code
    path.write_text(careless.replace('id=author["id"]', 'id=str(author.get("id"))'), encoding="utf-8")
    told = ran(project, "-m", "pytest", "tests/platforms/test_contract.py", "-k", "chirp", "-q", "-p", "no:cacheprovider")
    assert told.returncode == 1
    assert "failed" in told.stdout


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
