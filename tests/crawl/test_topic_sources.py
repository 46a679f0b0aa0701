"""What a topic is compiled to, place by place."""

from dataclasses import replace

import pytest

from monitor.config import load
from monitor.crawl.platforms import platform, platforms
from monitor.crawl.topic_sources import Named, chosen, compiled, compiled_ids, named
from monitor.errors import ConfigurationError, UsageError
from monitor.query.parse import parse


def test_named__host_of_a_platform_or_of_any() -> None:
    assert named(["mastodon:a.example", "b.example:8080"], ["https://c.example/feed"]) == Named(
        hosts=(("mastodon", "a.example"), (None, "b.example:8080")), feeds=("https://c.example/feed",)
    )


def test_chosen__a_feed__brings_its_platform() -> None:
    spiders = chosen("hackernews, hackernews", Named(feeds=("https://c.example/feed",)))
    assert [spider.name for spider in spiders] == ["hackernews", "feeds"]


def test_chosen__host_that_could_be_of_two_platforms__is_refused() -> None:
    with pytest.raises(UsageError, match="--instance HOST could mean mastodon or lemmy"):
        chosen("mastodon,lemmy", Named(hosts=((None, "a.example"),)))


def test_compiled__a_place_each__with_the_topic() -> None:
    where = Named(hosts=(("mastodon", "a.example"), ("mastodon", "b.example"), ("lemmy", "c.example")))
    made = compiled(platform("mastodon"), parse("#tea"), where, topic="x", config=load({}))
    assert [(source.id, source.topics) for each in made for source in each.sources] == [
        ("mastodon/tag?instance=a.example&tag=tea", ("x",)),
        ("mastodon/tag?instance=b.example&tag=tea", ("x",)),
    ]
    assert {each.native.relation for each in made if each.native} == {"exact"}


def test_compiled__feeds__are_polled_whatever_the_query() -> None:
    (made,) = compiled(platform("feeds"), parse("tea"), Named(feeds=("https://c.example/feed",)), topic="x", config=load({}))
    assert (made.native, [source.id for source in made.sources]) == (None, ["feeds/url?url=https://c.example/feed"])
    assert compiled_ids(platform("feeds"), parse("tea"), Named(feeds=("https://c.example/feed",))) == set()


def test_compiled__many_servers_and_none_to_begin_with__is_refused() -> None:
    with pytest.raises(UsageError, match="name one with --instance discourse:HOST"):
        compiled(platform("discourse"), parse("tea"), Named(), topic="x", config=load({}))


def test_compiled_ids__with_and_without_a_token() -> None:
    assert compiled_ids(platform("mastodon"), parse("tea"), Named(hosts=(("mastodon", "a.example"),))) == {
        "mastodon/tag?instance=a.example&tag=tea",
        "mastodon/query?instance=a.example&query=tea",
    }


@pytest.mark.parametrize("name", [name for name, spider in platforms().items() if spider.modes])
def test_modes__each_is_a_way_of_its_own_that_the_platform_can_be_asked(name: str) -> None:
    """With the same credentials, so that nothing but the mode tells them apart."""
    spider, asked = platform(name), []
    for mode in spider.modes:
        (made,) = compiled(spider, parse("tea"), Named(), topic="x", config=replace(load({}), modes={name: mode}))
        asked.append({source.kind for source in made.sources})
    assert "auto" not in spider.modes
    assert all(kinds and kinds <= spider.kinds.keys() for kinds in asked)
    assert set.intersection(*asked) == set()
    assert sorted(spider.modes.values()) == [False, True]


@pytest.mark.parametrize(("name", "mode"), [("bluesky", "jetstraem"), ("hackernews", "search")])
def test_compiled__mode_that_the_platform_has_not__is_refused(name: str, mode: str) -> None:
    config = replace(load({}), modes={name: mode})
    with pytest.raises(ConfigurationError, match=f"platforms.{name}.mode of .* monitor check says why"):
        compiled(platform(name), parse("tea"), Named(), topic="x", config=config)
