"""Exit codes of `scrapy crawl`, and what it refuses before anything is asked or made."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest

from monitor.crawl.commands.crawl import exit_code, judge
from monitor.crawl.platforms import platform, platforms
from monitor.errors import CredentialsError, GoneError, MonitorError, RateLimitedError, UsageError
from monitor.source import Source


@pytest.mark.parametrize(
    ("failures", "finished", "reason", "code"),
    [
        ([], 1, "finished", 0),
        ([], 0, "finished", 0),
        ([], 0, "start_error", 1),
        ([], 3, "memusage_exceeded", 1),
        ([], 3, "shutdown", 130),
        ([GoneError("x")], 0, "finished", 1),
        ([GoneError("x")], 2, "finished", 6),
        ([CredentialsError("x")], 0, "finished", 4),
        ([RateLimitedError("x"), RateLimitedError("y")], 0, "finished", 5),
        ([RateLimitedError("x"), GoneError("y")], 0, "finished", 1),
        ([UsageError("x")], 0, "finished", 2),
    ],
)
def test_exit_code(failures: list[MonitorError], finished: int, reason: str, code: int) -> None:
    named = {str(number): error for number, error in enumerate(failures)}
    assert exit_code(named, finished=finished, reason=reason) == code


def test_arguments_that_the_platform_refuses__code_2_and_no_source_is_left(crawled: Callable[..., Any], stored: Any) -> None:
    ended = crawled("hackernews", "-a", "community=top")
    assert ended.code == 2
    assert ended.sentences == ["Hacker News has no list 'top': choose one of new, ask, show, jobs, everything."]
    assert stored["sources"].count_documents({}) == 0


@pytest.mark.parametrize(
    ("name", "kind", "parameters"),
    [
        ("mastodon", "public", {"instance": "a.example", "community": "nearby"}),
        ("hackernews", "url", {"url": "https://example.org/"}),
        ("bluesky", "stream", {"stream": "firehose"}),
    ],
)
def test_judge__what_the_platform_would_refuse(name: str, kind: str, parameters: Mapping[str, str]) -> None:
    with pytest.raises(UsageError):
        judge(platform(name), Source(platform=name, kind=kind, parameters=parameters))


def test_judge__what_has_to_be_looked_up_first__passes() -> None:
    judge(
        platform("mastodon"), Source(platform="mastodon", kind="account", parameters={"instance": "a.example", "account": "x"})
    )


def test_judge__every_kind_of_every_platform__can_be_judged() -> None:
    for name, made in platforms().items():
        for kind, needs in ((kind, each.needs) for kind, each in made.kinds.items()):
            with suppress(UsageError):  # some refuse this made-up value, none stumbles over it
                judge(platform(name), Source(platform=name, kind=kind, parameters=dict.fromkeys(needs, "a.example")))


def test_nothing_but_sources_named_by_hand__says_what_to_do_and_code_2(
    crawled: Callable[..., Any], stored: Any, simulator: Mapping[str, Any]
) -> None:
    server = f"base_url={simulator['hackernews']}"
    assert crawled("hackernews", "-a", "query=electric cars", "-a", server).code == 0
    ended = crawled("hackernews", "-a", server)
    assert ended.code == 2
    (sentence,) = ended.sentences
    assert "No topic wants anything of hackernews, so nothing was asked" in sentence
    assert "scrapy crawl hackernews -a 'query=electric cars'." in sentence
    assert 'monitor track "a word" --platform hackernews' in sentence
