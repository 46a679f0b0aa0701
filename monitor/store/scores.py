"""Scores of stored posts: which posts wait for a scorer, claiming them for a while, and writing what came of it.

A claim is the field `scoring` of a post (`owner`, `until` by the server's clock, `attempts`, `reason`), there only while the
post is being scored or after an attempt that failed. The invariants: a score is written only to the very text that it was made
of; each attempt is counted before it begins, so that a text which ends the process that scores it is counted too.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from monitor.post import Post, Score
from monitor.sentiment.scorer import LANGUAGE_REASON, Scorer
from monitor.store.dirty import Dirty, hour_of
from monitor.store.document import Document, post_of, score_document
from monitor.store.outage import tells_outage

# Long enough for any one text, short enough that a dead process's posts wait half a minute at most.
LEASE_S = 30.0
# How many posts are scored together that were tried once, twice, ...; from the third attempt on each alone.
TOGETHER = (25, 5)
SET_ASIDE = "set aside: "  # how the reason of a post begins on which a scorer failed for the last time

# What a scorer needs of a post, and what every Post must have; raw rows and revisions stay where they are.
_FIELDS = dict.fromkeys(
    (
        "platform",
        "native_id",
        "kind",
        "created_at",
        "author",
        "text",
        "title",
        "language",
        "scoring.attempts",
        "scoring.reason",
    ),
    1,
)
_UNTRIED: Document = {"scoring": None}
_FREE: Document = {
    "scoring": {"$ne": None},
    "$or": [{"scoring.until": None}, {"$expr": {"$lte": ["$scoring.until", "$$NOW"]}}],
}
_UNSCORED: Document = {"sentiment.scorer": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The posts that wait for a scorer: those that any of `filters` finds, one after the other, each by an index."""

    filters: tuple[Document, ...]

    @classmethod
    def outstanding(cls, scorer: Scorer) -> "Work":
        """Posts without a score, with one by another version of this scorer, and those left to it by their language."""
        left = {"sentiment.scorer": {"$nin": [None, scorer.name]}, "sentiment.label": None, **_languages(scorer)}
        left["sentiment.reason"] = {"$regex": f"^{LANGUAGE_REASON}"}
        return cls(filters=(_UNSCORED, _outdated(scorer), left))

    @classmethod
    def everything(cls, scorer: Scorer) -> "Work":
        """All posts in the scorer's languages that have no score by it in its present version."""
        others = {"sentiment.scorer": {"$nin": [None, scorer.name]}, **_languages(scorer)}
        return cls(filters=(_UNSCORED, _outdated(scorer), others))


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A post that is ours to score: what of it is said and by whom, in which attempt, and why the last one failed."""

    post: Post
    attempts: int
    reason: str | None = None


class Scores:
    """The fields `sentiment` and `scoring` of the collection `posts`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], dirty: Dirty) -> None:
        self.database = database
        self._posts = database["posts"]
        self._dirty = dirty

    @tells_outage
    async def claim(self, work: Work, *, owner: str, limit: int, lease_s: float = LEASE_S) -> list[Claimed]:
        """Take up to `limit` posts that nobody has tried; `owner` must be new with each call. Empty where there are none."""
        for wanted in _each(work, _UNTRIED):
            # Where others took all that were found, there may be more.
            while ids := [stored["_id"] async for stored in self._posts.find(wanted, {"_id": 1}).limit(limit)]:
                if ours := await self._take(ids, wanted, owner, lease_s):
                    return ours
        return []

    @tells_outage
    async def claim_again(self, work: Work, *, owner: str, lease_s: float = LEASE_S) -> list[Claimed]:
        """Take posts that were tried before and are free, the least often tried first, all tried equally often.

        A few at a time, and ever fewer (`TOGETHER`): which of the posts of a batch ended the process that scored them, only
        scoring them singly tells. Empty where there are none.
        """
        for wanted in _each(work, _FREE):
            first = self._posts.find(wanted, {"scoring.attempts": 1}).sort("scoring.attempts", 1).limit(max(TOGETHER))
            while found := await first.to_list():
                attempts = found[0]["scoring"]["attempts"]
                equal = [stored["_id"] for stored in found if stored["scoring"]["attempts"] == attempts]
                together = TOGETHER[attempts - 1] if attempts <= len(TOGETHER) else 1
                if ours := await self._take(equal[:together], wanted, owner, lease_s):
                    return ours
                first = first.clone()
        return []

    @tells_outage
    async def waiting(self, work: Work) -> bool:
        """Tell whether a post is still to be scored, be it in the hands of another process."""
        for wanted in _each(work, {}):
            if await self._posts.find_one(wanted, {"_id": 1}) is not None:
                return True
        return False

    @tells_outage
    async def write(self, scores: Sequence[tuple[Claimed, Score]], *, owner: str) -> set[str]:
        """Store scores of posts that are still ours and still say what was scored; returns the ids of the others.

        Order of side effects: the hours of the posts are marked dirty, then the scores are durable and the claims gone; the
        posts that say something else by now are given back.
        """
        if not scores:
            return set()
        await self._dirty.mark({hour_of(claimed.post.created_at) for claimed, _ in scores})
        result = await self._posts.bulk_write([_settle(claimed.post, score, owner) for claimed, score in scores], ordered=False)
        if result.matched_count == len(scores):
            return set()
        ids = [claimed.post.id for claimed, _ in scores]
        found = self._posts.find({"_id": {"$in": ids}, "scoring.owner": owner}, {"_id": 1})
        edited = {stored["_id"] async for stored in found}
        await self._give_back(edited, owner)
        return edited

    @tells_outage
    async def fail(self, failures: Sequence[tuple[Claimed, str]], *, owner: str) -> None:
        """Give posts back on which the attempt failed, with the reason (which quotes nothing of them)."""
        if failures:
            await self._posts.bulk_write(
                [
                    UpdateOne(
                        {"_id": claimed.post.id, "scoring.owner": owner},
                        {"$set": {"scoring.reason": reason}, "$unset": {"scoring.owner": "", "scoring.until": ""}},
                    )
                    for claimed, reason in failures
                ],
                ordered=False,
            )

    @tells_outage
    async def renew(self, post_ids: Collection[str], *, owner: str, lease_s: float = LEASE_S) -> None:
        """Hold on to posts, from now."""
        await self._posts.update_many(
            {"_id": {"$in": list(post_ids)}, "scoring.owner": owner}, [{"$set": {"scoring.until": _until(lease_s)}}]
        )

    @tells_outage
    async def release(self, post_ids: Collection[str], *, owner: str) -> None:
        """Give posts back whose attempt did not take place; it is not counted."""
        await self._give_back(post_ids, owner)

    @tells_outage
    async def count_set_aside(self, scorer: Scorer) -> int:
        """Count the posts that this scorer, in this version, was given up on."""
        return await self._posts.count_documents(_set_aside(scorer))

    @tells_outage
    async def versions(self, name: str) -> list[str]:
        """The versions of a scorer that stored posts have scores by."""
        return sorted(filter(None, await self._posts.distinct("sentiment.version", {"sentiment.scorer": name})))

    @tells_outage
    async def forget_set_aside(self, scorer: Scorer) -> int:
        """Make posts that were set aside wait for a score again; returns how many."""
        result = await self._posts.update_many(_set_aside(scorer), {"$unset": {"sentiment": ""}, "$inc": {"writes": 1}})
        return result.modified_count

    async def _take(self, post_ids: Collection[str], wanted: Document, owner: str, lease_s: float) -> list[Claimed]:
        """Claim those that are still `wanted`; another process may have been quicker."""
        ids = {"$in": list(post_ids)}
        await self._posts.update_many({"_id": ids, **wanted}, _lease(owner, lease_s))
        found = self._posts.find({"_id": ids, "scoring.owner": owner}, _FIELDS)
        return [_claimed(stored) async for stored in found]

    async def _give_back(self, post_ids: Collection[str], owner: str) -> None:
        before: Document = {"attempts": {"$subtract": ["$scoring.attempts", 1]}, "reason": "$scoring.reason"}
        tried_before: Document = {"$gt": ["$scoring.attempts", 1]}
        await self._posts.update_many(
            {"_id": {"$in": list(post_ids)}, "scoring.owner": owner},
            [{"$set": {"scoring": {"$cond": [tried_before, before, "$$REMOVE"]}}}],
        )


