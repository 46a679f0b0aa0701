"""Platforms are found by their files."""

from pathlib import Path

import pytest

import spiders
from monitor.crawl.platforms import platform, platforms
from monitor.crawl.spider import PlatformSpider
from monitor.errors import UsageError


def test_platforms__one_per_file_and_nothing_else() -> None:
    files = {path.stem for path in Path(spiders.__file__).parent.glob("*.py")} - {"__init__"}
    assert {spider.__module__ for spider in platforms().values()} == {f"spiders.{name}" for name in files}


def test_platforms__each_is_known_by_its_own_name_in_order() -> None:
    found = platforms()
    assert [spider.name for spider in found.values()] == list(found) == sorted(found)


def test_platforms__do_not_depend_on_the_folder_one_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`monitor track` is typed anywhere, not only beside scrapy.cfg."""
    here = list(platforms())
    monkeypatch.chdir(tmp_path)
    assert list(platforms()) == here


def test_platform__is_made_without_a_crawler() -> None:
    assert isinstance(platform("mastodon"), PlatformSpider)


def test_platform__unknown__names_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no platform 'mastdon'. There are: .*hackernews, .*mastodon"):
        platform("mastdon")
