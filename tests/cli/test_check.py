"""`monitor check` as it is typed: a summary, or every place where the file is wrong and exit code 2."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli import main, monitor


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MONITOR_CONFIG")
    return tmp_path / "monitor.yaml"


def ended(monkeypatch: pytest.MonkeyPatch, *words: str) -> int | str | None:
    """The exit code of the whole program."""
    monkeypatch.setattr(sys, "argv", ["monitor", *words])
    with pytest.raises(SystemExit) as code:
        main()
    return code.value.code


def test_check__errors__are_all_on_stderr_and_the_code_is_2(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("verison: 1\nmongo: {uri: 5}\n")
    assert ended(monkeypatch, "check") == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[0] == 'monitor.yaml:1:1  verison: unknown key (did you mean "version"?)'
    assert told.err.endswith("2 errors.\n")


def test_check_json__errors__have_their_places_and_the_code_is_2(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("verison: 1\n")
    assert ended(monkeypatch, "check", "--json") == 2
    told = json.loads(capsys.readouterr().out)
    says = 'unknown key (did you mean "version"?)'
    assert told["errors"] == [{"file": str(file), "line": 1, "column": 1, "path": "verison", "says": says}]
    assert told["ok"] is False


def test_check__usable_file__is_one_line_with_warnings_beside_it(file: Path) -> None:
    file.write_text("platforms: {mastodon: {token: abc}}\ntopics: [{id: tea, query: tea, platforms: [hackernews]}]\n")
    done = CliRunner().invoke(monitor, ["check"])
    assert (done.exit_code, done.stdout) == (0, "monitor.yaml: ok, 1 topic, 1 source.\n")
    assert "warning: monitor.yaml:1:31  platforms.mastodon.token: a secret stands in the file" in done.stderr
    assert "abc" not in done.output
    told = json.loads(CliRunner().invoke(monitor, ["check", "--json"]).stdout)
    assert (told["ok"], told["topics"], told["warnings"][0]["path"]) == (True, ["tea"], "platforms.mastodon.token")


def test_check__no_file__says_how_to_make_one(file: Path) -> None:
    assert "monitor init makes one" in str(CliRunner().invoke(monitor, ["check"]).exception)


def test_wrong_file__is_refused_by_other_commands_with_the_same_words(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("topics: [{id: tea, query: 'tea AND'}]\n")
    assert ended(monkeypatch, "collect") == 2
    assert "monitor.yaml:1:32  topics[0].query: " in capsys.readouterr().err
