"""DEV (dev.to): articles by account, tag and search, and the newest of all, by the Forem API 1.

Source: developers.forem.com/api/v1 and the server's source, checked 2026-11-22. No credentials. About three calls a second and
address. Accounts and `community=latest` come newest first by pages that shift as articles arrive, and only an empty page is the
end. Tags and searches come by popularity, which no walk could follow: they are asked for all articles of the last two days at
once (`top`), so a tag or search that is polled more rarely than that misses some.

Lists tell a title and how the text begins; the whole text would cost a call for each article, and is not asked for. An edit sets
`edited_at`; a withdrawn article is on no list. An article may have appeared elsewhere before: `canonical_url` is then a link.
Not collected: comments, reading times.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from monitor.bookmark import Mark, Step
from monitor.crawl.spider import PlatformSpider
from monitor.errors import PostError, RefusedError, ReplyError
from monitor.page import Ask, Asked, Page, Reply
from monitor.post import Author, Counts, Media, Post
from monitor.source import Source, SourceKind
from monitor.text.dates import utc, utc_from_seconds, utc_or_none

DAYS = 2  # of popular articles
MOST_AT_ONCE = 1000


class DevTo(PlatformSpider):
    name = "devto"
    base_url = "https://dev.to"
    page_size = 100
    accepts = "application/vnd.forem.api-v1+json"
    resumes_by_mark = False
    probe: ClassVar[Mapping[str, str]] = {"community": "latest"}
    expects = ("url", "text", "title", "tags", "author.handle", "author.url", "counts.likes", "counts.replies")
    kinds: ClassVar[Mapping[str, SourceKind]] = {
        "account": SourceKind(needs=("account",)),
        "community": SourceKind(needs=("community",)),
        "tag": SourceKind(needs=("tag",), order="whole"),
        "query": SourceKind(needs=("query",), order="whole"),
    }

    def ask(self, source: Source, step: Step) -> Ask:
        """A page by its number, from 1; or all recent articles of a tag or search."""
        given, size = source.parameters, min(self.page_size, step.size or self.page_size)
        page, recent = {"per_page": size, "page": step.cursor}, {"top": DAYS, "per_page": MOST_AT_ONCE}
        if source.kind == "tag":
            return Ask("/api/articles", {"tag": given["tag"], **recent})
        if source.kind == "query":
            return Ask("/api/articles/search", {"q": given["query"], **recent})
        if source.kind == "account":
            return Ask("/api/articles", {"username": given["account"], **page})
        if given["community"] != "latest":
            raise RefusedError(f"DEV has no list {given['community']!r}: community= is latest.")
        return Ask("/api/articles/latest", page)

    def read(self, reply: Reply, asked: Asked) -> Page:
        """Articles marked by the second they were published in; where there are no pages, by their identity."""
        rows = reply.json
        if not isinstance(rows, list):
            raise ReplyError("The reply is no list of the Forem API.")
        if self.kinds[asked.source.kind].order == "whole":
            return Page(rows, [_identity(row) for row in rows], ordered=False)
        cursor = str(int(asked.step.cursor or 1) + 1) if rows else None
        return Page(rows, [_second(row) for row in rows], cursor=cursor, end=not rows)

    def post(self, row: Mapping[str, Any], reply: Reply) -> Post:
        """An article; `id` stays when its title, and with it the address, changes."""
        identity, user, original = _identity(row), row["user"], row.get("canonical_url")
        text, picture, title = row.get("description") or "", row.get("cover_image"), row.get("title") or None
        if identity is None or not (text or title):
            raise PostError("an article lacks its id, or both title and text")
        return Post(
            id=identity,
            platform=self.name,
            native_id=str(row["id"]),
            url=row["url"],
            created_at=utc(row["published_timestamp"]),
            edited_at=utc_or_none(row.get("edited_at")),
            text=text,
            title=title,
            language=row.get("language"),
            author=Author(
                id=str(user["user_id"]) if "user_id" in user else user["username"],
                handle=user["username"],
                name=user.get("name"),
                url=f"{self.base_url}/{user['username']}",
            ),
            tags=tuple(row.get("tag_list") or ()),
            links=(original,) if original and original != row["url"] else (),
            media=(Media(kind="image", url=picture),) if picture else (),
            community=(row.get("organization") or {}).get("username"),
            counts=Counts(likes=row.get("public_reactions_count"), replies=row.get("comments_count")),
        )

    def marked_at(self, mark: Mark) -> datetime | None:
        return utc_from_seconds(mark) if isinstance(mark, int) else None


def _identity(row: Any) -> str | None:
    """The article's address in the API, where it has no words that could change; None for what is no article."""
    number = row.get("id") if isinstance(row, Mapping) else None
    return f"{DevTo.base_url}/api/articles/{number}" if type(number) is int else None


def _second(row: Any) -> int | None:
    try:
        return int(utc(row["published_timestamp"]).timestamp())
    except (PostError, KeyError, TypeError):  # left for quarantine
        return None
