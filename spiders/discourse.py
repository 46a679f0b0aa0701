"""Discourse: all posts of one forum, its search, new topics of a category or tag, and accounts, by the forum's own API.

Source: docs.discourse.org and the server's source, checked 2026-11-22. No credentials where a forum is open; 200 calls a minute
and 50 in ten seconds by default, a refusal says in its body how long to wait. `/posts.json` counts posts down: older servers
show what is public among the 50 ids up to `before`, maybe nothing, newer ones the 50 posts below it. Search, categories, tags
and accounts only name posts, by page; each is then read in its topic. Old pinned topics may stand before the newest ones.

An edit raises `version`; a deleted post is on no list. A post that was moved to another topic is another post here. Quotations
are not the author's words and are left out. Not collected: small actions, whispers, posts hidden by flags, tags of topics.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from monitor.bookmark import Mark, Step
from monitor.config import Config
from monitor.crawl.spider import PlatformSpider
from monitor.errors import CredentialsError, MonitorError, PostError, RateLimitedError, RefusedError, ReplyError, SkipPost
from monitor.page import Ask, Asked, Page, Reply
from monitor.post import Author, Counts, Media, Post
from monitor.source import Source, SourceKind
from monitor.text.dates import utc, utc_from_milliseconds
from monitor.text.html import text_and_links

WINDOW_IDS = 50  # what older servers look through for one page of /posts.json
TOPICS_AND_REPLIES, ACTIONS = "4,5", 30  # of the actions of an account, and how many a page
REGULAR, MODERATOR, LIKE = 1, 2, 2  # types: two of posts, one of reactions
FIRST_MILLISECOND = 10**12  # marks are post ids in `public`, which never get there, and milliseconds elsewhere

_ASIDE = re.compile(r'<aside\b(?:[^<>]*?\bclass="([^"<>]*)")?[^<>]*>|</aside\s*>', re.IGNORECASE)
_MENTION = re.compile(r'<a class="mention"[^<>]*>@([^<>]+)</a>')
_IMAGE = re.compile(r'<img\b(?![^<>]*\bclass="(?:emoji|avatar|site-icon|thumbnail))[^<>]*?\bsrc="(https?:[^"<>]+)"')


class Discourse(PlatformSpider):
    name = "discourse"
    base_url = "https://{instance}"
    resumes_by_mark = False
    typed_hosts = True
    probe: ClassVar[Mapping[str, str]] = {"instance": "meta.discourse.org"}
    expects = ("url", "text", "author.handle", "author.url", "counts.replies", "counts.views")
    kinds: ClassVar[Mapping[str, SourceKind]] = {"public": SourceKind(needs=("instance",))} | {
        kind: SourceKind(needs=("instance", kind)) for kind in ("query", "community", "tag", "account")
    }

    def ask(self, source: Source, step: Step) -> Ask:
        """Posts below an id; or a page of what names posts, by number, from 0."""
        given, page = source.parameters, int(step.cursor or 0)
        if source.kind == "public":
            return Ask("/posts.json", {"before": step.cursor or step.until})
        if source.kind == "query":
            if len(given["query"].strip('"')) < 3:
                raise RefusedError(f"Discourse searches for three characters at least, not for {given['query']}.")
            return Ask("/search.json", {"q": f"{given['query']} order:latest", "page": page + 1})
        if source.kind == "account":
            actions = {"username": given["account"], "filter": TOPICS_AND_REPLIES, "offset": page * ACTIONS, "limit": ACTIONS}
            return Ask("/user_actions.json", actions)
        place = f"tag/{quote(given['tag'], safe='')}" if source.kind == "tag" else f"c/{quote(given['community'])}"
        return Ask(f"/{place}/l/latest.json", {"order": "created", "page": page})

    def read(self, reply: Reply, asked: Asked) -> Page | list[Ask]:
        """Whole posts, marked by their id; or asks for the posts that a list names, those between the step's marks and one below."""
        told, step = reply.json, asked.step
        if (named := _named(told)) is None:
            return _whole(told, step)
        wanted = sorted({each for each in named if step.until is None or each[0] <= int(step.until)}, reverse=True)
        above = sum(step.floor is None or at > int(step.floor) for at, _, _ in wanted)
        asks = [Ask(f"/t/{topic}/{number}.json") for _, topic, number in wanted[: above + 1]]
        return asks or Page([], [], cursor=str(int(step.cursor or 0) + 1) if named else None, end=not named)

    def gather(self, replies: Sequence[Reply], asked: Asked) -> Page:
        """The named posts, newest first, marked by the millisecond they were created in. A topic's reply holds their neighbours."""
        named = ((reply.url, row) for reply in replies for row in _rows(reply.json))
        rows = [row for url, row in named if url.endswith(f"/{row['post_number']}.json")]
        rows.sort(key=lambda row: _milliseconds(row["created_at"]), reverse=True)
        following = str(int(asked.step.cursor or 0) + 1)
        return Page(rows, [_milliseconds(row["created_at"]) or None for row in rows], cursor=following)

    def marked_at(self, mark: Mark) -> datetime | None:
        """The millisecond itself; a post's id tells no time."""
        return utc_from_milliseconds(mark) if isinstance(mark, int) and mark >= FIRST_MILLISECOND else None

    def post(self, row: Mapping[str, Any], reply: Reply) -> Post:
        """One post of a topic; the first one has the topic's title."""
        host, topic, number = urlsplit(reply.url).netloc, row["topic_id"], row["post_number"]
        if type(topic) is not int or type(number) is not int:
            raise PostError("topic_id and post_number are not both numbers")
        if row.get("hidden") or row.get("post_type", REGULAR) not in {REGULAR, MODERATOR}:
            raise SkipPost("the post is hidden, or says nothing to everybody")
        gone, answered = bool(row.get("deleted_at") or row.get("user_deleted")), row.get("reply_to_post_number")
        html = "" if gone else _without_quotes(row["cooked"])
        (text, links), pictures = text_and_links(html), _IMAGE.findall(html)
        if not (gone or text or pictures):
            raise SkipPost("the post says nothing of its own")
        first = f"https://{host}/t/{topic}/1"
        likes = (each.get("count") for each in row["actions_summary"] if each["id"] == LIKE)
        return Post(
            id=f"https://{host}/t/{topic}/{number}",
            platform=self.name,
            native_id=str(row["id"]),
            url=f"https://{host}/t/{row.get('topic_slug') or '-'}/{topic}/{number}",
            kind="post" if number == 1 else "reply",
            created_at=utc(row["created_at"]),
            edited_at=utc(row["updated_at"]) if row.get("version", 1) > 1 else None,
            text=text,
            title=None if gone or number > 1 else row.get("topic_title"),
            author=_author(row, host),
            mentions=tuple(dict.fromkeys(_MENTION.findall(html))),
            links=links,
            media=tuple(Media(kind="image", url=url) for url in dict.fromkeys(pictures)),
            reply_to=None if number == 1 else f"https://{host}/t/{topic}/{answered}" if answered else first,
            thread=None if number == 1 else first,
            community=host,
            counts=Counts(likes=next(likes, None), replies=row.get("reply_count"), views=row.get("reads")),
            deleted_at=reply.fetched_at if gone else None,
        )

    def wait_s(self, reply: Reply) -> float | None:
        return getattr(self.refusal(reply), "wait_s", None)

    def login(self, config: Config, source: Source) -> Mapping[str, str]:
        """A member's key for this forum (DISCOURSE_USER_API_KEY__FORUM_EXAMPLE_ORG): keys are never good at two forums."""
        key = config.secret("DISCOURSE_USER_API_KEY__" + re.sub(r"[^A-Z0-9]", "_", source.parameters["instance"].upper()))
        return {"User-Api-Key": key.reveal()} if key else {}

    def refusal(self, reply: Reply) -> MonitorError | None:
        """What an error body says better than its status: how long to wait, and that a forum is for members."""
        try:
            told = reply.json if reply.status >= 400 else {}
        except ValueError:
            return None
        kind, host = told.get("error_type") if isinstance(told, Mapping) else None, urlsplit(reply.url).netloc
        if kind == "rate_limit":
            wait = told["extras"].get("wait_seconds") if isinstance(told.get("extras"), Mapping) else None
            return RateLimitedError(f"{host} says we ask too much.", wait_s=wait if isinstance(wait, int | float) else None)
        if reply.status == 404 and "/t/" in reply.url:  # it was there when it was named; only the list itself can be gone
            return ReplyError(f"A post at {host} is gone since it was named; the list is asked again.")
        closed = CredentialsError(f"{host} shows this to members only: set DISCOURSE_USER_API_KEY__ and the forum's name.")
        return closed if kind in {"not_logged_in", "invalid_access"} else None


