"""A job's environment: what it needs, no password of the node, and no credentials of other platforms."""

import os
from pathlib import Path

import pytest

from monitor.config import load
from monitor.fleet.assignment import Assignment, read
from monitor.fleet.passed import environment

SECRETS = {
    "MONITOR_NODE_USERNAME": "operator",
    "MONITOR_NODE_PASSWORD": "s3cret-node",
    "MONITOR_NODE_PASSWORD_FILE": "/run/secrets/node",
    "SCRAPYD_PASSWORD": "s3cret-scrapyd",
    "AWS_SECRET_ACCESS_KEY": "s3cret-cloud",
    "MASTODON_TOKEN": "s3cret-mastodon",
    "MASTODON_TOKEN__EXAMPLE_ORG": "s3cret-host",
    "BLUESKY_PASSWORD": "s3cret-bluesky",
    "MONGODB_URI": "mongodb://u:p@h/",
    "MONITOR_DATABASE": "here",
    "LD_PRELOAD": "/tmp/evil.so",
}
TOLD = Assignment(egg="/x.egg", parent=1, node="n", boot="b")


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def test_environment__of_a_job__holds_the_credentials_of_its_platform_alone() -> None:
    found = environment(load({}), TOLD, spider="mastodon")
    assert found.keys() & SECRETS.keys() == {"MASTODON_TOKEN", "MASTODON_TOKEN__EXAMPLE_ORG", "MONGODB_URI", "MONITOR_DATABASE"}
    assert found["PATH"] == os.environ["PATH"]
    assert read(found) == TOLD


def test_environment__of_a_listing__holds_no_secret_at_all() -> None:
    found = environment(load({}), TOLD, spider=None)
    assert found.keys() & SECRETS.keys() == set()
    assert found["MONITOR_CONFIG"] == os.devnull


def test_environment__names_the_configuration_file_wherever_the_job_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text("version: 1\n", encoding="utf-8")
    monkeypatch.setenv("MONITOR_CONFIG", str(file))
    monkeypatch.delenv("MONGODB_URI")
    assert environment(load(), TOLD, spider="mastodon")["MONITOR_CONFIG"] == str(file)
