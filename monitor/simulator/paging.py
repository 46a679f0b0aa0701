"""How a request names a page of a Mastodon timeline, and how a reply names the pages beside it (the Link header)."""

import re
from urllib.parse import urlencode

from monitor.simulator.answer import Call
from monitor.simulator.timeline import Window
from monitor.simulator.world_post import WorldPost

PAGE = 20  # statuses when no limit is given; at most twice as many
PAGE_PARAMETERS = ("max_id", "since_id", "min_id")

# Relation ("next" is older, "prev" newer) -> the parameter that leads there.
Links = dict[str, dict[str, int]]


def window_of(call: Call) -> Window:
    """The page that a call asks for."""
    asked = call.get("limit")
    limit = PAGE if asked is None else min(abs(_number(asked)), 2 * PAGE)
    marks = {name: _number(value) for name in PAGE_PARAMETERS if (value := call.get(name)) is not None}
    return Window(limit=limit, max_id=marks.get("max_id"), since_id=marks.get("since_id"), min_id=marks.get("min_id"))


def _number(text: str) -> int:
    """The number at the start of a text, else 0: how the server's language reads one."""
    found = re.match(r"\s*-?\d{1,30}", text)
    return int(found[0]) if found else 0


def links(posts: list[WorldPost], *, next_page: bool) -> Links:
    """The ways on from a page of posts, newest first. An empty page leads nowhere."""
    if not posts:
        return {}
    older: Links = {"next": {"max_id": posts[-1].mark}} if next_page else {}
    return {**older, "prev": {"min_id": posts[0].mark}}


def link_header(call: Call, ways: Links) -> str:
    """The Link header: whole addresses, with the parameters of the call in alphabetical order."""
    kept = [(name, value) for name, value in call.parameters if name not in PAGE_PARAMETERS]
    return ", ".join(
        f'<{call.base}{call.path}?{urlencode(sorted([*kept, *((key, str(mark)) for key, mark in page.items())]))}>; rel="{rel}"'
        for rel, page in ways.items()
    )
