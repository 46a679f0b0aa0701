"""Mastodon: tag, public and account timelines and search of one instance, by the Mastodon API (v1, search v2).

Source: docs.joinmastodon.org, checked 2026-11-22 against 4.5; Pleroma, Akkoma, Pixelfed, Friendica, GoToSocial, Iceshrimp and
Fedibird answer in dialects, so only `id`, `created_at`, `content` and `account.id` are relied on. At most 40 a page; 300 calls
per 5 minutes and address. Newest first inside every page; new posts are walked forward by `min_id`, old ones back by `max_id`,
and only an empty page is the end. A post that federates late gets an id below those already seen: the overlap reads on there.

An edit keeps the id and sets `edited_at`; a deleted post answers 404 and is on no list. Search needs a user token; closed
timelines answer 401, or nothing at all with 200. Not collected: polls, reactions, what is not for everybody. The post that a
reply answers is told by its id on this instance. A boost has the original's words and no counts: reactions go to the original.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from monitor.bookmark import Mark, Step
from monitor.config import Config
from monitor.crawl.spider import PlatformSpider
from monitor.errors import CredentialsError, MonitorError, PostError, RefusedError, ReplyError, SkipPost
from monitor.page import Ask, Asked, Page, Reply
from monitor.post import Author, Counts, Kind, Media, MediaKind, Post
from monitor.source import Source, SourceKind
from monitor.text.dates import utc, utc_or_none
from monitor.text.html import text_and_links

FOR_EVERYBODY = frozenset({"public", "unlisted", None})  # some servers leave it out of what is public anyway
MEDIA: Mapping[Any, MediaKind] = {"image": "image", "video": "video", "gifv": "gif", "audio": "audio"}
COUNTS = {"likes": "favourites_count", "reposts": "reblogs_count", "replies": "replies_count", "quotes": "quotes_count"}
# Ids of Mastodon hold the moment: milliseconds since 1970, then 16 bits. Ids of another making, read so, give other centuries.
EPOCH, FIRST_ID_AT, LAST_ID_AT = (datetime(year, 1, 1, tzinfo=UTC) for year in (1970, 2016, 2100))
# A status has one of these in the barest dialect; accounts, tags and other entities have none.
OF_STATUSES = frozenset({"account", "content", "reblog", "visibility"})

_NEXT_PAGE = re.compile(r'[?&]max_id=([^&>]+)[^>]*>\s*;\s*rel="?next"?')


class Mastodon(PlatformSpider):
    name = "mastodon"
    base_url = "https://{instance}"
    default_instance, typed_hosts, overlap_s = "mastodon.social", True, 900
    probe: ClassVar[Mapping[str, str]] = {"instance": "mastodon.social"}
    expects = ("url", "text", "author.handle", "author.url", "counts.likes", "counts.reposts", "counts.replies")
    kinds: ClassVar[Mapping[str, SourceKind]] = {
        "tag": SourceKind(needs=("instance", "tag"), order="oldest"),
        "account": SourceKind(needs=("instance", "account"), order="oldest"),
        "query": SourceKind(needs=("instance", "query")),
        "public": SourceKind(needs=("instance",), takes=("community",), order="oldest"),
    }

    def ask(self, source: Source, step: Step) -> Ask:
        """A page above a mark, or below a mark or cursor; ids are unique, so the mark itself is left out."""
        given, kind = source.parameters, source.kind
        page = {"limit": step.size or self.page_size, "min_id": step.after, "max_id": step.cursor or step.until}
        if kind == "tag":
            return Ask(f"/api/v1/timelines/tag/{quote(given['tag'], safe='')}", page)
        if kind == "account":
            return Ask(f"/api/v1/accounts/{quote(source.facts['id'], safe='')}/statuses", page)
        if kind == "query":
            return Ask("/api/v2/search", {"q": given["query"], "type": "statuses", **page})
        if (part := given.get("community")) not in {None, "local", "remote"}:
            raise RefusedError(f"A public timeline has no part {part!r}: community= is local, remote or left out.")
        return Ask("/api/v1/timelines/public", {**page, part: "true"} if part else page)

    def read(self, reply: Reply, asked: Asked) -> Page:
        """Statuses marked by their id; pinned ones stand outside the order and have no mark. Also one status, or a thread."""
        rows = _rows(reply.json)
        known = [row if isinstance(row, Mapping) else {} for row in rows]
        marks = [str(row["id"]) if row.get("id") and not row.get("pinned") else None for row in known]
        older = _NEXT_PAGE.search(reply.headers.get("link", ""))
        cursor = older[1] if older else next((mark for mark in reversed(marks) if mark is not None), None)
        return Page(rows, marks, cursor=cursor if rows and asked.step.after is None else None, end=not rows)

    def identity(self, row: Mapping[str, Any], reply: Reply) -> str | None:
        return None if row.get("reblog") else _identity(row, urlsplit(reply.url).netloc)

    def post(self, row: Mapping[str, Any], reply: Reply) -> Post:
        """One status. A boost says what the original says."""
        host, said = urlsplit(reply.url).netloc, row.get("reblog") or row
        if not FOR_EVERYBODY.issuperset((row.get("visibility"), said.get("visibility"))):
            raise SkipPost("the post is not for everybody")
        text, links = text_and_links(said["content"] or "")
        author, quoted, answered = _author(row["account"], host), _quoted(said), row.get("in_reply_to_id")
        identity, repost_of = _identity(row, host), None if said is row else _identity(said, host)
        if identity == repost_of:  # seen: servers that give a boost the uri of the original
            identity = f"{identity}#repost-by-{author.id}"
        kind: Kind = "repost" if repost_of else "quote" if quoted else "reply" if answered else "post"
        card, tags, mentions = (said.get("card") or {}).get("url"), said.get("tags") or (), said.get("mentions") or ()
        links_of_names = {each.get("url") for each in (*tags, *mentions)}
        if not (text or quoted or card or any(said.get(part) for part in ("media_attachments", "poll", "spoiler_text"))):
            raise PostError("the post says nothing")
        return Post(
            id=identity,
            platform=self.name,
            native_id=_id(row),
            url=row.get("url") or row.get("uri"),
            kind=kind,
            created_at=utc(row["created_at"]),
            edited_at=utc_or_none(said.get("edited_at")),
            text=text,
            summary=said.get("spoiler_text") or None,
            language=said.get("language") or None,
            author=author,
            tags=tuple(dict.fromkeys(tag["name"].lower() for tag in tags)),
            mentions=tuple(dict.fromkeys(_handle(one["acct"], host) for one in mentions)),
            links=tuple(dict.fromkeys(link for link in (*links, card) if link and link not in links_of_names)),
            media=tuple(
                Media(
                    kind=MEDIA.get(file.get("type"), "file"),
                    url=file.get("url") or file.get("remote_url"),  # null while the instance still fetches it
                    alt=file.get("description") or None,
                )
                for file in said.get("media_attachments") or ()
            ),
            reply_to=str(answered) if answered else None,
            repost_of=repost_of,
            quote_of=quoted,
            counts=Counts() if repost_of else Counts(**{ours: _count(row.get(theirs)) for ours, theirs in COUNTS.items()}),
            sensitive=said.get("sensitive"),
        )

    def login(self, config: Config, source: Source) -> Mapping[str, str]:
        """This instance's own token (MASTODON_TOKEN__EXAMPLE_ORG), else MASTODON_TOKEN; search is not even asked without."""
        instance = source.parameters["instance"]
        own = "MASTODON_TOKEN__" + re.sub(r"[^A-Z0-9]", "_", instance.upper())
        token = config.secret(own) or config.secret("MASTODON_TOKEN")
        if token is None and source.kind == "query":
            raise CredentialsError(f"Search at {instance} needs a user token: set MASTODON_TOKEN or {own}, or follow a tag.")
        return {"Authorization": f"Bearer {token.reveal()}"} if token else {}

    def resolve(self, source: Source) -> Ask | None:
        known = source.kind != "account" or "id" in source.facts
        return None if known else Ask("/api/v1/accounts/lookup", {"acct": source.parameters["account"]})

    def resolved(self, reply: Reply, source: Source) -> Mapping[str, str]:
        return {"id": _id(reply.json)}

    def refusal(self, reply: Reply) -> MonitorError | None:
        """A 401, which wrong tokens and timelines closed to strangers have in common."""
        sentence = f"{urlsplit(reply.url).netloc} wants a sign-in or another token: set MASTODON_TOKEN to one of its own."
        return CredentialsError(sentence) if reply.status == 401 else None

    def marked_at(self, mark: Mark) -> datetime | None:
        """The moment in a Mastodon id; ids of other servers tell none."""
        at = EPOCH + timedelta(milliseconds=int(mark) >> 16) if re.fullmatch(r"[0-9]{12,19}", str(mark)) else EPOCH
        return at if FIRST_ID_AT <= at < LAST_ID_AT else None


