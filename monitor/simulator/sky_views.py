"""Rows of the simulated Bluesky: views of posts, items of feeds and threads (lexicons app.bsky.feed.defs, app.bsky.embed.*)."""

from typing import Any

from monitor.simulator.answer import Call, Row, compact
from monitor.simulator.people import Person
from monitor.simulator.statuses import moment
from monitor.simulator.thread_author import did
from monitor.simulator.world import World
from monitor.simulator.world_post import Shown, WorldPost
from monitor.simulator.writing import Link, Mention, Tag, Text, plain

Parts = tuple[bytes | Row, ...]


def cid(post: WorldPost) -> str:
    """The version of a record; none here is ever changed."""
    return f"bafyrei{post.mark:052x}"


def profile(person: Person) -> dict[str, Any]:
    """A profileViewBasic."""
    return {"did": did(person), "handle": person.username, "displayName": person.name, "labels": []}


def view_row(world: World, post: WorldPost, call: Call) -> Row:
    """The postView of a post that says something itself."""
    counts = {
        "likes": post.grown(post.peak.likes, call.now),
        "reposts": post.grown(post.peak.reposts, call.now),
        "replies": world.reply_count(post, call.now),
        "quotes": post.grown(post.peak.quotes, call.now),
    }
    view = {
        "uri": post.uri,
        "cid": cid(post),
        "author": profile(post.author),
        "record": record_of(post),
        **({"embed": _quoted(post.quote_of, call)} if post.quote_of else {}),
        "replyCount": counts["replies"],
        "repostCount": counts["reposts"],
        "likeCount": counts["likes"],
        "quoteCount": counts["quotes"],
        "indexedAt": moment(post.created_at),
        "labels": [],
    }
    return Row(compact(view), Shown(post, counts, call.now))


def feed_item(world: World, post: WorldPost, call: Call, *, pinned: bool = False) -> Parts:
    """feedViewPost: a post, or the one that a repost repeats with the reason why it stands here."""
    shown = post.repost_of or post
    row = view_row(world, shown, call)
    if post.repost_of is not None:
        reason = {
            "$type": "app.bsky.feed.defs#reasonRepost",
            "by": profile(post.author),
            "uri": post.uri,
            "cid": cid(post),
            "indexedAt": moment(post.created_at),
        }
        return b'{"post":', Row(row.body, Shown(post, {}, call.now)), b',"reason":', compact(reason), b"}"
    if pinned:
        return b'{"post":', row, b',"reason":{"$type":"app.bsky.feed.defs#reasonPin"}}'
    return b'{"post":', row, b"}"


def thread(world: World, post: WorldPost, call: Call) -> list[bytes | Row]:
    """The threadViewPost with everything below it; what is gone is told as such."""
    parts: list[bytes | Row] = [b'{"$type":"app.bsky.feed.defs#threadViewPost","post":', view_row(world, post, call)]
    parts.append(b',"replies":[')
    for place, reply in enumerate(world.replies(post)):
        parts += [b","] if place else []
        parts += thread(world, reply, call) if reply.exists(call.now) else [compact(_not_found(reply))]
    return [*parts, b"]}"]


def _not_found(post: WorldPost) -> dict[str, Any]:
    return {"$type": "app.bsky.feed.defs#notFoundPost", "uri": post.uri, "notFound": True}


def record_of(post: WorldPost) -> dict[str, Any]:
    record: dict[str, Any] = {
        "$type": "app.bsky.feed.post",
        "createdAt": moment(post.created_at),
        "text": plain(post.text),
        "langs": [post.language],
    }
    if facets := _facets(post.text):
        record["facets"] = facets
    if post.reply_to is not None:
        record["reply"] = {"root": _reference(post.root), "parent": _reference(post.reply_to)}
    return record


def _reference(post: WorldPost) -> dict[str, str]:
    return {"uri": post.uri, "cid": cid(post)}


def _facets(text: Text) -> list[dict[str, Any]]:
    """What is marked in a text, by UTF-8 byte offsets."""
    found, at = [], 0
    for number, paragraph in enumerate(text):
        at += 2 if number else 0  # the blank line between two paragraphs
        for piece in paragraph:
            begin, at = at, at + len(plain(((piece,),)).encode())
            feature: dict[str, str] | None = None
            match piece:
                case Tag(name):
                    feature = {"$type": "app.bsky.richtext.facet#tag", "tag": name}
                case Link(url):
                    feature = {"$type": "app.bsky.richtext.facet#link", "uri": url}
                case Mention(person):
                    feature = {"$type": "app.bsky.richtext.facet#mention", "did": did(person)}
            if feature is not None:
                found.append({"index": {"byteStart": begin, "byteEnd": at}, "features": [feature]})
    return found


def _quoted(post: WorldPost, call: Call) -> dict[str, Any]:
    if not post.exists(call.now):
        record = {"$type": "app.bsky.embed.record#viewNotFound", "uri": post.uri, "notFound": True}
    else:
        record = {
            "$type": "app.bsky.embed.record#viewRecord",
            "uri": post.uri,
            "cid": cid(post),
            "author": profile(post.author),
            "value": record_of(post),
            "indexedAt": moment(post.created_at),
        }
    return {"$type": "app.bsky.embed.record#view", "record": record}
