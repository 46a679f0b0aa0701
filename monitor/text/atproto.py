"""AT Protocol posts: what they say, addresses, people, moments, embeds, labels, the nodes of a thread, and errors.

Sources: the lexicons app.bsky.embed.*, app.bsky.feed.defs and com.atproto.label.defs, checked 2026-11-22. Read alike from
records, as streams bring them, and from views, as the AppView answers with; marks in their words are in `monitor.text.facets`.
Raises KeyError, TypeError or AttributeError for what has another shape.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from monitor.errors import PostError, RefusedError
from monitor.page import Reply
from monitor.post import Author, Media
from monitor.text.dates import utc, utc_or_none
from monitor.text.facets import read_facets

SITE = "https://bsky.app"
_IMAGES, _VIDEOS = "https://cdn.bsky.app/img/feed_fullsize/plain", "https://video.bsky.app/watch"
POSTS, GENERATORS, LISTS = "app.bsky.feed.post", "app.bsky.feed.generator", "app.bsky.graph.list"

# With moments further apart than this, the author's clock was wrong, or the post was imported from elsewhere.
_IMPORTED = timedelta(days=1)
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_GONE = frozenset(
    "AccountDeactivated AccountTakedown NotFound RepoDeactivated RepoNotFound RepoTakendown UnknownFeed UnknownList".split()
)
_GONE_WORDS = ("not found", "could not find", "unable to resolve handle")
_SITE_WORDS = {POSTS: "post", GENERATORS: "feed", LISTS: "lists"}
_URI = re.compile(r"at://([^/\s]+)/([A-Za-z0-9.]+)/([^/\s?#]+)")
_PAGE = re.compile(r"https?://bsky\.app/profile/([^/\s]+)/([a-z]+)/([^/\s?#]+)")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a record lies: who keeps it (a DID, or a handle as people type it), in which collection, under which key."""

    authority: str
    collection: str
    key: str

    def __str__(self) -> str:
        return f"at://{self.authority}/{self.collection}/{self.key}"

    @property
    def page(self) -> str:
        """Its page on the site; where there is none, the at-uri itself."""
        word = _SITE_WORDS.get(self.collection)
        return f"{SITE}/profile/{self.authority}/{word}/{self.key}" if word else str(self)


@dataclass(frozen=True, slots=True)
class Embedded:
    """What a post carries: attachments, links, and the address of the post it quotes."""

    media: tuple[Media, ...] = ()
    links: tuple[str, ...] = ()
    quoted: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """All that a post says: words with what is marked in them, and what it carries."""

    text: str
    tags: tuple[str, ...]
    mentions: tuple[str, ...]
    links: tuple[str, ...]
    media: tuple[Media, ...]
    quoted: str | None


def error_of(reply: Reply) -> tuple[str, str]:
    """Name and message of an error; empty where the reply is none, or a web page."""
    try:
        told = reply.json if reply.status >= 400 else {}
        return str(told.get("error") or ""), str(told.get("message") or "")
    except (ValueError, AttributeError):
        return "", ""


def own_server(session: Mapping[str, Any]) -> str | None:
    """The server of an account, as the answer to signing in tells; None where it does not, or not by https."""
    services = (session.get("didDoc") or {}).get("service") or ()
    own = next((each["serviceEndpoint"] for each in services if each["id"].endswith("#atproto_pds")), "")
    return own.rstrip("/") if own.startswith("https://") else None


def says_gone(name: str, message: str) -> bool:
    """Whether an error means that an account, post, feed or list is no more; some say so in the message alone."""
    return name in _GONE or (name == "InvalidRequest" and any(words in message.lower() for words in _GONE_WORDS))


def page_of_post(uri: str) -> str:
    """The page of a post on the site, by DID. Raises PostError for an address of something else."""
    address = address_of(uri)
    if address is None or address.collection != POSTS:
        raise PostError("uri is not that of a post")
    return address.page


def address_of(text: str) -> Address | None:
    """Read an at-uri, or the address of a post, feed or list on the site; None for anything else."""
    if found := _URI.fullmatch(text):
        return Address(*found.groups())
    collections = {word: collection for collection, word in _SITE_WORDS.items()}
    found = _PAGE.match(text)
    return Address(found[1], collections[found[2]], found[3]) if found and found[2] in collections else None


def address_to_ask(text: str) -> Address:
    """The address of a post, feed generator or list. Raises RefusedError, saying what to write, for anything else."""
    lies = address_of(text)
    if lies is None or lies.collection not in _SITE_WORDS:
        raise RefusedError(
            f"{text} is no post, feed or list of Bluesky: use its address, such as {SITE}/profile/NAME/feed/KEY."
        )
    return lies


def author_of(person: Mapping[str, Any]) -> Author:
    """Who wrote it, known by DID: a handle may change, and one that does not lead back to its DID is none."""
    handle = person.get("handle")
    return Author(
        id=person["did"],
        handle=None if handle == "handle.invalid" else handle,
        name=person.get("displayName") or None,
        url=f"{SITE}/profile/{person['did']}",
        bot=True if "bot" in labels_in_force(person.get("labels")) else None,
    )


