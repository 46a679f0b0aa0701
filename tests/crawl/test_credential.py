"""What a source is asked with: by the names of variables, several values of one among them, and never a value to be read."""

from pathlib import Path

import pytest

from monitor.config import Config, load
from monitor.crawl.credential import credentials, label
from monitor.crawl.platforms import platform
from monitor.errors import ConfigurationError
from monitor.source import Source

TAG = Source(platform="mastodon", kind="tag", parameters={"tag": "tea", "instance": "example.org"})
SEARCH = Source(platform="bluesky", kind="query", parameters={"query": "tea"})
REPOSITORY = Source(platform="github", kind="community", parameters={"community": "nest/tea"})


@pytest.mark.parametrize(
    ("source", "environment", "expected"),
    [
        (TAG, {}, "mastodon:"),
        (TAG, {"MASTODON_TOKEN": "a"}, "mastodon:MASTODON_TOKEN"),
        (TAG, {"MASTODON_TOKEN": "a", "MASTODON_TOKEN__EXAMPLE_ORG": "b"}, "mastodon:MASTODON_TOKEN__EXAMPLE_ORG"),
        (REPOSITORY, {"GITHUB_TOKEN": "a\nb"}, "github:GITHUB_TOKEN"),
        (REPOSITORY, {"MASTODON_TOKEN": "a"}, "github:"),
        (SEARCH, {"BLUESKY_IDENTIFIER": "a", "BLUESKY_PASSWORD": "b"}, "bluesky:BLUESKY_IDENTIFIER+BLUESKY_PASSWORD"),
        (SEARCH, {"BLUESKY_IDENTIFIER": "a"}, "bluesky:"),
        # Sources that are asked without a sign-in, although there is one.
        (
            Source(platform="bluesky", kind="account", parameters={"account": "a.example"}),
            {"BLUESKY_IDENTIFIER": "a", "BLUESKY_PASSWORD": "b"},
            "bluesky:",
        ),
    ],
)
def test_label__names_the_variables_that_are_used(source: Source, environment: dict[str, str], expected: str) -> None:
    assert label(load(environment), source) == expected


def test_several_values__one_a_line__are_credentials_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text("first\n  second \n\nthird\n")
    found = credentials(platform("github"), load({"GITHUB_TOKEN_FILE": str(path)}), REPOSITORY)
    assert {each.label for each in found} == {"github:GITHUB_TOKEN"}
    assert len({each.id for each in found}) == 3
    sent = [platform("github").login(each.config, REPOSITORY)["Authorization"] for each in found]
    assert sent == ["Bearer first", "Bearer second", "Bearer third"]


def test_values_that_belong_together__are_paired_by_line() -> None:
    config = load({"BLUESKY_IDENTIFIER": "ann\nbob", "BLUESKY_PASSWORD": "one\ntwo"})
    bodies = []
    for each in credentials(platform("bluesky"), config, SEARCH):
        ask = platform("bluesky").sign_in(each.config, SEARCH, {})
        assert ask is not None
        bodies.append(ask.body)
    assert bodies == [b'{"identifier": "ann", "password": "one"}', b'{"identifier": "bob", "password": "two"}']


def test_values_that_belong_together__one_is_missing() -> None:
    config = load({"BLUESKY_IDENTIFIER": "ann\nbob", "BLUESKY_PASSWORD": "one"})
    with pytest.raises(ConfigurationError, match="belong together, and have 2, 1 values"):
        credentials(platform("bluesky"), config, SEARCH)


def test_a_changed_value_is_another_credential__and_a_value_is_not_in_it() -> None:
    (old,), (new,) = (
        credentials(platform("github"), load({"GITHUB_TOKEN": value}), REPOSITORY) for value in ("ghp_old", "ghp_new")
    )
    assert old.id != new.id
    assert "ghp" not in f"{old.id}{old}{new.label}"


def test_a_value_is_the_same_credential_on_every_machine(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("one\n")
    configs: list[Config] = [load({"GITHUB_TOKEN": "one"}), load({"GITHUB_TOKEN_FILE": str(path)})]
    assert len({credentials(platform("github"), config, REPOSITORY)[0].id for config in configs}) == 1
