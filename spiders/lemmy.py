"""Lemmy: timelines, communities, accounts, comments and search of one instance, by its API 3 (0.19) or 4 (1.0).

Source: join-lemmy.org/api and the server's source, checked 2026-11-22. No credentials where the instance is open; limits are
the administrators', no header tells them, and a refusal is 429 or 400 with `rate_limit_error`. 50 a page at most. Newest first
by the author's clock; a post that federates late stands below those already seen, and the overlap reads on there. Featured
posts come first even so and take no part. New comments do not move a post: `stream=comments` follows them, of all communities
or of one. Timelines have lasting cursors; comments, search and accounts count pages, which shift as posts arrive.

Search and accounts give posts and comments side by side: what reaches further back than the other has no mark, or the other's
missing ones would pass for read. An edit sets `updated`; deleted and removed posts are shown without text. Texts are Markdown.
`/site`, asked once, tells languages and version. Not collected: votes, tags of communities, what only members see.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from monitor.bookmark import Mark, Step
from monitor.config import Config
from monitor.crawl.spider import PlatformSpider
from monitor.errors import CredentialsError, GoneError, MonitorError, PostError, RateLimitedError, RefusedError, ReplyError
from monitor.page import Ask, Asked, Page, Reply
from monitor.post import Author, Counts, Media, Post
from monitor.source import Source, SourceKind
from monitor.text.addresses import address_spans
from monitor.text.dates import utc, utc_from_milliseconds, utc_or_none

LISTS = ("posts", "comments", "items", "results")
LIMITED_S = 60.0  # most limits are calls a minute; the server does not say
UNKNOWN = frozenset({"couldnt_find_community", "couldnt_find_person", "couldnt_find_that_username_or_email"})

_MENTION = re.compile(r"(?<![\w/@])@([\w.-]+@[\w-]+(?:\.[\w-]+)+)")


class Lemmy(PlatformSpider):
    name = "lemmy"
    base_url = "https://{instance}"
    page_size = 50
    overlap_s = 900
    meters: ClassVar[Mapping[str, str]] = {"/search": "search"}
    resumes_by_mark = False
    typed_hosts = True
    default_instance = "lemmy.world"
    probe: ClassVar[Mapping[str, str]] = {"instance": "lemmy.world"}
    expects = ("url", "title", "author.handle", "author.url", "community", "counts.score", "counts.likes", "counts.replies")
    kinds: ClassVar[Mapping[str, SourceKind]] = {
        "public": SourceKind(needs=("instance",)),
        "community": SourceKind(needs=("instance", "community")),
        "comments": SourceKind(needs=("instance", "stream"), takes=("community",)),
        "account": SourceKind(needs=("instance", "account")),
        "query": SourceKind(needs=("instance", "query")),
    }

    def ask(self, source: Source, step: Step) -> Ask:
        """The newest page, or the one that a cursor leads to; the API knows no marks. Words of API 4 are in lower case."""
        given, kind, cursor = source.parameters, source.kind, step.cursor or ""
        api = source.facts.get("api", "v3")
        new, everything = ("new", "all") if api == "v4" else ("New", "All")
        page = {
            "sort": new,
            "limit": min(self.page_size, step.size or self.page_size),
            "page": cursor if cursor.isdecimal() else None,
            "page_cursor": None if cursor.isdecimal() else cursor or None,
        }
        if kind == "account":
            return Ask(f"/api/{api}/{'person/content' if api == 'v4' else 'user'}", {"username": given["account"], **page})
        page |= {"type_": everything, "community_name": given.get("community")}
        if kind == "query":
            named = "search_term" if api == "v4" else "q"
            return Ask(f"/api/{api}/search", {named: given["query"], "listing_type": everything, **page})
        if given.get("stream", "comments") != "comments":
            raise RefusedError(f"Lemmy has no stream {given['stream']!r}: stream= is comments or left out.")
        return Ask(f"/api/{api}/{'comment' if kind == 'comments' else 'post'}/list", page)

    def read(self, reply: Reply, asked: Asked) -> Page:
        """Posts and comments, newest first, marked by the millisecond of their publication."""
        told, step = reply.json, asked.step
        lists = [told[name] for name in LISTS if isinstance(told.get(name), list)] if isinstance(told, Mapping) else []
        if not lists:
            raise ReplyError("The reply is no list of the Lemmy API.")
        limit = min(self.page_size, step.size or self.page_size)
        marked = [[(_mark(row), row) for row in each] for each in lists]
        ends = [min((mark for mark, _ in each if mark), default=0) for each in marked if len(each) >= limit]
        rows = sorted((pair for each in marked for pair in each), key=lambda pair: pair[0] or 0, reverse=True)
        following, number = told.get("next_page"), int(step.cursor) if step.cursor and step.cursor.isdecimal() else 1
        cursor = str(following) if following else str(number + 1) if ends and "next_page" not in told else None
        return Page(
            [_with_language(row, asked.source.facts) for _, row in rows],
            [mark if mark and mark >= max(ends, default=0) else None for mark, _ in rows],
            cursor=cursor if rows else None,
            end=not rows or cursor is None,
        )

    def post(self, row: Mapping[str, Any], reply: Reply) -> Post:
        """A post or a comment: what API 3 tells beside it as `counts`, API 4 tells in it."""
        comment, parent = row.get("comment"), row["post"]
        said = parent if comment is None else comment
        counts, link, gone = row.get("counts") or said, said.get("url"), bool(said.get("deleted") or said.get("removed"))
        text = "" if gone else (said.get("body") if comment is None else said["content"]) or ""
        title = None if gone or comment is not None else parent["name"]
        if not (gone or text or title):
            raise PostError("neither text nor title")
        linked = [text[start:end] for start, end in address_spans(text)]
        path, picture = (comment or {}).get("path", "0").split("."), str(said.get("url_content_type")).startswith("image/")
        return Post(
            id=said["ap_id"],
            platform=self.name,
            native_id=str(said["id"]),
            url=said["ap_id"],
            kind="post" if comment is None else "reply",
            created_at=utc(_first(said, "published", "published_at")),
            edited_at=utc_or_none(_first(said, "updated", "updated_at")),
            text=text,
            title=title,
            language=row.get("language"),
            author=_author(row["creator"]),
            mentions=tuple(dict.fromkeys(_MENTION.findall(text))),
            links=tuple(each for each in (None if gone or picture else link, *linked) if each),
            media=(Media(kind="image", url=link, alt=said.get("alt_text")),) if picture and not gone else (),
            reply_to=None if comment is None else parent["ap_id"] if len(path) < 3 else path[-2],
            thread=None if comment is None else parent["ap_id"],
            community=_handle(row["community"]),
            counts=Counts(
                score=counts.get("score"),
                likes=counts.get("upvotes"),
                replies=counts.get("comments" if comment is None else "child_count"),
            ),
            sensitive=parent.get("nsfw"),
            deleted_at=reply.fetched_at if gone else None,
        )

    def login(self, config: Config, source: Source) -> Mapping[str, str]:
        """A token of this instance (LEMMY_TOKEN__EXAMPLE_ORG): tokens are good at one instance only."""
        token = config.secret("LEMMY_TOKEN__" + re.sub(r"[^A-Z0-9]", "_", source.parameters["instance"].upper()))
        return {"Authorization": f"Bearer {token.reveal()}"} if token else {}

    def resolve(self, source: Source) -> Ask | None:
        return None if "api" in source.facts else Ask("/api/v3/site")

    def resolved(self, reply: Reply, source: Source) -> Mapping[str, str]:
        """Which API to ask, and the language behind each number; 0 stands for none."""
        told = reply.json
        codes = [f"{each['id']}:{each['code']}" for each in told.get("all_languages") or () if each["id"]]
        return {"api": "v3" if str(told["version"]).startswith("0.") else "v4", "languages": " ".join(codes)}

    def refusal(self, reply: Reply) -> MonitorError | None:
        """Lemmy's own word for the error: its statuses are mostly 400."""
        try:
            told = reply.json if reply.status >= 400 else {}
        except ValueError:
            return None
        word, host = told.get("error") if isinstance(told, Mapping) else None, urlsplit(reply.url).netloc
        if word == "rate_limit_error":
            return RateLimitedError(f"{host} says that we ask too much.", wait_s=LIMITED_S)
        if word == "instance_is_private":
            return CredentialsError(f"{host} shows posts to members only: set LEMMY_TOKEN__ and the name of the instance.")
        return GoneError(f"{host} knows no such community or account ({word}).") if word in UNKNOWN else None

    def wait_s(self, reply: Reply) -> float | None:
        """A refusal tells no time, and one with status 400 looks like a mistake of ours: until then nothing more is asked."""
        return LIMITED_S if reply.status >= 400 and b'"rate_limit_error"' in reply.body else None

    def marked_at(self, mark: Mark) -> datetime | None:
        return utc_from_milliseconds(mark)


