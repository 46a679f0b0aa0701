"""A crawl loads the platform it is of, and no other: each start pays for what it imports."""

import subprocess
import sys

import pytest
from scrapy.settings import Settings

from monitor.crawl.loader import PlatformLoader
from monitor.crawl.platforms import platforms

# What a crawl without streams, feeds and a configuration file has no use for.
NOT_NEEDED = ("aiohttp", "feedparser", "markdown_it", "tldextract", "monitor.configuration.known", "spiders.feeds")


def loader() -> PlatformLoader:
    settings = Settings()
    settings.setmodule("monitor.settings", priority="project")
    return PlatformLoader.from_settings(settings)


def test_load__every_platform__is_the_one_of_its_name() -> None:
    known = platforms()
    assert {name: loader().load(name) for name in known} == known
    assert sorted(loader().list()) == sorted(known)


@pytest.mark.parametrize("name", ["nowhere", "../mastodon", "__init__", "mastodon.x", ""])
def test_load__no_platform__says_so(name: str) -> None:
    with pytest.raises(KeyError):
        loader().load(name)


def test_crawl__of_one_platform__loads_neither_the_others_nor_what_only_they_need() -> None:
    told = (
        "import sys; from scrapy.settings import Settings; from scrapy.utils.misc import load_object; "
        "from monitor.crawl.commands.crawl import Command; from monitor.crawl.loader import PlatformLoader; "
        "settings = Settings(); settings.setmodule('monitor.settings', priority='project'); "
        "PlatformLoader.from_settings(settings).load('mastodon'); "
        "kinds = ('EXTENSIONS', 'DOWNLOADER_MIDDLEWARES', 'SPIDER_MIDDLEWARES', 'ITEM_PIPELINES'); "
        "[load_object(each) for kind in kinds for each in settings.get_component_priority_dict_with_base(kind)]; "
        f"print([name for name in {NOT_NEEDED!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
