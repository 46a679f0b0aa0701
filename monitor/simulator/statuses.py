"""Rows of the simulated Mastodon: statuses and accounts as JSON, made once per post and patched with the counters of now."""

from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.simulator.answer import Row, compact
from monitor.simulator.people import LOCAL_HOST, Person
from monitor.simulator.world import World
from monitor.simulator.world_post import Attachment, Shown, WorldPost
from monitor.simulator.writing import links_of, mastodon_html, mentions_of, tags_of

_ASSETS = f"https://files.{LOCAL_HOST}"
MOST_FRAMES = 20_000  # 3 KB each; more than a usual world has
_COUNTS_HERE = '"@counts":0'


def moment(at: datetime) -> str:
    """RFC 3339 in milliseconds with Z, as Mastodon writes moments."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def account_id(person: Person) -> str:
    return str(109_200_000_000_000_000 + person.number * 1_000_003)


def acct(person: Person) -> str:
    """How the simulated server names a person: without the host when at home."""
    return person.username if person.host == LOCAL_HOST else person.handle


def account(person: Person) -> dict[str, Any]:
    """The account entity. Its counters stand still."""
    url = f"https://{person.host}/@{person.username}"
    joined = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=person.joined_day)
    picture = f"{_ASSETS}/avatars/{person.number}.png"
    header = f"{_ASSETS}/headers/missing.png"
    return {
        "id": account_id(person),
        "username": person.username,
        "acct": acct(person),
        "display_name": person.name,
        "locked": False,
        "bot": person.bot,
        "discoverable": True,
        "indexable": person.indexable,
        "group": False,
        "created_at": moment(joined),
        "note": f"<p>Simulated person number {person.number}.</p>",
        "url": url,
        "uri": f"https://{person.host}/users/{person.username}",
        "avatar": picture,
        "avatar_static": picture,
        "header": header,
        "header_static": header,
        "followers_count": person.followers,
        "following_count": person.followers % 700,
        "statuses_count": 100 + person.number,
        "last_status_at": None,
        "hide_collections": False,
        **({"noindex": not person.indexable} if person.host == LOCAL_HOST else {}),
        "emojis": _emojis(person.name),
        "fields": [],
    }


def _emojis(text: str) -> list[dict[str, Any]]:
    found = {part for part in text.split(":")[1::2] if part.isalnum()}
    return [
        {
            "shortcode": code,
            "url": f"{_ASSETS}/emoji/{code}.png",
            "static_url": f"{_ASSETS}/emoji/{code}.png",
            "visible_in_picker": True,
        }
        for code in sorted(found)
    ]


class Statuses:
    """Status rows of one world. Of each post it keeps the bytes before and after the counters, per version of its text."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._frames: dict[tuple[WorldPost, bool], tuple[bytes, bytes]] = {}

    def row(self, post: WorldPost, now: datetime) -> Row:
        """One row, with the truth about it."""
        return Row(self._body(post, now), Shown(post, self._counts(post, now), now))

    def _counts(self, post: WorldPost, now: datetime) -> dict[str, int]:
        if post.kind == "repost":  # the wrapper of a boost counts nothing itself
            return {"replies": 0, "reposts": 0, "likes": 0, "quotes": 0}
        return {
            "replies": self._world.reply_count(post, now),
            "reposts": post.grown(post.peak.reposts, now),
            "likes": post.grown(post.peak.likes, now),
            "quotes": post.grown(post.peak.quotes, now),
        }

    def _body(self, post: WorldPost, now: datetime) -> bytes:
        before, after = self._frame(post, edited=post.edited(now))
        counts = self._counts(post, now)
        numbers = b'"replies_count":%d,"reblogs_count":%d,"favourites_count":%d,"quotes_count":%d' % (
            counts["replies"],
            counts["reposts"],
            counts["likes"],
            counts["quotes"],
        )
        body = before + numbers + after
        if post.repost_of is not None:
            body = body.replace(b'"@original"', self._body(post.repost_of, now), 1)
        if post.quote_of is not None and post.quote_state == "accepted":
            gone = not post.quote_of.exists(now)
            body = body.replace(b'"@quoted"', b"null" if gone else self._body_shallow(post.quote_of, now), 1)
        return body

    def _body_shallow(self, post: WorldPost, now: datetime) -> bytes:
        """A quoted status; what it quotes in turn is told by its id alone."""
        body = self._body(post, now) if post.quote_of is None else None
        if body is not None:
            return body
        before, after = self._frame(post, edited=post.edited(now))
        shallow = compact({"state": post.quote_state, "quoted_status_id": post.quote_of.native_id if post.quote_of else None})
        full = compact(self._quote(post))
        counts = self._counts(post, now)
        numbers = (
            f'"replies_count":{counts["replies"]},"reblogs_count":{counts["reposts"]},"favourites_count":{counts["likes"]}'
        )
        return before + numbers.encode() + after.replace(full, shallow, 1)

    def _frame(self, post: WorldPost, *, edited: bool) -> tuple[bytes, bytes]:
        frame = self._frames.get((post, edited))
        if frame is None:
            if len(self._frames) >= MOST_FRAMES:
                self._frames.clear()
            whole = compact(self._entity(post, edited=edited))
            before, _, after = whole.partition(_COUNTS_HERE.encode())
            frame = self._frames[post, edited] = (before, after)
        return frame

    def _entity(self, post: WorldPost, *, edited: bool) -> dict[str, Any]:
        text = post.edited_text if edited else post.text
        links = links_of(text)
        return {
            "id": post.native_id,
            "created_at": moment(post.created_at),
            "in_reply_to_id": post.reply_to and post.reply_to.native_id,
            "in_reply_to_account_id": post.reply_to and account_id(post.reply_to.author),
            "sensitive": post.sensitive,
            "spoiler_text": post.summary or "",
            "visibility": "public",
            "language": post.language,
            "uri": post.uri,
            "url": post.url,
            "@counts": 0,
            "edited_at": moment(post.edited_at) if edited and post.edited_at else None,
            "content": mastodon_html(text),
            "reblog": "@original" if post.repost_of else None,
            **({"application": {"name": "Simulated Web", "website": None}} if post.local else {}),
            "account": account(post.author),
            "media_attachments": [self._attachment(post, place, item) for place, item in enumerate(post.media)],
            "mentions": [
                {
                    "id": account_id(one),
                    "username": one.username,
                    "url": f"https://{one.host}/@{one.username}",
                    "acct": acct(one),
                }
                for one in mentions_of(text)
            ],
            "tags": [{"name": name, "url": f"https://{LOCAL_HOST}/tags/{name}"} for name in tags_of(text)],
            "emojis": _emojis(" ".join(piece for paragraph in text for piece in paragraph if isinstance(piece, str))),
            "quote": self._quote(post),
            "card": _card(links[0]) if links and not post.media else None,
            "poll": None,
        }

    def _quote(self, post: WorldPost) -> dict[str, Any] | None:
        if post.quote_of is None:
            return None
        return {"state": post.quote_state, "quoted_status": "@quoted" if post.quote_state == "accepted" else None}

    def _attachment(self, post: WorldPost, place: int, item: Attachment) -> dict[str, Any]:
        remote = None if post.local else f"https://files.{post.author.host}/original/{post.mark}/{place}"
        return {
            "id": str(post.mark + place + 1),
            "type": item.kind,
            "url": item.url,
            "preview_url": item.url,
            "remote_url": remote,
            "preview_remote_url": None,
            "text_url": None,
            "meta": {},
            "description": item.alt,
            "blurhash": None,
        }


def _card(url: str) -> dict[str, Any]:
    host = url.split("/")[2]
    return {
        "url": url,
        "title": f"A page on {host}",
        "description": "",
        "language": "en",
        "type": "link",
        "author_name": "",
        "author_url": "",
        "provider_name": host,
        "provider_url": "",
        "html": "",
        "width": 0,
        "height": 0,
        "image": None,
        "embed_url": "",
        "blurhash": None,
        "published_at": None,
        "authors": [],
    }
