"""Only listed names, arguments and settings pass."""

import pytest

from monitor.errors import UsageError
from monitor.fleet import allowed


@pytest.mark.parametrize("name", ["", "../monitor", "default", "Monitor", "monitor\n", "monitor/..", "x" * 41])
def test_project__only_ours(name: str) -> None:
    with pytest.raises(UsageError, match="not found"):
        allowed.project(name)
    assert allowed.project("monitor") == "monitor"


@pytest.mark.parametrize("name", ["", ".", "..", "../1", "a/b", "a b", "-v", "1\n", "é", "x" * 81])
def test_version__names_that_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no name of a version"):
        allowed.version(name)


@pytest.mark.parametrize("name", ["1.2.3", "v1.2-3-gabc-main", "r12", "1764400000", "0.1.0+local", "2!1.0"])
def test_version__names_that_are_taken(name: str) -> None:
    assert allowed.version(name) == name


@pytest.mark.parametrize(
    "pair",
    [
        "ITEM_PIPELINES={}", "LOG_FILE=/etc/passwd", "SPIDER_MODULES=os", "EXTENSIONS={}", "FEEDS={}", "JOBDIR=/tmp/x",
        "DOWNLOADER_MIDDLEWARES={}", "TELNETCONSOLE_ENABLED=1", "REMOTE_CONTROL_ENABLED=1", "COMMANDS_MODULE=os", "",
        "LOG_LEVEL=debug", "MONITOR_PACE_S=", "MONITOR_PACE_S=-1", "MONITOR_PACE_S=1e9", "MONITOR_PACE_S=0\n", "MONITOR_PACE_S",
        "log_level=DEBUG", " LOG_LEVEL=DEBUG",
    ],
)  # fmt: skip
def test_settings__that_are_refused(pair: str) -> None:
    with pytest.raises(UsageError):
        allowed.settings([pair])


def test_settings__that_are_taken__once_each() -> None:
    assert allowed.settings(["LOG_LEVEL=DEBUG", "MONITOR_PACE_S=0.5"]) == {"LOG_LEVEL": "DEBUG", "MONITOR_PACE_S": "0.5"}
    with pytest.raises(UsageError, match="twice"):
        allowed.settings(["LOG_LEVEL=DEBUG", "LOG_LEVEL=INFO"])


def test_arguments__only_those_of_spiders__once_each_and_printable() -> None:
    assert allowed.arguments({"tag": ["python"], "since": ["-7d"]}) == {"tag": "python", "since": "-7d"}
    for wrong in ({"_job": ["x"]}, {"settings": ["x"]}, {"tag": ["a", "b"]}, {"tag": ["a\x00"]}, {"tag": ["a" * 3000]}):
        with pytest.raises(UsageError):
            allowed.arguments(wrong)


@pytest.mark.parametrize("text", ["nan", "inf", "1e5", "", "1,5", "٣", "--1"])
def test_priority__that_is_no_number(text: str) -> None:
    with pytest.raises(UsageError):
        allowed.priority(text)
    assert (allowed.priority("-1.5"), allowed.priority("20")) == (-1.5, 20.0)
