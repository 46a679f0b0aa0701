"""`monitor init` as it is typed: what it writes can be used at once, and nothing is written over."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli import monitor


def typed(*words: str) -> Result:
    return CliRunner().invoke(monitor, list(words))


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_init__what_it_writes_passes_the_check__with_its_example_too(tmp_path: Path) -> None:
    made = typed("init", "x")
    assert made.exit_code == 0
    assert made.stdout.split() == ["x/monitor.yaml", "x/monitor.schema.json", "x/.env.example", "x/scrapy.cfg"]
    assert typed("check", "x/monitor.yaml").stdout == "x/monitor.yaml: ok, 0 topics, 0 sources.\n"
    file = tmp_path / "x" / "monitor.yaml"
    text = file.read_text(encoding="utf-8")
    # Every example with its sign taken off; prose has none that a value follows.
    file.write_text(
        re.sub(
            r"^( *)# ((?:  )*(?:[a-z_]+: |- id|\(acme|NOT \(|[a-z]+:$|  mastodon|  github).*)$",
            r"\1\2",
            text,
            flags=re.MULTILINE,
        )
    )
    checked = typed("check", "x/monitor.yaml")
    assert (checked.exit_code, "1 topic, " in checked.stdout) == (0, True), checked.exception


def test_init__schema_beside_it__is_the_one_of_check(tmp_path: Path) -> None:
    assert typed("init").exit_code == 0
    first = (tmp_path / "monitor.yaml").read_text(encoding="utf-8").splitlines()[0]
    schema = tmp_path / first.removeprefix("# yaml-language-server: $schema=")
    assert json.loads(schema.read_text(encoding="utf-8")) == json.loads(typed("check", "--schema").stdout)


def test_init__file_that_is_there__is_left_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = mine\n")
    ended = typed("init")
    assert "scrapy.cfg is there already" in str(ended.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["scrapy.cfg"]
    assert (tmp_path / "scrapy.cfg").read_text() == "[settings]\ndefault = mine\n"


def test_scrapy__finds_the_platforms_in_the_folder() -> None:
    typed("init")
    ran = subprocess.run([sys.executable, "-m", "scrapy", "list"], capture_output=True, text=True, check=True)
    assert "mastodon" in ran.stdout.split()
