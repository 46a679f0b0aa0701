"""Jetstream, Bluesky's stream of what all accounts do: its two wire formats, read into frames and rows. Pure.

Sources: the repository bluesky-social/jetstream with its lexicon network.bsky.jetstream.subscribeEvents, checked 2026-11-22.
Version 1 sends bare objects with `time_us`; version 2 wraps flat ones as `{"$type": "message", "payload": {...}}` with a `seq`
and an RFC 3339 `time`. Both are asked to begin at a time in microseconds, which holds on every server; a number below 10**15
would be a `seq`, which is each server's own. A time before what is kept (about 36 hours) begins with the oldest that is kept:
version 1 says nothing of that, version 2 says `OutdatedCursor` first. Account and identity frames of version 1 come whatever was
asked for. Frames repeat after a reconnect, and their times are in order but for some milliseconds.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.bookmark import Step
from monitor.crawl.frame import Frame, Tells
from monitor.errors import PostError, RefusedError
from monitor.page import Ask
from monitor.post import Author, Post
from monitor.text import atproto
from monitor.text.dates import utc, utc_from_milliseconds
from monitor.text.tolerant import decoded

V1, V2 = "jetstream", "jetstream-v2"
# Each of the first four keeps the same stream; the new server has but one address.
HOSTS: Mapping[str, tuple[str, ...]] = {
    V1: tuple(f"wss://jetstream{number}.us-{coast}.bsky.network" for number in (1, 2) for coast in ("east", "west")),
    V2: ("wss://jetstream.us-east.bsky.network",),
}
OLDEST = 10**15  # the least number that is taken for a time: whatever is still kept

_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_V2 = "/xrpc/network.bsky.jetstream.subscribeEvents"
_OPERATIONS: Mapping[str, Tells] = {"create": "post", "update": "post", "delete": "delete"}
_KINDS: Mapping[str, Tells] = {"account": "account", "identity": "identity"}
_ENDS = {"ConsumerTooSlow": "we read too slowly"}


def ask(stream: str, step: Step) -> Ask:
    """The request that opens the stream behind a mark (milliseconds), or at the present. Raises RefusedError for no stream."""
    if stream not in HOSTS:
        raise RefusedError(f"Bluesky has no stream {stream}: use stream={V1}, or stream={V2} for its second version.")
    cursor = None if step.after is None else max(OLDEST, int(step.after) * 1000)
    if stream == V1:
        return Ask("/subscribe", {"wantedCollections": atproto.POSTS, "cursor": cursor})
    return Ask(_V2, {"kinds": "commit", "collections": atproto.POSTS, "cursor": cursor})


def frame(sent: bytes) -> Frame:
    """Read what was sent. Raises ValueError, KeyError, TypeError, AttributeError or PostError for what is no frame."""
    told = decoded(sent)
    if "$type" not in told:
        return _frame(told, told["kind"], told["time_us"] // 1000, told.get("commit"))
    if told["$type"] == "error":
        return Frame(tells="end", reason=_ENDS.get(told["error"], "it said that something went wrong"))
    payload = told["payload"]
    kind = payload["$type"].rpartition("#")[2]
    if kind == "info":
        return Frame(tells="outdated" if payload.get("name") == "OutdatedCursor" else "other")
    return _frame(payload, kind, (utc(payload["time"]) - _EPOCH) // _MILLISECOND, payload)


def _frame(row: Mapping[str, Any], kind: str, mark: int, commit: Mapping[str, Any] | None) -> Frame:
    if kind != "commit" or commit is None or commit["collection"] != atproto.POSTS:
        return Frame(tells=_KINDS.get(kind, "other"), mark=mark)
    uri = _uri(row, commit)
    return Frame(tells=_OPERATIONS[commit["operation"]], mark=mark, row=row, post_id=uri, key=f"{uri} {commit['rev']}")


def tombstone(row: Mapping[str, Any]) -> Post | None:
    """The post that a row of the stream says is gone, as far as that tells: where it was. None for any other row."""
    if not _is_frame(row) or _commit(row)["operation"] != "delete":
        return None
    at, uri = _met_at(row), _uri(row, _commit(row))
    return Post(
        id=uri,
        platform="bluesky",
        native_id=uri,
        url=atproto.page_of_post(uri),
        created_at=at,  # stored posts keep theirs
        text="",
        author=Author(id=_did(row)),
        deleted_at=at,
    )


def view(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row of the stream in the shape in which the AppView shows posts, without what only that knows: names, counts, labels.
    Any other row as it is."""
    if not _is_frame(row):
        return row
    commit = _commit(row)
    record, did = commit["record"], _did(row)
    return {
        "uri": _uri(row, commit),
        "author": {"did": did},
        "record": record,
        "embed": atproto.hosted(record.get("embed"), did),
        "indexedAt": _met_at(row).isoformat(),
    }


def _is_frame(row: Mapping[str, Any]) -> bool:
    return "commit" in row or "operation" in row


def _commit(row: Mapping[str, Any]) -> Mapping[str, Any]:
    commit = row.get("commit", row)
    if not isinstance(commit, Mapping):
        raise PostError("commit is none")
    return commit


def _met_at(row: Mapping[str, Any]) -> datetime:
    """When the server met it, which it says as a number or as text."""
    return utc(row["time"]) if "time" in row else utc_from_milliseconds(row["time_us"] // 1000)


def _did(row: Mapping[str, Any]) -> str:
    did = row["did"]
    if type(did) is not str or not did.startswith("did:"):
        raise PostError("did is none")
    return did


def _uri(row: Mapping[str, Any], commit: Mapping[str, Any]) -> str:
    if type(commit["rkey"]) is not str or not commit["rkey"]:
        raise PostError("rkey is none")
    return f"at://{_did(row)}/{commit['collection']}/{commit['rkey']}"
