"""The files that a new folder begins with: they can be used as they are, and name all there is to set."""

import configparser
import json
from io import StringIO
from pathlib import Path

import pytest
import yaml
from dotenv import dotenv_values

from monitor.config import FILE_NAME
from monitor.configuration.checked import check
from monitor.configuration.known import credentials, schema
from monitor.configuration.template import NAMES, SCHEMA_NAME, files
from monitor.crawl.platforms import platforms


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """The texts of the files by name."""
    return dict(files())


def test_files__are_those_that_are_named_and_end_with_a_line(made: dict[str, str]) -> None:
    assert tuple(made) == NAMES
    assert all(text.endswith("\n") and not text.endswith("\n\n") for text in made.values())


def test_configuration__passes_the_check_without_topics_and_warnings(made: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    file.write_text(made[FILE_NAME], encoding="utf-8")
    found = check(file, {})
    assert (found.topics, found.warnings) == ((), ())


def test_configuration__names_the_schema_that_lies_beside_it(made: dict[str, str]) -> None:
    assert f"$schema={SCHEMA_NAME}\n" in made[FILE_NAME]
    assert json.loads(made[SCHEMA_NAME]) == schema()


def test_configuration__has_no_brace_that_was_meant_for_python(made: dict[str, str]) -> None:
    text = made[FILE_NAME]
    assert "{{" not in text
    assert "}}" not in text
    assert 'mongo: {uri: "${MONGODB_URI}", database: monitor}' in text


def test_configuration__its_example_is_a_topic_of_its_own(made: dict[str, str]) -> None:
    _, _, example = made[FILE_NAME].partition("topics:\n")
    (topic,) = yaml.safe_load("\n".join(line.removeprefix("#") for line in example.splitlines()))
    assert topic["id"] == "acme"
    assert set(topic["platforms"]) <= set(platforms())


def test_environment__all_is_commented_out(made: dict[str, str]) -> None:
    assert dotenv_values(stream=StringIO(made[".env.example"])) == {}


def test_environment__names_every_credential_once(made: dict[str, str]) -> None:
    lines = [line.removeprefix("# ") for line in made[".env.example"].splitlines() if line.endswith("=")]
    taken = [each for spider in platforms().values() for each in credentials(spider())]
    assert lines == [f"{each.variable}=" if each.alone else f"{each.variable}__EXAMPLE_ORG=" for each in taken]
    assert len(set(lines)) == len(lines) > 5


def test_scrapy__is_led_to_our_settings(made: dict[str, str]) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(made["scrapy.cfg"])
    assert dict(parser["settings"]) == {"default": "monitor.settings"}
