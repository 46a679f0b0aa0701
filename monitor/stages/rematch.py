"""The re-match stage: stored posts are matched anew with a topic whose query was edited, so that old and new posts agree.

The invariant: whenever this is killed, the next run goes on after the last batch that was finished; a batch that was done twice
changes nothing the second time. Posts are walked by id, which nothing changes, so that none is met twice or left out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from monitor.crawl.keeping import Keeping
from monitor.errors import MonitorError, StoreUnavailableError
from monitor.post import Match, Post
from monitor.query.parse import parse
from monitor.query.query import Query
from monitor.query.searchable import Searchable
from monitor.store.matches import Matches, Stored
from monitor.store.rematches import Place, Rematches
from monitor.topic import Topic

# Posts that somebody else changes at this very moment are read again; a collecting process changes a post once in minutes.
MOST_ROUNDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Posts that were looked at, that entered the topic, that left it, and that stay with another version or other spans."""

    looked_at: int = 0
    entered: int = 0
    left: int = 0
    renewed: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            looked_at=self.looked_at + other.looked_at,
            entered=self.entered + other.entered,
            left=self.left + other.left,
            renewed=self.renewed + other.renewed,
        )


def match_now(topic: Topic, query: Query, post: Post) -> Match | None:
    """What the topic makes of a post; None where its query does not match."""
    spans = query.matcher(Searchable(post))
    return None if spans is None else Match(id=topic.id, version=topic.version, spans=spans)


def match_then(topic: Topic, post: Post) -> Match | None:
    """The topic's match as it is stored."""
    return next((match for match in post.topics if match.id == topic.id), None)


async def rematch(matches: Matches, rematches: Rematches, topic: Topic, place: Place, keeping: Keeping | None = None) -> Tally:
    """Match stored posts with the topic's query as it is, from `place` on, which `Rematches.begin` gives.

    `keeping`: posts that match a topic which asks for privacy, and that were stored openly, are changed to what may be kept.

    Raises MonitorError where the topic is edited or removed meanwhile, and StoreUnavailableError; what was done stays so.
    """
    query, tally = parse(topic.query), Tally()
    while batch := await matches.batch(topic, after=place.after, since=place.since):
        tally += await _settle(matches, topic, query, batch)
        if keeping is not None and keeping.asked((topic.id,)):
            # Before the place is noted: a run that is killed here does the batch once more.
            await keeping.seal_stored([each.post.id for each in batch if match_now(topic, query, each.post)], topic.id)
        place = replace(place, after=batch[-1].post.id)
        await _keep(rematches, topic, place)
    await _keep(rematches, topic, replace(place, done=True))
    return tally


async def rematch_some(matches: Matches, topics: Iterable[tuple[Topic, Query]], ids: Sequence[str], keeping: Keeping) -> None:
    """The same for a few posts and all topics: of posts that were stored by who knew the topics as they were before.

    Raises StoreUnavailableError.
    """
    private: list[tuple[Topic, list[str]]] = []
    for topic, query in topics:
        stored = await matches.again(ids)
        batch = [each for each in stored if _concerns(topic, each.post)]
        await _settle(matches, topic, query, batch)
        if keeping.asked((topic.id,)):
            private.append((topic, [each.post.id for each in batch if match_now(topic, query, each.post)]))
    for topic, matched in private:  # last of all, since it gives posts other ids
        await keeping.seal_stored(matched, topic.id)


async def _settle(matches: Matches, topic: Topic, query: Query, batch: Sequence[Stored]) -> Tally:
    """Write what differs, and look again at what others changed meanwhile."""
    tally: Tally | None = None
    for _ in range(MOST_ROUNDS):
        found = [(stored, match_now(topic, query, stored.post)) for stored in batch]
        differ = [(stored, match) for stored, match in found if match != match_then(topic, stored.post)]
        # Counted once: what is looked at again was mostly written by the first round.
        tally = tally or replace(_told(topic, differ), looked_at=len(batch))
        again = await matches.write(topic.id, differ)
        if not again:
            return tally
        batch = await matches.again(again)
    raise StoreUnavailableError("Posts are being written by others all the time. Run the same command again: it goes on here.")


def _concerns(topic: Topic, post: Post) -> bool:
    return not topic.platforms or post.platform in topic.platforms or match_then(topic, post) is not None


def _told(topic: Topic, differ: Sequence[tuple[Stored, Match | None]]) -> Tally:
    left = sum(match is None for _, match in differ)
    entered = sum(match_then(topic, stored.post) is None for stored, match in differ if match is not None)
    return Tally(left=left, entered=entered, renewed=len(differ) - left - entered)


async def _keep(rematches: Rematches, topic: Topic, place: Place) -> None:
    if not await rematches.keep(topic, place):
        raise MonitorError(
            f"The topic {topic.id} was edited or removed while its posts were matched with version {topic.version}. "
            f"Run again: monitor topics rematch {topic.id}"
        )
