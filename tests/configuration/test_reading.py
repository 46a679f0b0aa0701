"""What the file says to a process: below the environment and .env, above the defaults, for every process that loads it."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.config import Config, Secret, load
from monitor.configuration.known import credentials, platforms
from monitor.errors import ConfigurationError

FILE = """
mongo: {uri: "${ADDRESS}", database: of_file}
home: data
contact: file@x.example
private_hosts: [Feeds.Local, "127.0.0.1:80"]
defaults: {timezone: Europe/Berlin}
platforms:
  mastodon: {token: "${TOKEN}", tokens: {chaos.social: own}, instances: [chaos.social]}
  stackexchange: {key_file: key}
  github: {enabled: false}
"""
Load = Callable[..., Config]


@pytest.fixture
def loaded(tmp_path: Path) -> Load:
    """Load this file's configuration in an environment, with a .env where one is given."""

    def load_it(environment: Mapping[str, str] = {}, *, text: str = FILE, dotenv: str | None = None) -> Config:
        (tmp_path / "monitor.yaml").write_text(text, encoding="utf-8")
        (tmp_path / "key").write_text("from-a-file\n", encoding="utf-8")
        if dotenv is not None:
            (tmp_path / ".env").write_text(dotenv, encoding="utf-8")
        return load({**environment, "MONITOR_CONFIG": str(tmp_path / "monitor.yaml")})

    return load_it


def test_file__is_what_the_configuration_says(loaded: Load, tmp_path: Path) -> None:
    config = loaded({"ADDRESS": "mongodb://h/", "TOKEN": "t"})
    assert (config.mongodb_uri, config.database, config.home) == (Secret("mongodb://h/"), "of_file", tmp_path / "data")
    assert (config.contact, config.zone) == ("file@x.example", "Europe/Berlin")
    assert config.private_hosts == {"feeds.local", "127.0.0.1:80"}
    assert (config.instances, config.disabled) == ({"mastodon": ("chaos.social",)}, {"github"})
    names = ("MASTODON_TOKEN", "MASTODON_TOKEN__CHAOS_SOCIAL", "STACKEXCHANGE_KEY", "GITHUB_TOKEN")
    assert [config.secret(name) for name in names] == [Secret("t"), Secret("own"), Secret("from-a-file"), None]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("home: ~nosuchuser/x", "home"),
        ("mongo: {uri_file: ~nosuchuser/x}", "mongo.uri_file"),
        ("platforms: {mastodon: {token_file: ~nosuchuser/x}}", "platforms.mastodon.token_file"),
        ("platforms: {mastodon: {token_files: {a.example: ~nosuchuser/x}}}", "platforms.mastodon.token_files"),
    ],
)
def test_file__home_of_nobody__is_refused_with_the_key(loaded: Load, text: str, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name}: there is no home folder for ~nosuchuser/x"):
        loaded(text=text)


def test_retention__of_the_file_or_the_environment__and_for_ever_without(loaded: Load) -> None:
    text = "defaults: {retention: 400d}"
    assert loaded(text=text).retention == timedelta(days=400)
    assert loaded({"MONITOR_RETENTION": "90d"}, text=text).retention == timedelta(days=90)
    assert loaded().retention is None
    with pytest.raises(ConfigurationError, match="MONITOR_RETENTION=3d is no such length of time: write how long"):
        loaded({"MONITOR_RETENTION": "3d"})


def test_references_that_are_not_set__are_as_good_as_nothing(loaded: Load) -> None:
    config = loaded()
    assert (config.mongodb_uri, config.secret("MASTODON_TOKEN")) == (None, None)


def test_environment_goes_before_dotenv_and_that_before_the_file(loaded: Load) -> None:
    dotenv = "MONITOR_CONTACT=dotenv@x.example\nMONITOR_DATABASE=of_dotenv\nTOKEN='a $b'\n"
    config = loaded({"MONITOR_DATABASE": "of_environment", "MONITOR_CONTACT": ""}, dotenv=dotenv)
    assert (config.database, config.contact) == ("of_environment", "dotenv@x.example")
    assert config.secret("MASTODON_TOKEN") == Secret("a $b")


def test_file_of_a_secret_in_the_environment__goes_before_the_secret_in_the_file(loaded: Load, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("other", encoding="utf-8")
    config = loaded({"TOKEN": "t", "MASTODON_TOKEN_FILE": str(tmp_path / "other")})
    assert config.secret("MASTODON_TOKEN") == Secret("other")


def test_secrets_of_the_file__show_nowhere(loaded: Load) -> None:
    config = loaded({"TOKEN": "hunter2", "ADDRESS": "mongodb://me:hunter2@h/"})
    assert "hunter2" not in f"{config!r} {config.mongodb_uri} {config.secret('MASTODON_TOKEN')}"


@pytest.mark.parametrize(
    ("text", "dotenv", "told"),
    [
        ("mongo: {databse: x}", None, 'unknown key (did you mean "database"?)'),
        ("contact: [", None, "monitor.yaml:1:11"),
        ("contact: x", "a line without sense", ".env:1:1  this is no line such as NAME=value"),
    ],
)
def test_what_is_wrong__is_a_configuration_error(loaded: Load, text: str, dotenv: str | None, told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        loaded(text=text, dotenv=dotenv)
    assert told in str(error.value)


def test_file_that_is_named_and_missing__is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        load({"MONITOR_CONFIG": str(tmp_path / "none.yaml")})


def test_file_is_found__in_this_folder_then_in_the_config_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, home = tmp_path / "here", tmp_path / "config" / "social-monitor"
    here.mkdir()
    home.mkdir(parents=True)
    monkeypatch.delenv("MONITOR_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(here)
    assert load().file is None
    (home / "monitor.yaml").write_text("contact: home@x.example", encoding="utf-8")
    assert load().contact == "home@x.example"
    (here / "monitor.yaml").write_text("contact: here@x.example", encoding="utf-8")
    assert load().contact == "here@x.example"
    assert load(dict(os.environ)).file is None, "an environment that is given has no folder"


def test_file_is_looked_for__in_a_home_that_is_closed_to_a_service__is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, look = tmp_path / "config", os.stat

    def denied(path: str | Path, **more: Any) -> os.stat_result:
        if str(path).startswith(str(closed)):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return look(path, **more)

    monkeypatch.delenv("MONITOR_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(closed))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "stat", denied)
    assert load().file is None


def test_no_file__loads_no_yaml() -> None:
    code = "import sys, monitor.config as c; c.load(); print(sorted({'yaml', 'pydantic', 'scrapy'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_scrapy_settings__name_the_contact_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "monitor.yaml").write_text("contact: file@x.example", encoding="utf-8")
    environment = {**os.environ, "MONITOR_CONFIG": str(tmp_path / "monitor.yaml")}
    code = "from monitor.settings import USER_AGENT; print(USER_AGENT)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert "file@x.example" in ran.stdout


def test_every_credential_of_every_platform__has_a_key_that_becomes_its_variable(loaded: Load) -> None:
    taken = [(name, each) for name, spider in platforms().items() for each in credentials(spider())]
    assert {each.variable for _, each in taken} >= {"MASTODON_TOKEN", "BLUESKY_PASSWORD", "LEMMY_TOKEN", "STACKEXCHANGE_KEY"}
    for name, each in taken:
        key, variable = (each.key, each.variable) if each.alone else (f"{each.key}s", f"{each.variable}__X_ORG")
        config = loaded(text=f"platforms: {{{name}: {{{key}: {'v' if each.alone else '{x.org: v}'}}}}}")
        assert config.secret(variable) == Secret("v")