def _mark(row: Any) -> int | None:
    """None for featured posts, which stand outside the order, and for rows that quarantine is to look at."""
    said = row.get("comment") or row.get("post") if isinstance(row, Mapping) else None
    if not isinstance(said, Mapping) or said.get("featured_community") or said.get("featured_local"):
        return None
    try:
        return round(utc(_first(said, "published", "published_at")).timestamp() * 1000)
    except PostError:
        return None


def _with_language(row: Any, facts: Mapping[str, str]) -> Any:
    """The row with the code of its language, so that it can be understood alone."""
    codes = dict(pair.split(":", 1) for pair in facts.get("languages", "").split())
    said = row.get("comment") or row.get("post") if isinstance(row, Mapping) else None
    return {**row, "language": codes.get(str(said.get("language_id")))} if codes and isinstance(said, Mapping) else row


def _first(said: Mapping[str, Any], *names: str) -> Any:
    return next((said[name] for name in names if said.get(name) is not None), None)


def _handle(actor: Mapping[str, Any]) -> str:
    """`name@host` of a person or community, which API 3 calls by `actor_id` and API 4 by `ap_id`."""
    return f"{actor['name']}@{urlsplit(_first(actor, 'actor_id', 'ap_id')).netloc}"


def _author(person: Mapping[str, Any]) -> Author:
    uri = _first(person, "actor_id", "ap_id")
    return Author(id=uri, handle=_handle(person), name=person.get("display_name"), url=uri, bot=person.get("bot_account"))
