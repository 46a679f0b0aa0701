"""`monitor doctor` as it is typed: on the real mongod, and with --live against the simulator."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from monitor.cli import monitor
from monitor.config import Config
from monitor.crawl.platforms import platforms
from monitor.simulator.process import simulated

Type = Callable[..., Result]


@pytest.fixture
def typed(config: Config, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Type `monitor doctor ...` on this test's database."""
    assert config.mongodb_uri is not None
    monkeypatch.setenv("MONGODB_URI", config.mongodb_uri.reveal())
    monkeypatch.setenv("MONITOR_DATABASE", config.database)
    monkeypatch.setenv("MONITOR_CONTACT", "ann@example.org")
    return lambda *words: CliRunner().invoke(monitor, ["doctor", *words])


def states(result: Result) -> dict[str, str]:
    return {check["check"]: check["state"] for check in json.loads(result.stdout)["checks"]}


def test_doctor__all_is_well__is_zero(typed: Type) -> None:
    found = typed("--json")
    # The server of these tests has known holes, and belongs to nobody but them; how full this machine is, is its own affair.
    assert states(found) | {"MongoDB": "ok", "disk": "ok"} == dict.fromkeys(
        ("Python", "packages", "configuration", "MongoDB", "schema", "clock", "disk", "sources", "contact", *platforms()),
        "ok",
    )
    assert (found.exit_code, json.loads(found.stdout)["ok"], json.loads(found.stdout)["live"]) == (0, True, [])


def test_doctor__for_people__is_a_line_per_check_and_what_to_do_below_it(typed: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MONITOR_CONTACT")
    lines = typed().stdout.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("warn  contact"))
    assert lines[place + 1].strip().startswith("Set MONITOR_CONTACT")


@pytest.mark.parametrize(("uri", "mongod"), [("", "/nowhere/mongod"), ("mongodb://ann:a-password@:nothing/", "")])
def test_doctor__no_database__fails_and_the_other_checks_are_told(
    typed: Type, monkeypatch: pytest.MonkeyPatch, uri: str, mongod: str
) -> None:
    monkeypatch.setenv("MONGODB_URI", uri)
    monkeypatch.setenv("MONITOR_MONGOD", mongod)
    found = typed("--json")
    assert (found.exit_code, states(found)["MongoDB"], states(found)["contact"]) == (1, "fail", "ok")
    assert "a-password" not in found.output
    assert [check["check"] for check in json.loads(found.stdout)["checks"] if check["state"] != "ok" and not check["fix"]] == []


def test_doctor__file_that_cannot_be_used__fails_and_no_database_is_touched(
    typed: Type, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "monitor.yaml").write_text("mongo: {urii: x}")
    monkeypatch.delenv("MONGODB_URI")
    monkeypatch.setenv("MONITOR_CONFIG", str(tmp_path / "monitor.yaml"))
    found = typed("--json")
    assert (found.exit_code, states(found)["configuration"], states(found)["MongoDB"]) == (1, "fail", "warn")
    assert not (tmp_path / "home").exists()


def live(addresses: Mapping[str, Any]) -> list[str]:
    """What --live is told so that it asks the simulator; where that has no such platform, nobody listens."""
    feed = urlsplit(addresses["feeds"][0])
    pairs = {f"{name}:base_url": "http://127.0.0.1:9" for name in platforms()} | {
        "mastodon:base_url": addresses["mastodon"],
        "feeds:base_url": f"{feed.scheme}://{feed.netloc}",
        "feeds:url": f"https://weekly.example{feed.path}",
    }
    return [word for name, value in pairs.items() for word in ("--probe", f"{name}={value}")]


def test_doctor_live__two_platforms_work_and_one_is_away__says_so_and_is_one(typed: Type) -> None:
    with simulated(["--days", "3", "--posts", "1500"]) as addresses:
        found = typed("--live", "--json", *live(addresses))
    told = json.loads(found.stdout)
    answering = {"mastodon": "works", "feeds": "works"}
    assert {each["platform"]: each["state"] for each in told["live"]} == dict.fromkeys(platforms(), "unreachable") | answering
    assert (states(found)["mastodon live"], states(found)["hackernews live"], found.exit_code) == ("ok", "fail", 1)


@pytest.mark.parametrize("words", [("--probe", "mastodon:tag=x"), ("--live", "--probe", "x"), ("--live", "--probe", "x:y=z")])
def test_doctor__probe_of_nothing__is_a_sentence(typed: Type, words: tuple[str, ...]) -> None:
    assert "--probe" in str(typed(*words).exception)
