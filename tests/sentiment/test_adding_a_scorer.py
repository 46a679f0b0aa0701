"""docs/adding-a-scorer.md is true: its example, installed as it says, is found, scores, and passes its own tests."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding-a-scorer.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder as an installer leaves it: the module, its tests, and the entry points of its pyproject.toml."""
    code, tests = blocks("python")
    (tmp_path / "german_words.py").write_text(code, encoding="utf-8")
    (tmp_path / "test_german_words.py").write_text(tests, encoding="utf-8")
    project = tomllib.loads(blocks("toml")[0])["project"]
    folder = tmp_path / f"german_words-{project['version']}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    (folder / "entry_points.txt").write_text("\n".join(lines))
    return tmp_path


def ran(package: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": f"{package}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=package, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_example_passes_its_own_tests(package: Path) -> None:
    told = ran(package, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "test_german_words.py")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "7 passed" in told.stdout


def test_example_scores_while_posts_are_collected__after_vader(package: Path) -> None:
    script = (
        "from monitor.sentiment.scorer import inline\n"
        "print([scorer.name for scorer in inline()], inline()[1].score('Das ist gut.', 'de').label)"
    )
    told = ran(package, "-c", script)
    assert told.stdout.strip() == "['vader', 'german-words'] positive", told.stderr


def test_example_keeps_to_the_style_of_the_project(package: Path) -> None:
    settings = ROOT / "pyproject.toml"
    for words in (["check", "--ignore", "INP001,ANN,S101,RUF012"], ["format", "--check"]):
        told = ran(package, "-m", "ruff", *words, "--no-cache", "--config", str(settings), ".")
        assert told.returncode == 0, told.stdout


def test_page_names_the_module_of_its_block() -> None:
    assert "`german_words.py`" in PAGE
    assert tomllib.loads(blocks("toml")[0])["project"]["entry-points"].keys() == {"social_monitor.scorers"}
