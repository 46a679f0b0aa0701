"""The configuration: what the environment says, what is refused, and that no secret shows."""

import traceback
from pathlib import Path

import pytest

from monitor.config import DEFAULT_DATABASE, Secret, load
from monitor.errors import ConfigurationError

PASSWORD = "hunter2-in-plain-sight"


def test_load__empty_environment__uses_the_private_mongod_and_the_default_database() -> None:
    config = load({})
    assert (config.mongodb_uri, config.database, config.mongod, config.contact) == (None, DEFAULT_DATABASE, None, None)
    assert config.private_hosts == frozenset()
    assert config.home == Path("~/.local/share/social-monitor").expanduser()


def test_load__empty_values__are_as_good_as_none() -> None:
    names = ("MONGODB_URI", "MONITOR_DATABASE", "MONITOR_HOME", "MONITOR_MONGOD", "MONITOR_CONTACT", "MONITOR_PRIVATE_HOSTS")
    told, untold = load(dict.fromkeys(names, "")), load({})
    assert [getattr(told, name) for name in ("mongodb_uri", "database", "home", "mongod", "contact", "private_hosts")] == [
        getattr(untold, name) for name in ("mongodb_uri", "database", "home", "mongod", "contact", "private_hosts")
    ]


def test_load__home__is_taken_over_the_data_folder_and_may_begin_with_a_tilde() -> None:
    assert load({"XDG_DATA_HOME": "/data"}).home == Path("/data/social-monitor")
    assert load({"XDG_DATA_HOME": "/data", "MONITOR_HOME": "~/m"}).home == Path.home() / "m"


def test_load__private_hosts__are_lower_case_names_without_blanks() -> None:
    assert load({"MONITOR_PRIVATE_HOSTS": " Feeds.Local , 127.0.0.1:8080,,"}).private_hosts == {"feeds.local", "127.0.0.1:8080"}


@pytest.mark.parametrize("name", ["a b", "a/b", "a\\b", "a.b", 'a"b', "$a", "a*", "a<b", "a|b", "a\0b", "a" * 64, "ä" * 32])
def test_load__what_mongodb_takes_for_no_database__is_refused_with_the_variable(name: str) -> None:
    with pytest.raises(ConfigurationError, match="MONITOR_DATABASE"):
        load({"MONITOR_DATABASE": name})


@pytest.mark.parametrize("name", ["monitor_demo", "a-1", "a" * 63, "ä" * 31])
def test_load__a_usable_database_name__is_kept(name: str) -> None:
    assert load({"MONITOR_DATABASE": name}).database == name


def test_secret__shows_itself_nowhere_but_in_reveal() -> None:
    config = load({"MONGODB_URI": f"mongodb://me:{PASSWORD}@host/", "MASTODON_TOKEN": PASSWORD})
    secret = config.secret("MASTODON_TOKEN")
    shown = [repr(config), f"{config}", repr(config.mongodb_uri), f"{secret}", f"{secret!r}", f"{[secret]}"]
    assert [text for text in shown if PASSWORD in text] == []
    assert secret is not None
    assert secret.reveal() == PASSWORD


def test_secret__is_equal_by_its_value_and_usable_as_a_key() -> None:
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("a") != "a"


def test_secret__from_a_file__is_read_without_the_line_end(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{PASSWORD}\n", encoding="utf-8")
    assert load({"MASTODON_TOKEN_FILE": str(path)}).secret("MASTODON_TOKEN") == Secret(PASSWORD)


def test_secret__variable_and_file__the_variable_wins(tmp_path: Path) -> None:
    both = {"MASTODON_TOKEN": "mine", "MASTODON_TOKEN_FILE": str(tmp_path / "missing")}
    assert load(both).secret("MASTODON_TOKEN") == Secret("mine")


def test_secret__file_cannot_be_read__names_the_variable_and_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"MASTODON_TOKEN_FILE names .*missing") as refused:
        load({"MASTODON_TOKEN_FILE": str(tmp_path / "missing")}).secret("MASTODON_TOKEN")
    assert "Traceback" not in str(refused.value)
    assert PASSWORD not in "".join(traceback.format_exception(refused.value))


def test_secret__file_is_no_text__names_the_variable_and_the_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_bytes(f"{PASSWORD}\xff".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"MASTODON_TOKEN_FILE names .*token, which is no text in UTF-8") as refused:
        load({"MASTODON_TOKEN_FILE": str(path)}).secret("MASTODON_TOKEN")
    assert PASSWORD not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("name", ["MONITOR_HOME", "MONITOR_CONFIG", "MONITOR_MONGOD"])
def test_load__home_of_nobody__is_refused_with_the_variable(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name}: there is no home folder for ~nosuchuser/x"):
        load({name: "~nosuchuser/x"})


def test_secret__not_set__is_none() -> None:
    assert load({}).secret("MASTODON_TOKEN") is None


def test_several_values_of_a_credential__one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text("one\n two \n\n")
    for config in (load({"GITHUB_TOKEN": "one\ntwo"}), load({"GITHUB_TOKEN_FILE": str(path)})):
        assert [value.reveal() for value in config.secrets("GITHUB_TOKEN")] == ["one", "two"]
        assert config.secret("GITHUB_TOKEN") == Secret("one")
    assert load({}).secrets("GITHUB_TOKEN") == ()


def test_a_secret_of_our_own__has_one_value_whatever_its_lines() -> None:
    config = load({"MONITOR_PSEUDONYM_KEY": "one\ntwo"})
    assert config.secret("MONITOR_PSEUDONYM_KEY") == Secret("one\ntwo")