def _rows(told: Any) -> list[Any]:
    """The rows of a list, a search or a thread, or a status by itself, bare or as something quoted."""
    if isinstance(told, Mapping):
        thread = [*(told.get("ancestors") or ()), *(told.get("descendants") or ())]
        told = told.get("statuses", thread if "ancestors" in told else [told.get("quoted_status") or told])
    if not isinstance(told, list) or (told and all(isinstance(row, Mapping) and OF_STATUSES.isdisjoint(row) for row in told)):
        raise ReplyError("The reply is neither posts nor a search or thread of the Mastodon API.")
    return told


def _id(entity: Mapping[str, Any]) -> str:
    """The id on this server as text; some servers give numbers."""
    if type(entity["id"]) not in {str, int} or not entity["id"]:
        raise PostError("id is missing or neither text nor a number")
    return str(entity["id"])


def _identity(row: Mapping[str, Any], host: str) -> str:
    return row.get("uri") or row.get("url") or f"https://{host}/api/v1/statuses/{_id(row)}"


def _handle(acct: str, host: str) -> str:
    return acct if "@" in acct else f"{acct}@{host}"


def _author(account: Mapping[str, Any], host: str) -> Author:
    """`account.id` is another one on every server; the author's uri, or else the address, is the same on all."""
    acct, own = account.get("acct") or account.get("username"), f"https://{host}/api/v1/accounts/{_id(account)}"
    return Author(
        id=account.get("uri") or (account.get("pleroma") or {}).get("ap_id") or account.get("url") or own,
        handle=_handle(acct, host) if acct else None,
        name=account.get("display_name") or None,
        url=account.get("url"),
        followers=_count(account.get("followers_count")),
        bot=account.get("bot"),
    )


def _quoted(row: Mapping[str, Any]) -> str | None:
    """The quoted post where its author allows that; states that we do not know are taken for a no. Dialects have no states."""
    told = row.get("quote") or (row.get("pleroma") or {}).get("quote") or {}
    if "state" in told:
        told = (told.get("quoted_status") or {"id": told.get("quoted_status_id")}) if told["state"] == "accepted" else {}
    return str(told.get("uri") or told.get("url") or told.get("id") or row.get("quote_id") or "") or None


def _count(told: Any) -> Any:
    """Some servers write numbers as text, and some have counted below zero, which says nothing."""
    count = int(told) if isinstance(told, str) and told.isdecimal() and len(told) < 20 else told
    return None if isinstance(count, int) and count < 0 else count