def created_at(view: Mapping[str, Any], fetched_at: datetime) -> datetime:
    """When a post was made: the moment that its author's client claims, or the server's where the two are more than a day
    apart or the claim lies in the future. Raises PostError where neither is a possible date."""
    claimed, indexed = _claimed_at(view), utc_or_none(view.get("indexedAt"))
    if claimed and claimed <= fetched_at and (indexed is None or abs(claimed - indexed) <= _IMPORTED):
        return claimed
    if indexed is None:
        raise PostError("createdAt is no possible date, and indexedAt is missing")
    return indexed


def sorted_at(row: Any) -> int | None:
    """The millisecond since 1970 by which feeds sort an item or a post: the earlier of the claimed and the server's moment; of a
    repost its own. None for pinned rows, which stand first, and for what is no post."""
    try:
        view, reason = (row["post"], row.get("reason") or {}) if "post" in row else (row, {})
        if reason.get("$type", "").endswith("#reasonPin"):
            return None
        moment = utc(reason["indexedAt"] if reason else view["indexedAt"])
        return (min(moment, (None if reason else _claimed_at(view)) or moment) - _EPOCH) // _MILLISECOND
    except (PostError, KeyError, TypeError, AttributeError):
        return None


def _claimed_at(view: Mapping[str, Any]) -> datetime | None:
    """What the author's client wrote, where it is a date at all."""
    try:
        return utc(view["record"]["createdAt"])
    except (PostError, KeyError):
        return None


def read_said(view: Mapping[str, Any]) -> Said:
    """What the view of a post, or its record alone under `record`, says. Raises PostError where it says nothing."""
    record = view["record"]
    marked, embedded = read_facets(record["text"], record.get("facets") or ()), read_embed(view.get("embed"))
    if not (marked.text or embedded.media or embedded.links or embedded.quoted):
        raise PostError("the post says nothing")
    return Said(
        text=marked.text,
        tags=tuple(dict.fromkeys((*marked.tags, *(tag.lower() for tag in record.get("tags") or ())))),
        mentions=marked.mentions,
        links=tuple(dict.fromkeys((*marked.links, *embedded.links))),
        media=embedded.media,
        quoted=embedded.quoted,
    )


def read_embed(embed: Mapping[str, Any] | None) -> Embedded:
    """Read an embed of any kind; one of a kind that is not known counts as a file, so that its post says something."""
    if embed is None:
        return Embedded()
    match embed.get("$type", "").removeprefix("app.bsky.embed.").partition("#")[0]:
        case "images":  # in a record, without addresses
            media = (Media(kind="image", url=each.get("fullsize"), alt=each.get("alt") or None) for each in embed["images"])
            made = Embedded(tuple(media))
        case "video":
            made = Embedded((Media(kind="video", url=embed.get("playlist"), alt=embed.get("alt") or None),))
        case "external":
            made = Embedded(links=(embed["external"]["uri"],))
        case "record":
            made = _record(embed["record"])
        case "recordWithMedia":
            with_it, record = read_embed(embed["media"]), _record(embed["record"]["record"])
            made = Embedded(with_it.media, (*with_it.links, *record.links), record.quoted)
        case _:
            made = Embedded((Media(kind="file"),))
    return made


def hosted(embed: Any, did: str) -> Any:
    """The embed of a record of `did`, with the addresses at which the AppView shows its images and its video."""
    match embed:
        case {"images": [*images], **rest}:
            at = f"{_IMAGES}/{did}"
            shown = [{**image, "fullsize": _address_of_blob(image.get("image"), at, "@jpeg")} for image in images]
            return {**rest, "images": shown}
        case {"video": video, **rest}:
            return {**rest, "playlist": _address_of_blob(video, f"{_VIDEOS}/{quote(did)}", "/playlist.m3u8")}
        case {"media": media, **rest}:
            return {**rest, "media": hosted(media, did)}
    return embed


def _address_of_blob(blob: Any, at: str, ending: str) -> str | None:
    match blob:
        case {"ref": {"$link": str() as cid}}:
            return f"{at}/{cid}{ending}"
    return None


def _record(record: Mapping[str, Any]) -> Embedded:
    """A quoted post, also one that is gone or blocked; what its author detached is quoted no more. Others are links."""
    if record.get("$type", "").endswith("#viewDetached"):
        return Embedded()
    address = address_of(record["uri"])
    if address is not None and address.collection == POSTS:
        return Embedded(quoted=record["uri"])
    return Embedded(links=(record["uri"] if address is None else address.page,))


def labels_in_force(*lists: Iterable[Mapping[str, Any]] | None) -> frozenset[str]:
    """The values of labels, of the author and of labellers, without those that their giver withdrew."""
    told = [label for labels in lists for label in labels or ()]
    withdrawn = {(label.get("src"), label["val"]) for label in told if label.get("neg")}
    return frozenset(label["val"] for label in told if (label.get("src"), label["val"]) not in withdrawn)


def posts_of_thread(thread: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The views of all posts in a thread, parents first, then the post and below it the answers; gone and blocked ones left out."""
    parents: list[Mapping[str, Any]] = []
    above = thread.get("parent")
    while isinstance(above, Mapping):
        parents.append(above)
        above = above.get("parent")
    yield from (parent["post"] for parent in reversed(parents) if "post" in parent)
    waiting = [thread]
    while waiting:
        node = waiting.pop()
        if "post" in node:
            yield node["post"]
        waiting.extend(reversed([answer for answer in node.get("replies") or () if isinstance(answer, Mapping)]))
