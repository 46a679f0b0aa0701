"""Real replies, recorded by other projects: each row is one post, none is refused. Differences are explained one by one.

How many rows a recording has is counted here by a few lines that share nothing with the platform files: JSON rows by their
keys, feed entries by their tags.
"""

import json
import re
from dataclasses import dataclass, field

import pytest

from monitor.bookmark import Step
from monitor.crawl.normalize import normalize
from monitor.crawl.platforms import platforms
from monitor.errors import MonitorError
from monitor.page import Asked, Page, Reply
from monitor.source import Source

PLATFORMS = ("mastodon", "hackernews", "feeds", "lemmy", "stackexchange", "discourse", "devto", "bluesky", "github", "telegram")
LARGEST_SHARE_EXPLAINED = 0.02

# Recording -> rows that we give no post for, and why that is right.
EXPLAINED = {
    "mastodon/get-v1-statuses-id-history-200-entity-statusedit-2.json": (
        2,
        "versions of an edited post have no id of their own",
    ),
    "mastodon/get-v1-statuses-id-history-200-entity-statusedit.json": (2, "as above"),
    "mastodon/get-v1-statuses-id-history-200-status-edit.json": (1, "as above"),
    "feeds/feedparser-illformed-rss-incomplete-cdata-xml.json": (1, "the reply ends inside the entry, before anything is said"),
}
# Whoever published these recordings gave every question the number 1.
RENUMBERED = {"stackexchange"}
# A key that every post of these platforms has once, and nothing else in their replies. Lists of topics and actions of Discourse
# hold no posts but name them; test_discourse.py has those.
KEYS = {
    "lemmy": re.compile(rb'"creator": ?\{'),
    "stackexchange": re.compile(rb'"view_count": ?\d'),
    "discourse": re.compile(rb'"cooked": ?"'),
    "devto": re.compile(rb'"type_of": ?"article"'),
    "github": re.compile(rb'"repository_url": ?"'),
    "telegram": re.compile(rb' data-post="'),
}


@dataclass
class Outcome:
    rows: int
    posts: int = 0
    refused: list[str] = field(default_factory=list)
    error: str | None = None


def rows_in(platform: str, reply: Reply) -> int:
    """The posts that a person would count in a body."""
    if platform == "feeds":
        return entries_in(reply.body)
    if platform in KEYS:
        return len(KEYS[platform].findall(reply.body))
    body = json.loads(reply.body)
    if platform == "bluesky":
        thread = [body["thread"]] if isinstance(body, dict) and "thread" in body else []
        return len(thread or body.get("feed") or body.get("posts") or ()) if isinstance(body, dict) else 0
    if platform == "hackernews":
        if isinstance(body, dict) and "hits" in body:
            return len(body["hits"])
        return int(isinstance(body, dict) and body.get("type") in {"story", "comment", "job", "poll"})
    rows = body if isinstance(body, list) else body.get("statuses", [body.get("quoted_status", body)])
    return sum(isinstance(row, dict) and {"account", "content", "created_at"} <= row.keys() for row in rows)


def entries_in(body: bytes) -> int:
    """JSON Feed items, or the elements that every kind of XML feed gives its entries."""
    if body.lstrip().startswith(b"{"):
        return len(json.loads(body)["items"])
    wide = body.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = re.sub(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>", "", body.decode("utf-16" if wide else "latin-1"), flags=re.DOTALL)
    return len(re.findall(r"<(?:[\w.-]+:)?(?:item|entry)[\s>]", text, re.IGNORECASE))


def outcome(platform: str, reply: Reply) -> Outcome:
    spider = platforms()[platform]()
    kind, needed = next(iter(spider.kinds.items()))
    source = Source(platform=platform, kind=kind, parameters=dict.fromkeys(needed.needs, reply.url))
    if not reply.body.strip():  # refused by the reply check, before a platform is asked
        return Outcome(rows=0, error="empty")
    told = Outcome(rows=rows_in(platform, reply))
    try:
        page = spider.read(reply, Asked(source, Step()))
    except MonitorError as error:
        told.error = str(error)
        return told
    if isinstance(page, Page):
        made = normalize(spider, page.rows, reply, seen_on="here")
        told.posts, told.refused = len(made.posts), [f"{each.kind}: {each.reason}" for each in made.refused]
        distinct = {post.native_id for post in made.posts} if platform in RENUMBERED else made.posts
        assert len({post.id for post in made.posts}) == len(distinct)
    return told


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_row_of_a_recording_is_one_post(platform, recording, recordings):
    outcomes = {name: outcome(platform, recording(name)) for name in recordings(platform)}
    holding = [told for told in outcomes.values() if told.rows]
    print(
        f"\n{platform}: {len(outcomes)} recordings, {len(holding)} hold {sum(told.rows for told in holding)} rows: "
        f"{sum(told.posts for told in holding)} posts, {sum(len(told.refused) for told in holding)} refused"
    )
    assert holding
    differing = {name: told for name, told in outcomes.items() if told.rows != told.posts or (told.rows and told.refused)}
    assert {name: told for name, told in differing.items() if name not in EXPLAINED} == {}
    assert {name: told.rows - told.posts for name, told in differing.items()} == {
        name: missing for name, (missing, _) in EXPLAINED.items() if name.startswith(f"{platform}/")
    }


def test_few_recordings_need_an_explanation(recordings, recording):
    """Of all recordings, and of those that hold posts: an edit history holds versions of one post, which are no posts."""
    everything = [(platform, name) for platform in PLATFORMS for name in recordings(platform)]
    histories = {name for name, (_, why) in EXPLAINED.items() if "-history-" in name}
    holding = sum(outcome(platform, recording(name)).rows > 0 for platform, name in everything) - len(histories)
    print(
        f"\n{len(EXPLAINED)} of {len(everything)} recordings are explained, {len(EXPLAINED) - len(histories)} of {holding} with posts"
    )
    assert len(EXPLAINED) <= LARGEST_SHARE_EXPLAINED * len(everything)
    assert len(EXPLAINED) - len(histories) <= LARGEST_SHARE_EXPLAINED * holding
