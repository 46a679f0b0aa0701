"""The way to follow topics on a platform that has several: which values there are, and what each makes of a topic."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from monitor.config import load
from monitor.configuration.checked import Checked, check
from monitor.configuration.known import schema
from monitor.configuration.mode import said_of_mode, unmet
from monitor.configuration.problem import ConfigurationFileError
from monitor.crawl.platforms import platform, platforms

SIGNED = {"BLUESKY_IDENTIFIER": "ann.example", "BLUESKY_PASSWORD": "a-password"}
SEARCH, STREAM = "bluesky/query?query=tea", "bluesky/stream?query=tea&stream=jetstream"
TOPIC = "topics: [{id: tea, query: tea, platforms: [bluesky]}]\n"
WITHOUT = sorted(name for name, spider in platforms().items() if not spider.modes)


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Checked]:
    """Check a file of this text in this environment."""
    monkeypatch.chdir(tmp_path)

    def check_it(text: str, environment: Mapping[str, str] = {}) -> Checked:
        (tmp_path / "monitor.yaml").write_text(text, encoding="utf-8")
        return check(tmp_path / "monitor.yaml", environment)

    return check_it


@pytest.fixture
def refused(checked: Callable[..., Checked]) -> Callable[..., str]:
    """What is told of a file that cannot be used."""

    def told(text: str) -> str:
        with pytest.raises(ConfigurationFileError) as error:
            checked(text)
        return str(error.value)

    return told


def test_value_that_is_misspelled__is_told_with_its_place_and_what_was_meant(refused: Callable[..., str]) -> None:
    assert refused("platforms:\n  bluesky: {mode: jetstraem}\n") == (
        'monitor.yaml:2:19  platforms.bluesky.mode: unknown value (did you mean "jetstream"?)\n'
        "    2 |   bluesky: {mode: ***}\n"
        "      |                   ^^^"
    )


@pytest.mark.parametrize("value", ["firehose", "true", "[search]"])
def test_value_that_is_like_none__names_those_there_are(refused: Callable[..., str], value: str) -> None:
    told = refused(f"platforms: {{bluesky: {{mode: {value}}}}}")
    assert "1:29  platforms.bluesky.mode: has to be one of auto, search, jetstream\n" in told


@pytest.mark.parametrize("name", WITHOUT)
def test_platform_without_modes__says_that_there_are_none(refused: Callable[..., str], name: str) -> None:
    (told, *_), column = refused(f"platforms: {{{name}: {{mode: auto}}}}").splitlines(), len(name) + 22
    assert told == (f"monitor.yaml:1:{column}  platforms.{name}.mode: this platform has no modes to choose from: take it out")


def test_schema__has_the_modes_of_platforms_that_have_some_and_no_key_elsewhere() -> None:
    told = schema()["$defs"]
    assert told["Bluesky"]["properties"]["mode"]["enum"] == ["auto", "search", "jetstream"]
    assert told["Bluesky"]["properties"]["mode"]["default"] == "auto"
    assert [name for name in WITHOUT if "mode" in told[name.title()]["properties"]] == []


@pytest.mark.parametrize(
    ("mode", "environment", "source"),
    [
        (None, {}, STREAM),
        (None, SIGNED, SEARCH),
        ("", SIGNED, SEARCH),
        ("auto", {}, STREAM),
        ("auto", SIGNED, SEARCH),
        ("search", {}, SEARCH),
        ("search", SIGNED, SEARCH),
        ("jetstream", {}, STREAM),
        ("jetstream", SIGNED, STREAM),
        ("${WAY}", {"WAY": "search"}, SEARCH),
        ("${WAY}", {}, STREAM),
    ],
)
def test_topic__has_sources_of_the_chosen_way_or_by_what_credentials_allow(
    checked: Callable[..., Checked], mode: str | None, environment: Mapping[str, str], source: str
) -> None:
    told = "" if mode is None else f"platforms:\n  bluesky:\n    mode: {mode}\n"
    (topic,) = checked(told + TOPIC, environment).topics
    assert [each.id for each in topic.sources] == [source]


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({}, "BLUESKY_IDENTIFIER and BLUESKY_PASSWORD are not set"),
        ({"BLUESKY_IDENTIFIER": "ann.example"}, "BLUESKY_PASSWORD is not set"),
    ],
)
def test_mode_whose_credentials_are_missing__is_warned_of_at_its_place(
    checked: Callable[..., Checked], environment: Mapping[str, str], missing: str
) -> None:
    (warning,) = checked("platforms:\n  bluesky: {mode: search}\n" + TOPIC, environment).warnings
    assert str(warning).splitlines()[0] == (
        f"monitor.yaml:2:19  platforms.bluesky.mode: mode search asks with credentials, and {missing}: "
        "set what is missing, or choose another mode"
    )


@pytest.mark.parametrize(
    ("section", "environment"),
    [
        ("mode: search", SIGNED),
        ("mode: search, identifier: ann.example, password_file: /run/secrets/bluesky", {}),
        ("mode: jetstream", {}),
        ("mode: search, enabled: false", {}),
    ],
)
def test_mode_that_lacks_nothing__is_not_warned_of(
    checked: Callable[..., Checked], section: str, environment: Mapping[str, str]
) -> None:
    assert checked(f"platforms: {{bluesky: {{{section}}}}}", environment).warnings == ()


def test_said_of_mode__nothing_where_none_was_chosen(tmp_path: Path) -> None:
    (tmp_path / "monitor.yaml").write_text("platforms: {bluesky: {mode: auto}}")
    config = load({"MONITOR_CONFIG": str(tmp_path / "monitor.yaml")})
    assert (config.modes, said_of_mode(platform("bluesky"), config), unmet(platform("bluesky"), config)) == ({}, (), None)
