"""Which credentials a platform takes, by what its own login looks up."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from monitor.config import Config, load
from monitor.crawl.platforms import platform
from monitor.crawl.spider import PlatformSpider
from monitor.doctor.credentials import credentials
from monitor.errors import CredentialsError
from monitor.source import Source, SourceKind

SECRET = "a-token-that-nobody-may-see"


class Closed(PlatformSpider):
    """A platform that shows nothing to strangers."""

    name = "closed"
    base_url = "https://closed.example"
    kinds: ClassVar[Mapping[str, SourceKind]] = {"query": SourceKind(needs=("query",))}

    def login(self, config: Config, source: Source) -> Mapping[str, str]:
        if config.secret("CLOSED_TOKEN") is None:
            raise CredentialsError("No.")
        return {}


def test_platform_without_login__takes_none() -> None:
    found = credentials(platform("hackernews"), load({}))
    assert (found.state, found.says, found.fix) == ("ok", "takes no credentials.", None)


def test_platform_with_more_for_users__says_what_is_not_asked_without() -> None:
    found = credentials(platform("mastodon"), load({}))
    assert (found.state, found.says) == ("ok", "MASTODON_TOKEN is not set; not asked: query.")
    assert found.fix == "Set MASTODON_TOKEN to use all of it."


@pytest.mark.parametrize("name", ["MASTODON_TOKEN", "MASTODON_TOKEN__EXAMPLE_ORG"])
def test_credentials_that_are_set__are_told_without_their_value(name: str) -> None:
    found = credentials(platform("mastodon"), load({name: SECRET}))
    assert (found.state, found.says) == ("ok", f"{name} is set.")


@pytest.mark.parametrize(
    ("name", "variable"), [("lemmy", "LEMMY_TOKEN__EXAMPLE_ORG"), ("discourse", "DISCOURSE_USER_API_KEY__EXAMPLE_ORG")]
)
def test_credentials_of_single_hosts__are_told_with_their_host(name: str, variable: str) -> None:
    """Without it the variable would never be read."""
    assert credentials(platform(name), load({})).says == f"{variable} is not set."
    other = variable.replace("EXAMPLE_ORG", "OTHER_EXAMPLE")
    assert credentials(platform(name), load({other: SECRET})).says == f"{other} is set."


def test_stack_exchange__takes_a_key_and_works_without() -> None:
    assert credentials(platform("stackexchange"), load({})).says == "STACKEXCHANGE_KEY is not set."
    found = credentials(platform("stackexchange"), load({"STACKEXCHANGE_KEY": SECRET}))
    assert (found.state, found.says) == ("ok", "STACKEXCHANGE_KEY is set.")


def test_credentials_in_a_file__count_as_set(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(SECRET)
    assert credentials(platform("mastodon"), load({"MASTODON_TOKEN_FILE": str(tmp_path / "token")})).says.endswith("is set.")


def test_credentials_in_a_file_that_is_missing__fail() -> None:
    found = credentials(platform("mastodon"), load({"MASTODON_TOKEN_FILE": "/nowhere"}))
    assert (found.state, "/nowhere" in found.says) == ("fail", True)


def test_platform_that_is_closed_without__is_a_warning() -> None:
    found = credentials(Closed(), load({}))
    assert (found.state, found.says) == ("warn", "CLOSED_TOKEN is not set; nothing can be asked without it.")


@pytest.mark.parametrize(
    ("environment", "missing", "fix"),
    [
        ({}, "BLUESKY_IDENTIFIER and BLUESKY_PASSWORD are", "BLUESKY_IDENTIFIER, BLUESKY_PASSWORD"),
        ({"BLUESKY_IDENTIFIER": "ann.example"}, "BLUESKY_PASSWORD is", "BLUESKY_PASSWORD"),
    ],
)
def test_mode_whose_credentials_are_missing__is_a_warning_that_names_them(
    environment: Mapping[str, str], missing: str, fix: str
) -> None:
    found = credentials(platform("bluesky"), replace(load(environment), modes={"bluesky": "search"}))
    assert found.state == "warn"
    assert found.says == f"mode search asks with credentials, and {missing} not set."
    assert found.fix == f"Set {fix}, or choose another platforms.bluesky.mode."


@pytest.mark.parametrize(
    ("mode", "environment"), [("jetstream", {}), ("search", {"BLUESKY_IDENTIFIER": "a", "BLUESKY_PASSWORD": "b"})]
)
def test_mode_that_lacks_nothing__is_ok(mode: str, environment: Mapping[str, str]) -> None:
    assert credentials(platform("bluesky"), replace(load(environment), modes={"bluesky": mode})).state == "ok"