def _named(told: Any) -> list[tuple[int, int, int]] | None:
    """Creation, topic and number of the posts that a list names; None for a reply that holds posts themselves."""
    if not isinstance(told, Mapping):
        raise ReplyError("The reply is none of the Discourse API.")
    if "topic_list" in told:
        topics = told["topic_list"]["topics"]
        oldest = min((_milliseconds(topic["created_at"]) for topic in topics if not topic.get("pinned")), default=0)
        return [(at, topic["id"], 1) for topic in topics if (at := _milliseconds(topic["created_at"])) >= oldest]
    rows = told.get("user_actions", told.get("posts") if "grouped_search_result" in told else None)
    return None if rows is None else [(_milliseconds(row["created_at"]), row["topic_id"], row["post_number"]) for row in rows]


def _rows(told: Mapping[str, Any]) -> list[Any]:
    """The posts in a reply: the newest ones, a topic's with its title, or one by itself."""
    rows = told.get("latest_posts", (told.get("post_stream") or {}).get("posts", [told] if "cooked" in told else None))
    if not isinstance(rows, list):
        raise ReplyError("The reply is neither posts nor a list of the Discourse API.")
    return [{**row, "topic_title": told["title"]} if "title" in told and isinstance(row, Mapping) else row for row in rows]


def _whole(told: Mapping[str, Any], step: Step) -> Page:
    rows, before, floor = list(_rows(told)), int(step.cursor or step.until or 0), int(step.floor or 0)
    marks = [row["id"] if isinstance(row, Mapping) and type(row.get("id")) is int else None for row in rows]
    # Nothing among the ids of an older server's page is not the end: the next page begins below them.
    below = [mark for mark in marks if mark is not None and (not before or mark < before)]
    lowest = min(below, default=before - WINDOW_IDS)
    end = lowest <= max(1, floor)
    return Page(rows, marks, cursor=None if end else str(lowest), end=end)


def _milliseconds(told: Any) -> int:
    """A moment as a mark; 0 for what is none, so that the row is left for quarantine."""
    try:
        return round(utc(told).timestamp() * 1000)
    except PostError:
        return 0


def _without_quotes(html: str) -> str:
    """A post's HTML without what it quotes, with everything that is quoted in there."""
    kept, begin, depth = [], 0, 0
    for tag in _ASIDE.finditer(html):
        closing = tag[0].startswith("</")
        if depth:
            depth += -1 if closing else 1
            begin = tag.end()
        elif not closing and "quote" in (tag[1] or "").split():
            kept.append(html[begin : tag.start()])
            depth, begin = 1, tag.end()
    return "".join([*kept, "" if depth else html[begin:]])


def _author(row: Mapping[str, Any], host: str) -> Author:
    """Known by number, which is one of this forum; the forum's own robots have numbers below zero."""
    number, handle, url = row["user_id"], row["username"], f"https://{host}/u/{quote(row['username'])}"
    return Author(id=f"{number}@{host}", handle=handle, name=row.get("name") or None, url=url, bot=number < 0 or None)
