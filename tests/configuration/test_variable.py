"""How settings of platforms are called in the environment, by key, server and file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from monitor.configuration.known import credentials
from monitor.configuration.variable import host_suffix, platform_variables
from monitor.crawl.platforms import platforms

FOLDER = Path("/etc/monitor")


@pytest.mark.parametrize(
    ("host", "suffix"),
    [
        ("example.org", "EXAMPLE_ORG"),
        ("a-b.example", "A_B_EXAMPLE"),
        ("127.0.0.1:8080", "127_0_0_1_8080"),
        ("MÜ.example", "M__EXAMPLE"),
    ],
)
def test_host__as_the_end_of_a_variable(host: str, suffix: str) -> None:
    assert host_suffix(host) == suffix


@pytest.mark.parametrize(
    ("section", "variables"),
    [
        ({"token": "t"}, {"MASTODON_TOKEN": "t"}),
        (
            {"tokens": {"a.example": "1", "b.example": "2"}},
            {"MASTODON_TOKEN__A_EXAMPLE": "1", "MASTODON_TOKEN__B_EXAMPLE": "2"},
        ),
        ({"token": "t", "tokens": {"a.example": "1"}}, {"MASTODON_TOKEN": "t", "MASTODON_TOKEN__A_EXAMPLE": "1"}),
        ({"api_key": "k"}, {"MASTODON_API_KEY": "k"}),
        ({"token_file": "t.txt"}, {"MASTODON_TOKEN_FILE": "/etc/monitor/t.txt"}),
        ({"token_file": "/run/t"}, {"MASTODON_TOKEN_FILE": "/run/t"}),
        ({"token_files": {"a.example": "t.txt"}}, {"MASTODON_TOKEN__A_EXAMPLE_FILE": "/etc/monitor/t.txt"}),
        # what has no variable
        ({"enabled": False, "instances": ["a.example"]}, {}),
        ({"enabled": "x", "instances": "a.example"}, {}),
        # what is nothing, or not what it should be, is told by the check and not here
        ({"token": None}, {}),
        ({"token": 5, "tokens": ["a"], "keys": {"a.example": None}}, {}),
        ({}, {}),
    ],
)
def test_section__becomes_variables(section: Mapping[str, Any], variables: dict[str, str]) -> None:
    assert platform_variables({"mastodon": section}, FOLDER) == variables


def test_file_of_the_home_folder__is_found_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert platform_variables({"github": {"token_file": "~/t"}}, FOLDER) == {"GITHUB_TOKEN_FILE": "/home/ann/t"}


def test_several_platforms__each_by_its_name() -> None:
    told = platform_variables({"github": {"token": "1"}, "stackexchange": {"key": "2"}}, FOLDER)
    assert told == {"GITHUB_TOKEN": "1", "STACKEXCHANGE_KEY": "2"}


@pytest.mark.parametrize("name", ["monitor", "mongodb"])
def test_a_section_by_the_name_of_ours__sets_none_of_our_settings(name: str) -> None:
    assert platform_variables({name: {"uri": "x", "database": "y"}}, FOLDER) == {}


def test_every_credential_of_every_platform__is_what_its_file_key_is_called() -> None:
    """What platforms look up by themselves, and what the file gives under the key that `monitor check` knows."""
    found = [(name, each) for name, spider in platforms().items() for each in credentials(spider())]
    assert len(found) > 5
    for name, each in found:
        if each.alone:
            assert platform_variables({name: {each.key: "x"}}, FOLDER) == {each.variable: "x"}
        if each.of_host:
            several = {f"{each.key}s": {"a.example": "x"}}
            assert platform_variables({name: several}, FOLDER) == {f"{each.variable}__A_EXAMPLE": "x"}
