"""What `monitor why` found, in sentences for people."""

from collections.abc import Iterator
from datetime import datetime

from monitor.cli.whereabouts import Found, Judged, Watched
from monitor.post import Post

_SAYS = {
    "covered": "read then. The platform did not show it there: it does not say what this source asks for, or it was gone by then",
    "limited": "not yet read: what lies there is asked for at the next polls",
    "capped": "not read, and it cannot be any more: the platform reaches no further back",
    "failed": "not read: the platform refused it for good",
    "removed": "what was read then is not kept",
    "never asked": "never asked",
    None: "nobody knows, since the moment of the post is not known: give it with --at",
}


def sentences(found: Found) -> Iterator[str]:
    """The lines of the answer."""
    if found.post is not None:
        yield from _stored(found, found.post)
        return
    if found.rows:
        yield "It was filtered: rows of it are in quarantine, since they could not be read or stored."
        for row in found.rows:
            yield f"  {row.id}  {_shown(row.refused.reason)}  met {row.times:,} times, last {_moment(row.last_at)}"
        yield "Whole: monitor quarantine show ID. Another try: monitor quarantine replay ID"
        return
    if found.removed and found.horizon is not None:
        yield f"It is not here. {found.horizon.sentence} It would not be stored again."
    else:
        yield "It was not collected: no stored post has this id or address, and no row in quarantine."
        if found.at is None and found.horizon is not None:
            yield f"{found.horizon.sentence} When it was written is not known: give it with --at."
    if found.asked.platform:
        yield f"It is of {found.asked.platform}{f', written {_moment(found.at)}' if found.at else ''}."
    if not found.sources:
        yield "No source watches that place. To have one: monitor track QUERY --platform NAME, or --feed URL"
    for each in found.sources:
        yield from _watched(each)


def _stored(found: Found, post: Post) -> Iterator[str]:
    yield f"It is here: {_shown(post.id)}"
    first = f" first seen {_moment(post.first_seen)}" if post.first_seen else ""
    yield f"  {post.platform}, written {_moment(post.created_at)},{first} by {_shown(', '.join(post.seen_on)) or 'an import'}"
    if post.deleted_at is not None:
        yield f"It was deleted on its platform, as was seen {_moment(post.deleted_at)}: what it said is gone here, too."
    if not post.topics:
        yield "No topic has it."
    for each in found.judged:
        yield from _judged(each, deleted=post.deleted_at is not None)


def _judged(each: Judged, *, deleted: bool) -> Iterator[str]:
    topic = each.topic
    if each.version is not None:
        older = "" if each.version == topic.version else f" (it is at {topic.version} now)"
        yield f"Topic {topic.id} has it, by version {each.version}{older}{f': {each.words}' if each.words else ''}"
        if each.failing:
            yield f"  As the query is now, it would not match: {', '.join(each.failing)}. Next: monitor topics rematch {topic.id}"
    elif each.failing is None:
        yield f"Topic {topic.id} does not have it: it does not watch this platform."
    elif each.failing:
        yield f"Topic {topic.id} does not have it. What fails: {', '.join(each.failing)}"
    elif not deleted:
        yield f"Topic {topic.id} would have it, but it was stored before the query was so. Next: monitor topics rematch {topic.id}"


def _watched(each: Watched) -> Iterator[str]:
    standing = each.standing
    polled = f"last polled {_moment(standing.last_polled_at)}" if standing.last_polled_at else "never polled"
    yield f"Source {_shown(standing.source.id)} could have brought it ({standing.state}, {polled})."
    yield f"  {_SAYS[each.state]}.{f' {_shown(each.reason)}.' if each.reason else ''}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%SZ}"


def _shown(text: str) -> str:
    """A stranger's text, without what would move the cursor or turn the line around."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
