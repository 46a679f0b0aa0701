"""Stack Exchange: questions by search, tag and site, and the posts of accounts, by its API 2.3.

Source: api.stackexchange.com/docs, checked 2026-11-22. 100 a page at most. `site` is a short name (stackoverflow, english) or a
host name; `community=` names it, without one it is Stack Overflow. 300 calls a day and address, 10,000
with STACKEXCHANGE_KEY; a reply says how many are left, and in `backoff` for how long its method must not be called, which a ban
would follow. Replies are compressed whatever is asked.

New posts are walked forward by their second of creation, which `fromdate` and `todate` include. An edit keeps the id and sets
`last_edit_date`; a deleted post is on no list. Texts are under CC BY-SA: `content_license` stays in the raw row. Accounts are
known by number, per site; deleted ones have none. Not collected: comments, votes, and answers beyond those of `account`.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, urlsplit

from monitor.bookmark import Mark, Step
from monitor.config import Config
from monitor.crawl.spider import PlatformSpider
from monitor.crawl.told import clock_of
from monitor.errors import CredentialsError, MonitorError, PostError, RateLimitedError, RefusedError, ReplyError
from monitor.page import Ask, Asked, Page, Reply
from monitor.post import Author, Counts, Post
from monitor.source import Source, SourceKind
from monitor.text.dates import utc_from_seconds
from monitor.text.html import text_and_links

DEFAULT_SITE = "stackoverflow"
THROTTLED, FAILING, CLOSED = 502, frozenset({500, 503}), frozenset({401, 402, 403, 405, 406})  # `error_id`s, not statuses
CALLS_KEPT = 2  # of the day's quota: for a probe, and for whoever shares the address
NEAR_MIDNIGHT_S = 60.0  # clocks differ, and a reply takes its time: the quota that it tells may be that of the day before
BAN_S = 600.0  # where a ban does not say how long it is
# These sites have a language by their rules; the others are left to detection.
LANGUAGES = {f"{code}.stackoverflow.com": code for code in ("es", "ja", "pt", "ru")} | dict.fromkeys(
    ("stackoverflow.com", "serverfault.com", "superuser.com", "askubuntu.com"), "en"
)

_AVAILABLE_IN = re.compile(r"available in (\d{1,6}) seconds")


class StackExchange(PlatformSpider):
    name = "stackexchange"
    base_url = "https://api.stackexchange.com/2.3"
    page_size = 100
    allowances: ClassVar[Mapping[str, int]] = {"": 300, "STACKEXCHANGE_KEY": 10_000}
    allowance_zone = "UTC"
    interval_s = 1800  # twelve sources without more than a page of news each use up what a day allows
    probe: ClassVar[Mapping[str, str]] = {"community": "stackoverflow"}
    expects = ("url", "text", "title", "tags", "author.name", "counts.score", "counts.replies", "counts.views")
    kinds: ClassVar[Mapping[str, SourceKind]] = {
        "community": SourceKind(needs=("community",), order="oldest"),
        "query": SourceKind(needs=("query",), takes=("community",), order="oldest"),
        "tag": SourceKind(needs=("tag",), takes=("community",), order="oldest"),
        "account": SourceKind(needs=("account",), takes=("community",), order="oldest"),
    }

    def ask(self, source: Source, step: Step) -> Ask:
        """A page from a second on, oldest first; or at and before a second, newest first."""
        given, forward = source.parameters, step.after is not None
        page = {
            "site": given.get("community", DEFAULT_SITE),
            "filter": "withbody",
            "sort": "creation",
            "order": "asc" if forward else "desc",
            "pagesize": min(self.page_size, step.size or self.page_size),
            "fromdate": step.floor if step.after is None else step.after,
            "todate": step.until,
        }
        if source.kind == "query":
            return Ask("/search/advanced", {"q": given["query"], **page})
        if source.kind == "account":
            if not given["account"].isdecimal():
                raise RefusedError(
                    f"Stack Exchange knows accounts by number, as in /users/22656/name: not {given['account']!r}."
                )
            return Ask(f"/users/{quote(given['account'])}/posts", page)
        return Ask("/questions", {"tagged": given.get("tag"), **page})

    def read(self, reply: Reply, asked: Asked) -> Page:
        """Posts marked by their second. On the way forward the second asked from was read before, so it has no part any more."""
        told, after = reply.json, asked.step.after
        if not isinstance(told, Mapping) or not isinstance(told.get("items"), list):
            raise ReplyError("The reply is no list of the Stack Exchange API.")
        seconds = [row.get("creation_date") if isinstance(row, Mapping) else None for row in told["items"]]
        marks = [second if type(second) is int else None for second in seconds]
        more = bool(told.get("has_more"))
        if after is not None and not (more and set(marks) == {after}):  # a whole page of one second must not pass for progress
            marks = [None if mark == after else mark for mark in marks]
        return Page(told["items"], marks, ordered=after is None, end=not more)

    def post(self, row: Mapping[str, Any], reply: Reply) -> Post:
        """A question, or a post of an account, which may be an answer."""
        number, site = row.get("question_id") or row["post_id"], parse_qs(urlsplit(reply.url).query).get("site", [DEFAULT_SITE])
        answer, link = row.get("post_type") == "answer", row.get("link") or ""
        host = urlsplit(link).hostname or f"{site[0]}.com"
        text, links = text_and_links(row["body"]) if "body" in row else (unescape(row.get("body_markdown") or ""), ())
        if type(number) is not int:
            raise PostError(f"the post's number is a {type(number).__name__}")
        if not text and row.get("title") is None:
            raise PostError("neither text nor title")
        return Post(
            id=f"https://{host}/{'a' if answer else 'q'}/{number}",
            platform=self.name,
            native_id=str(number),
            url=link or None,
            kind="reply" if answer else "post",
            created_at=utc_from_seconds(row["creation_date"]),
            edited_at=utc_from_seconds(row["last_edit_date"]) if row.get("last_edit_date") else None,
            text=text,
            title=unescape(row.get("title") or "") or None,
            language=LANGUAGES.get(host),
            author=_author(row.get("owner") or {}, host),
            tags=tuple(row.get("tags") or ()),
            links=links,
            community=host,
            counts=Counts(score=row.get("score"), replies=row.get("answer_count"), views=row.get("view_count")),
        )

    def login(self, config: Config, source: Source) -> Mapping[str, str]:
        """An app key, for the larger quota. Since June 2026 it is taken as a bearer token, in an address no more."""
        key = config.secret("STACKEXCHANGE_KEY")
        return {"Authorization": f"Bearer {key.reveal()}"} if key else {}

    def refusal(self, reply: Reply) -> MonitorError | None:
        """The error that the body names, whatever the status: they are not always the same number."""
        told = _wrapper(reply)
        error, words = told.get("error_id"), " ".join(str(told.get("error_message")).split())[:160]
        if error is None:
            return None
        if error == THROTTLED:
            return RateLimitedError(f"Stack Exchange: {words}.", wait_s=_ban_s(told))
        if error in FAILING:
            return ReplyError(f"Stack Exchange is failing: {words}.")
        if error in CLOSED:
            return CredentialsError(f"Stack Exchange refused the request: {words}. Check STACKEXCHANGE_KEY.")
        return RefusedError(f"Stack Exchange refused the request: {words}.")

    def wait_s(self, reply: Reply) -> float | None:
        """What `backoff` or a ban asks for; with the quota used up, the seconds to midnight UTC; just after it, a minute."""
        told, waits = _wrapper(reply), [0.0]
        backoff, left = told.get("backoff"), told.get("quota_remaining")
        if told.get("error_id") == THROTTLED:
            waits.append(_ban_s(told))
        if isinstance(backoff, int | float):
            waits.append(float(backoff))
        if isinstance(left, int) and left <= CALLS_KEPT:
            since, until = _from_midnight_s(reply)
            waits.append(NEAR_MIDNIGHT_S if since < NEAR_MIDNIGHT_S else until)
        return max(waits) or None

    def units_left(self, reply: Reply) -> int | None:
        """Of which day it is, nobody knows near midnight: the next replies tell it again."""
        left = _wrapper(reply).get("quota_remaining")
        if not isinstance(left, int) or min(_from_midnight_s(reply)) < NEAR_MIDNIGHT_S:
            return None
        return max(0, left - CALLS_KEPT)

    def marked_at(self, mark: Mark) -> datetime | None:
        return utc_from_seconds(mark)


def _wrapper(reply: Reply) -> Mapping[str, Any]:
    """What surrounds the posts; empty for a body that is something else, which the reply check refuses later."""
    try:
        told = reply.json
    except ValueError:
        return {}
    return told if isinstance(told, Mapping) else {}


def _from_midnight_s(reply: Reply) -> tuple[float, float]:
    """Seconds since the midnight before the reply was made, and to the one after it."""
    made_at = clock_of(reply.headers, now=reply.fetched_at).astimezone(UTC)
    since = made_at - made_at.replace(hour=0, minute=0, second=0, microsecond=0)
    return since.total_seconds(), (timedelta(days=1) - since).total_seconds()


def _ban_s(told: Mapping[str, Any]) -> float:
    found = _AVAILABLE_IN.search(str(told.get("error_message")))
    return float(found[1]) if found else BAN_S


def _author(owner: Mapping[str, Any], host: str) -> Author:
    """Numbers are those of one site. Of a deleted account only the name is left, if that."""
    name, number = unescape(owner.get("display_name") or "") or None, owner.get("user_id")
    if number is None:
        return Author(id="deleted", name=name)
    return Author(id=f"https://{host}/users/{number}", name=name, url=owner.get("link"))
