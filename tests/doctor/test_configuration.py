"""What doctor says of the configuration file, with what to do wherever it is not as it should be."""

from pathlib import Path

import pytest

from monitor.doctor.configuration import configuration
from monitor.doctor.finding import Finding


def found(path: Path, text: str) -> Finding:
    (path / "monitor.yaml").write_text(text, encoding="utf-8")
    return configuration({"MONITOR_CONFIG": str(path / "monitor.yaml")})


@pytest.mark.parametrize(
    ("text", "state", "says"),
    [
        ("topics: [{id: tea, query: tea}]", "ok", "is used, with 1 topic."),
        ("a: 1\nb: 2\n", "fail", "has 2 errors; the first is at "),
        ("platforms: {github: {token: abc}}", "warn", "It has 1 warning."),
        ("platforms: {bluesky: {mode: search}}", "warn", "It has 1 warning."),
    ],
)
def test_file__ok_wrong_or_with_warnings(tmp_path: Path, text: str, state: str, says: str) -> None:
    finding = found(tmp_path, text)
    assert (finding.state, says in finding.says) == (state, True), finding
    assert (finding.fix is None) == (state == "ok")
    assert "abc" not in finding.says


def test_file_that_is_missing__fails(tmp_path: Path) -> None:
    finding = configuration({"MONITOR_CONFIG": str(tmp_path / "none.yaml")})
    assert (finding.state, finding.fix is not None) == ("fail", True)


def test_dotenv_that_others_can_read__is_a_warning_with_the_command(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GITHUB_TOKEN=abc")
    (tmp_path / ".env").chmod(0o644)
    finding = found(tmp_path, "version: 1")
    assert (finding.state, finding.fix) == ("warn", f"chmod 600 {tmp_path / '.env'}")
    (tmp_path / ".env").chmod(0o600)
    assert found(tmp_path, "version: 1").state == "ok"
