"""Rows of the simulated GitHub: issues, pull requests, comments and discussions, and when each was last updated."""

from datetime import datetime
from typing import Any

from monitor.simulator.answer import Call, Row, compact
from monitor.simulator.people import Person
from monitor.simulator.world import World
from monitor.simulator.world_post import Shown, WorldPost
from monitor.simulator.writing import plain

SITE = "https://github.com"


def second(at: datetime) -> str:
    """RFC 3339 in whole seconds, as GitHub writes moments."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def updated_at(world: World, post: WorldPost, now: datetime) -> datetime:
    """When it was made, edited or last commented on."""
    moments = [post.created_at, *(reply.created_at for reply in world.replies(post) if reply.exists(now))]
    edited = [post.edited_at] if post.edited_at and post.edited(now) else []
    return max(*moments, *edited) if len(moments) + len(edited) > 1 else moments[0]


def issue_row(world: World, post: WorldPost, call: Call) -> Row:
    """An issue or a pull request of the REST API."""
    counts = _counts(world, post, call)
    row = {
        **_common(world, post, call),
        "number": int(post.uri.rpartition("/")[2]),
        "title": post.title,
        "user": _user(post.author),
        "labels": [{"name": tag} for tag in post.tags],
        "state": "open",
        "comments": counts["replies"],
        "reactions": {"total_count": counts["likes"]},
    }
    if post.form == "pull":
        row["pull_request"] = {"html_url": post.uri}
    return Row(compact(row), Shown(post, counts, call.now))


def comment_row(world: World, post: WorldPost, call: Call) -> Row:
    """A comment on an issue or a pull request."""
    likes = post.grown(post.peak.likes, call.now)
    row = {**_common(world, post, call), "user": _user(post.author), "reactions": {"total_count": likes}}
    return Row(compact(row), Shown(post, {"likes": likes}, call.now))


def discussion_row(world: World, post: WorldPost, call: Call) -> Row:
    """A discussion, under the names that the collector's query gives its fields."""
    counts, person = _counts(world, post, call), post.author
    edited = second(post.edited_at) if post.edited_at and post.edited(call.now) else None
    row = {
        **_common(world, post, call),
        "title": post.title,
        "labels": {"nodes": [{"name": tag} for tag in post.tags]},
        "edited_at": edited,
        "comments": {"totalCount": counts["replies"]},
        "user": {"login": person.username, "type": "Bot" if person.bot else "User", "id": _number(person)},
        "reactions": {"total_count": counts["likes"]},
    }
    return Row(compact(row), Shown(post, counts, call.now))


def _counts(world: World, post: WorldPost, call: Call) -> dict[str, int]:
    return {"likes": post.grown(post.peak.likes, call.now), "replies": world.reply_count(post, call.now)}


def _common(world: World, post: WorldPost, call: Call) -> dict[str, Any]:
    return {
        "id": post.mark,
        "html_url": post.uri,
        "body": plain(post.text_at(call.now)),
        "created_at": second(post.created_at),
        "updated_at": second(updated_at(world, post, call.now)),
    }


def _user(person: Person) -> dict[str, Any]:
    return {
        "login": person.username,
        "id": _number(person),
        "type": "Bot" if person.bot else "User",
        "html_url": f"{SITE}/{person.username}",
    }


def _number(person: Person) -> int:
    return 100_000 + person.number
