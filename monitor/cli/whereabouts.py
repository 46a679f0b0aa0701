"""Why a post is here, or is not: what was asked, what came of it, and which topics take it. The figures of `monitor why`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from monitor.analysis.coverage import Told
from monitor.cli.topics.excerpt import excerpt
from monitor.config import Config
from monitor.crawl.exported import moment
from monitor.crawl.keeping import Keeping
from monitor.crawl.raw import unpack
from monitor.post import Post
from monitor.query.parse import parse
from monitor.store.connection import Store
from monitor.store.horizon import Horizon, Horizons
from monitor.store.quarantine import Kept
from monitor.store.sources import Standing
from monitor.store.whereabouts import Whereabouts
from monitor.text.permalink import Permalink
from monitor.topic import Topic

Answer = Literal["matched", "not matched", "deleted", "quarantined", "removed", "not collected"]
SHORTEST_TOKEN = 5  # characters by which a row in quarantine is known; shorter ones stand in any row
MOST_ROWS = 10
_MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One topic over the stored post. `version`: by which it was matched, None where it was not. `failing`: the clauses that keep
    the post from matching as the query is now, None where the topic does not watch its platform."""

    topic: Topic
    version: int | None
    words: str | None
    failing: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One source that could have brought the post, and what the ledger says of that moment there; None: the moment is not known."""

    standing: Standing
    state: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that is known of the post that was asked for."""

    asked: Permalink
    post: Post | None = None
    judged: tuple[Judged, ...] = ()
    rows: tuple[Kept, ...] = ()
    sources: tuple[Watched, ...] = ()
    at: datetime | None = None
    horizon: Horizon | None = None

    @property
    def removed(self) -> bool:
        """Whether it lies where posts were removed by age, so that it would be no more if it was here."""
        return self.post is None and self.horizon is not None and self.at is not None and self.at < self.horizon.at

    @property
    def answer(self) -> Answer:
        if self.post is not None:
            if self.post.deleted_at is not None:
                return "deleted"
            return "matched" if self.post.topics else "not matched"
        return "quarantined" if self.rows else "removed" if self.removed else "not collected"


async def look(store: Store, keeping: Keeping | None, asked: Permalink, at: datetime | None) -> Found:
    """Look for a post. `at`: when it was written, where the person says so. Raises StoreUnavailableError."""
    places = Whereabouts(store.database, store.quarantine)
    ids = [each for post_id in asked.ids for each in ((post_id,) if keeping is None else keeping.ids(post_id))]
    post, when = await places.by_ids(ids), at or asked.at
    if post is None and when is not None and asked.token:
        post = await places.around(when, urls=asked.ids, ending=f"/{asked.token}")
    if post is not None:
        topics = await store.topics.list_all()
        return Found(asked=asked, post=post, judged=tuple(_judged(topic, post) for topic in topics), at=post.created_at)
    rows = await _rows(places, asked, ids)
    horizon = await Horizons(store.database).read()
    return Found(asked=asked, rows=rows, sources=await _watching(store, asked, when, horizon), at=when, horizon=horizon)


def _judged(topic: Topic, post: Post) -> Judged:
    match = next((match for match in post.topics if match.id == topic.id), None)
    if match is None and topic.platforms and post.platform not in topic.platforms:
        return Judged(topic=topic, version=None, words=None, failing=None)
    return Judged(
        topic=topic,
        version=None if match is None else match.version,
        words=None if match is None else excerpt(post.text, match.spans),
        failing=() if post.deleted_at is not None else parse(topic.query).failing(post),
    )


async def _rows(places: Whereabouts, asked: Permalink, ids: Sequence[str]) -> tuple[Kept, ...]:
    """Rows in quarantine that are of this post, by its id or by what its address has of it."""
    found: list[Kept] = []
    signs = [each for each in (asked.token, *asked.ids) if each and len(each) >= SHORTEST_TOKEN]
    async for row in places.quarantined(asked.platform):
        if row.refused.post_id in ids or _holds(row, signs):
            found.append(row)
        if len(found) == MOST_ROWS:
            break
    return tuple(found)


def _holds(row: Kept, signs: Sequence[str]) -> bool:
    try:
        told = str(unpack(row.refused.raw))
    except ValueError:
        return False
    return any(sign in told for sign in signs)


async def _watching(store: Store, asked: Permalink, at: datetime | None, horizon: Horizon | None) -> tuple[Watched, ...]:
    """The sources that could have brought it: those of its platform, and feeds of its host."""
    watched: list[Watched] = []
    for standing in await store.sources.list_all():
        if not _could_bring(standing, asked):
            continue
        if at is None:
            watched.append(Watched(standing=standing))
            continue
        told: Sequence[Told] = await store.ledger.stretches(standing.source.id, from_at=at, to_at=at + _MOMENT)
        stretch = (told if horizon is None or at >= horizon.at else horizon.cut(told))[0]
        watched.append(Watched(standing=standing, state=stretch.state, reason=stretch.reason))
    return tuple(watched)


def _could_bring(standing: Standing, asked: Permalink) -> bool:
    source = standing.source
    if source.platform == "feeds":
        return asked.host is not None and asked.host in source.parameters.get("url", "")
    if asked.platform is not None and source.platform != asked.platform:
        return False
    # A forum shows its own posts alone; posts of Mastodon and Lemmy travel.
    return asked.platform is not None and (source.platform != "discourse" or source.parameters.get("instance") == asked.host)


async def keeping_of(store: Store, config: Config) -> Keeping:
    """What ids of private posts are made of. Raises ConfigurationError where this machine has not the key."""
    return await Keeping.of(store, await store.topics.list_all(), config)


def told(found: Found) -> dict[str, Any]:
    """The JSON of `monitor why --json`."""
    post = found.post
    return {
        "asked": found.asked.asked,
        "answer": found.answer,
        "post": post and post.id,
        "platform": post.platform if post else found.asked.platform,
        "written_at": found.at and moment(found.at),
        "first_seen": moment(post.first_seen) if post and post.first_seen else None,
        "removed": found.horizon.sentence if found.horizon and found.removed else None,
        "deleted_at": moment(post.deleted_at) if post and post.deleted_at else None,
        "seen_on": list(post.seen_on) if post else [],
        "topics": [
            {
                "id": each.topic.id,
                "version": each.topic.version,
                "matched_version": each.version,
                "words": each.words,
                "failing": None if each.failing is None else list(each.failing),
            }
            for each in found.judged
        ],
        "quarantine": [
            {"id": row.id, "reason": row.refused.reason, "times": row.times, "last_at": moment(row.last_at)}
            for row in found.rows
        ],
        "sources": [
            {
                "source": each.standing.source.id,
                "state": each.standing.state,
                "ledger": each.state,
                "reason": each.reason,
                "last_poll": each.standing.last_polled_at and moment(each.standing.last_polled_at),
            }
            for each in found.sources
        ],
    }