def _each(work: Work, state: Document) -> list[Document]:
    return [{**wanted, **state, "deleted_at": None} for wanted in work.filters]


def _outdated(scorer: Scorer) -> Document:
    return {"sentiment.scorer": scorer.name, "sentiment.version": {"$ne": scorer.version}}


def _languages(scorer: Scorer) -> Document:
    return {} if scorer.languages is None else {"language": {"$in": sorted(scorer.languages)}}


def _set_aside(scorer: Scorer) -> Document:
    return {
        "sentiment.scorer": scorer.name,
        "sentiment.version": scorer.version,
        "sentiment.label": None,
        "sentiment.reason": {"$regex": f"^{SET_ASIDE}"},
    }


def _lease(owner: str, lease_s: float) -> list[Document]:
    attempts: Document = {"$add": [{"$ifNull": ["$scoring.attempts", 0]}, 1]}
    return [{"$set": {"scoring": {"owner": {"$literal": owner}, "until": _until(lease_s), "attempts": attempts}}}]


def _until(lease_s: float) -> Document:
    return {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": round(lease_s * 1000)}}


def _settle(post: Post, score: Score, owner: str) -> UpdateOne:
    said = {"text": post.text, "title": post.title, "language": post.language}
    return UpdateOne(
        {"_id": post.id, "scoring.owner": owner, **said},
        # `writes` is what other writers of the post go by: one that looked before must look again.
        {"$set": {"sentiment": score_document(score)}, "$unset": {"scoring": ""}, "$inc": {"writes": 1}},
    )


def _claimed(stored: Document) -> Claimed:
    scoring = stored["scoring"]
    return Claimed(post=post_of(stored), attempts=int(scoring["attempts"]), reason=scoring.get("reason"))
