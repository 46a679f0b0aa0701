"""Where a request goes."""

import pytest

from monitor.crawl.address import address
from monitor.errors import RefusedError
from monitor.page import Ask


def test_address__instance_comes_from_the_source() -> None:
    url = address(
        Ask("/api/v1/x", {"limit": 40, "max_id": None}),
        base="https://{instance}",
        parameters={"instance": "a.org"},
        instead=None,
    )
    assert url == "https://a.org/api/v1/x?limit=40"


def test_address__base_url_replaces_the_server_and_keeps_the_path() -> None:
    ask = Ask("https://feeds.example/x/feed.xml?a=1", {"q": ["b c", "d"]})
    assert address(ask, base="", parameters={}, instead="http://127.0.0.1:9") == "http://127.0.0.1:9/x/feed.xml?a=1&q=b+c&q=d"


def test_address__base_url_with_a_path_is_a_prefix() -> None:
    assert address(Ask("/api"), base="https://x", parameters={}, instead="http://h:1/mirror") == "http://h:1/mirror/api"


def test_address__what_a_reply_named_is_none__is_refused() -> None:
    with pytest.raises(RefusedError, match="An address to ask is none"):
        address(Ask("http://[::1/feed"), base="", parameters={}, instead=None)
