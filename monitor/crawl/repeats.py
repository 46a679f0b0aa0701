"""Rows that are stored already just as they are, told before they are read again: most rows of most polls.

A row is known by a digest of its JSON and of all else that decides what is stored of it: the program's version, the route, the
topics and the scorers. While a shift lasts its digests are in memory; another process finds them with the posts, where the
platform can tell a post's id without reading the whole row. A known row needs no reading, no score and no write, and counts as
unchanged. One that changed in any byte goes the whole way.

What is in memory of a source holds as long as its bookmark is the one that this process left: where somebody else moved it, or a
backup was restored, everything is looked up again.
"""

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Protocol

from monitor import __version__
from monitor.bookmark import Bookmark, Mark, order
from monitor.crawl.keeping import Keeping
from monitor.crawl.normalize import route
from monitor.crawl.page_item import PageItem, Repeat
from monitor.crawl.raw import encoded
from monitor.errors import PostError, StoreUnavailableError
from monitor.page import Reply
from monitor.sentiment.scorer import inline
from monitor.store.connection import Store
from monitor.store.posts import ROW_BYTES
from monitor.topic import Topic

logger = logging.getLogger(__name__)

MOST_REMEMBERED = 100_000  # rows; some 20 MB


class Platform(Protocol):
    """What of a platform spider is needed here."""

    def identity(self, row: Any, reply: Reply, /) -> str | None: ...


@dataclass(slots=True)
class _Source:
    """What was read of one source: rows by the poll that is under way, and by the one before it."""

    version: int
    epoch: int
    now: dict[bytes, Repeat] = field(default_factory=dict)
    before: dict[bytes, Repeat] = field(default_factory=dict)

    def poll(self, epoch: int) -> None:
        """Begin another poll, and forget what the one before the last brought."""
        self.epoch, self.before, self.now = epoch, self.now, {}

    def find(self, row: bytes) -> Repeat | None:
        return self.now.get(row) or self.before.get(row)


class Repeats:
    """The memory of one crawl."""

    def __init__(self) -> None:
        self._sources: OrderedDict[str, _Source] = OrderedDict()
        self._key: tuple[object, str, bytes] = (None, "", b"")
        # Each post's last row, by route: one that was deleted or edited and is back as it was has to be read, whichever source
        # brought the change.
        self._last: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    async def find(
        self,
        item: PageItem,
        platform: Platform,
        store: Store,
        topics: Sequence[tuple[Topic, Any]],
        keeping: Keeping | None = None,
    ) -> None:
        """Fill the item's `encodings` and `digests`, and `repeats` with the rows that are stored as they are."""
        key = self._key_of(route(item.source), topics)
        if keeping is not None and (salt := keeping.salt(item.source)):
            key = blake2b(key, key=salt, digest_size=32).digest()
        item.encodings = [_encoded(row) for row in item.page.rows]
        item.digests = [
            None if encoding is None else blake2b(encoding, key=key, digest_size=ROW_BYTES).digest()
            for encoding in item.encodings
        ]
        known, way = self._source_of(item), route(item.source)
        found = {place: (row, known.find(row)) for place, row in enumerate(item.digests) if row is not None}
        item.repeats = {
            place: repeat
            for place, (row, repeat) in found.items()
            if repeat is not None and self._last.get((way, repeat.post_id)) == row
        }
        item.repeats |= await _stored(item, platform, store, keeping)

    def remember(self, item: PageItem) -> None:
        """Keep what a committed page brought, for the next poll."""
        source = self._sources.get(item.source.id)
        if source is None or item.move is None:
            return
        source.version = item.move.bookmark.version
        brought = {item.rows.get(post.id, b""): Repeat(post.id, post.created_at) for post in item.posts}
        brought |= {row: repeat for place, repeat in item.repeats.items() if (row := item.digests[place]) is not None}
        source.now |= brought
        self._note_last({post.id: item.rows.get(post.id, b"") for post in item.posts}, route(item.source))
        self._note_last({repeat.post_id: row for row, repeat in brought.items()}, route(item.source))
        self._sources.move_to_end(item.source.id)
        while len(self._sources) > 1 and self._size() > MOST_REMEMBERED:
            self._sources.popitem(last=False)
        if self._size() > MOST_REMEMBERED:
            self._sources.clear()

    def _note_last(self, rows: Mapping[str, bytes], way: str) -> None:
        for post_id, row in rows.items():
            self._last[way, post_id] = row
            self._last.move_to_end((way, post_id))
        while len(self._last) > MOST_REMEMBERED:
            self._last.popitem(last=False)

    def _source_of(self, item: PageItem) -> _Source:
        source = self._sources.get(item.source.id)
        if source is None or source.version != item.bookmark.version:
            source = self._sources[item.source.id] = _Source(item.bookmark.version, item.epoch)
        if source.epoch != item.epoch:
            source.poll(item.epoch)
        return source

    def _size(self) -> int:
        return sum(len(source.now) + len(source.before) for source in self._sources.values())

    def _key_of(self, way: str, topics: Sequence[tuple[Topic, Any]]) -> bytes:
        """The topics are the same object for as long as the session holds them."""
        if self._key[0] is not topics or self._key[1] != way:
            watched = sorted((topic.id, topic.version) for topic, _ in topics)
            scorers = [(scorer.name, scorer.version) for scorer in inline()]
            self._key = topics, way, blake2b(repr((__version__, way, watched, scorers)).encode(), digest_size=32).digest()
        return self._key[2]


def _encoded(row: Any) -> bytes | None:
    """None for a row that cannot be kept, which is then refused for it."""
    try:
        return encoded(row)
    except PostError:
        return None


async def _stored(item: PageItem, platform: Platform, store: Store, keeping: Keeping | None) -> dict[int, Repeat]:
    """The rows that another process stored as they are. A store that does not answer costs their reading, and nothing else."""
    places: dict[str, int] = {}
    for place, (row, mark) in enumerate(zip(item.page.rows, item.page.marks, strict=True)):
        if place not in item.repeats and _asked_before(item.bookmark, mark) and (identity := _identity(platform, row, item)):
            places |= dict.fromkeys((identity,) if keeping is None else keeping.ids(identity), place)
    if not places:
        return {}
    try:
        known = await store.posts.rows(list(places), route=route(item.source))
    except StoreUnavailableError as error:
        logger.debug("event=repeats_unknown source=%s reason=%s", item.source.id, error)
        return {}
    return {
        place: Repeat(post_id, known[post_id][1])
        for post_id, place in places.items()
        if post_id in known and known[post_id][0] == item.digests[place]
    }


def _asked_before(bookmark: Bookmark, mark: Mark | None) -> bool:
    """Whether a row of this mark may be stored: only then is it worth looking."""
    if mark is None or str(mark) in bookmark.seen:
        return True
    if not bookmark.heads or order(mark) > order(bookmark.heads[0].mark):
        return False
    if bookmark.start is not None and order(mark) < order(bookmark.start):
        return False
    unread = (gap for gap in bookmark.gaps if order(mark) <= order(gap.top))
    return not any(gap.floor is None or order(mark) > order(gap.floor) for gap in unread)


def _identity(platform: Platform, row: Any, item: PageItem) -> str | None:
    try:
        return platform.identity(row, item.reply)
    except Exception:  # noqa: BLE001 - a stranger's row may break a platform file in any way; reading it says how
        return None
