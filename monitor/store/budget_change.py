"""What changes a budget, as stages of one update in MongoDB: taking permits, and what replies showed; for `monitor.store.budgets`.

All moments are the server's. Each stage sees what the one before it made.
"""

from dataclasses import dataclass
from typing import Any

from monitor.store.document import Document

MOST = 20  # permits in one chunk: what a process that dies may cost
PART = 8  # of what is left goes into one chunk, so that the last calls are not held by those who do not need them
ALONE_S = 5.0  # how long others wait for the answer to the request that goes alone
ON_THEIR_WAY = 9  # who went alone, each when the one before was not answered within ALONE_S: Scrapy gives up after 45 s
ONE_BY_ONE_S = 3600.0  # how long a limit that refused without a word about what is left is asked one by one
UNSAID_OFTEN = 3  # good answers in a row that tell nothing, of a limit that was told before
SETTLE_S = 10.0  # so long after its midnight a quota is not used: the platform's clock may still count the day before
_USERS_KEPT_S = 3600.0
_ALONES: Document = {"$ifNull": ["$alones", 0]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A limit that a platform states and does not tell: so many units, full again at each midnight of `zone`."""

    units: int
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """Whose limit it is: `credential` as `monitor.crawl.credential` calls it, at one host, in one of its limits.

    `quota`: what the platform states of it, where replies do not tell.
    """

    platform: str
    credential: str
    host: str
    meter: str = ""
    quota: Quota | None = None

    @property
    def id(self) -> str:
        return f"{self.credential}:{self.host}" + (f"/{self.meter}" if self.meter else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one reply showed. `left`, `reset_s`, `limit`, `window_s`: None where it did not say; `wait_s`: it was refused.

    `window`: the one in which the request was sent. `alone`: it was the request that went alone.
    """

    good: bool
    window: int
    alone: bool = False
    left: int | None = None
    reset_s: float | None = None
    limit: int | None = None
    window_s: float | None = None
    wait_s: float | None = None


def window_over(name: Name) -> Document:
    """What is known of a window ends with it; a quota that is stated opens the next one by itself."""
    over = {"$and": [{"$eq": ["$told", True]}, {"$lte": ["$reset_at", "$$NOW"]}]}
    told: Any = {"$cond": [over, False, {"$ifNull": ["$told", False]}]}
    fields: Document = {
        "platform": {"$literal": name.platform},
        "credential": {"$literal": name.credential},
        "host": {"$literal": name.host},
        "meter": {"$literal": name.meter},
        "window": {"$add": [{"$ifNull": ["$window", 0]}, {"$cond": [over, 1, 0]}]},
        "told": told,
        "left": {"$cond": [over, None, {"$ifNull": ["$left", None]}]},
        "alone": {"$cond": [{"$gt": ["$alone.until", "$$NOW"]}, "$alone", None]},
        "alones": {"$cond": [over, 0, _ALONES]},
        "granted": 0,
        "went_alone": False,
        "at": "$$NOW",
    }
    if (quota := name.quota) is not None:
        midnight = {"$dateTrunc": {"date": "$$NOW", "unit": "day", "timezone": quota.zone}}
        fresh = {"$or": [over, {"$ne": [{"$ifNull": ["$told", False]}, True]}]}
        tomorrow = {"$dateAdd": {"startDate": midnight, "unit": "day", "amount": 1, "timezone": quota.zone}}
        fields |= {
            "told": True,
            "left": {"$cond": [fresh, quota.units, "$left"]},
            "reset_at": {"$cond": [fresh, tomorrow, "$reset_at"]},
            "limit": {"$cond": [fresh, quota.units, "$limit"]},
            "window_s": 86_400.0,
            "not_before": {"$max": ["$not_before", later(SETTLE_S, after=midnight)]},
            "stated": True,
        }
    return {"$set": fields}


def lowered(seen: Seen) -> Document:
    """What is left may be lowered by what was told in the same window; then the reset is that limit's own."""
    lower = _lowers(seen)
    return {
        "$set": {
            "left": {"$cond": [lower, seen.left, "$left"]},
            "reset_at": {"$cond": [lower, later(seen.reset_s or 0.0), "$reset_at"]},
        }
    }


def _lowers(seen: Seen) -> Document:
    if seen.left is None or seen.reset_s is None:
        return {"$literal": False}
    return {"$and": ["$told", {"$eq": ["$window", seen.window]}, {"$lt": [seen.left, "$left"]}]}


def granting(want: int, need: int) -> Document:
    """How many permits there are for this taking: a chunk that shrinks with what is left, or one for who goes alone.

    At least `need` or none: a call may take several units.
    """
    away = {"$gt": [{"$max": ["$not_before", "$aside.until"]}, "$$NOW"]}
    chunk = {"$min": [want, MOST, {"$floor": {"$divide": ["$left", PART]}}]}
    of_told = {"$cond": [{"$gte": ["$left", need]}, {"$max": [need, chunk]}, 0]}
    one_by_one = {"$gt": [{"$ifNull": ["$one_by_one_until", None]}, "$$NOW"]}
    suspected = {"$ne": [{"$ifNull": ["$aside", None]}, None]}
    is_free = {"$and": [{"$eq": ["$free", True]}, {"$not": [one_by_one]}, {"$not": [suspected]}]}
    busy = {"$ne": [{"$ifNull": ["$alone", None]}, None]}
    counted = {"$and": ["$told", {"$not": [suspected]}]}
    alone = {"$not": [{"$or": [away, counted, is_free, busy]}]}
    granted = {
        "$switch": {
            "branches": [
                {"case": away, "then": 0},
                {"case": counted, "then": of_told},
                {"case": is_free, "then": 0},
                {"case": busy, "then": 0},
            ],
            "default": need,
        }
    }
    return {"$set": {"granted": {"$toInt": granted}, "went_alone": alone}}


def taking(owner: str) -> Document:
    held = {"owner": {"$literal": owner}, "until": later(ALONE_S)}
    return {
        "$set": {
            "left": {"$cond": ["$told", {"$subtract": ["$left", "$granted"]}, "$left"]},
            "alone": {"$cond": ["$went_alone", held, "$alone"]},
            "alones": {"$cond": ["$went_alone", {"$min": [{"$add": [_ALONES, 1]}, ON_THEIR_WAY + 1]}, _ALONES]},
        }
    }


def refused(seen: Seen) -> Document:
    """A refusal: nobody asks before it is over, and nothing is known of the window any more but that it was used up."""
    used_up = {"$and": ["$told", {"$lt": ["$left", 1]}]}
    fields: Document = {
        "not_before": {"$max": ["$not_before", later(seen.wait_s or 0.0), {"$cond": [used_up, "$reset_at", None]}]},
        # What a platform states is counted here from midnight to midnight, whatever it refuses.
        "window": {"$add": ["$window", {"$cond": ["$stated", 0, 1]}]},
        "told": {"$and": ["$told", "$stated"]},
        "left": {"$cond": ["$stated", "$left", None]},
        "noted_at": "$$NOW",
    }
    if seen.left is None:
        fields["one_by_one_until"] = later(ONE_BY_ONE_S)
    return {"$set": fields}


def answered(seen: Seen) -> Document:
    if not seen.good:
        return {"$set": {"at": "$$NOW"}}
    if seen.left is None or seen.reset_s is None:
        unsaid = {"$add": [{"$ifNull": ["$unsaid", 0]}, 1]}
        never = {"$eq": [{"$ifNull": ["$limit", None]}, None]}
        is_free = {"$or": ["$free", never, {"$gte": [unsaid, UNSAID_OFTEN]}]}
        return {
            "$set": {
                "aside": None,
                "unsaid": unsaid,
                "free": {"$and": [{"$not": ["$told"]}, is_free]},
                "noted_at": {"$cond": [{"$eq": ["$free", True]}, "$noted_at", "$$NOW"]},
            }
        }
    opens = {"$and": [{"$not": ["$told"]}, {"$eq": ["$window", seen.window]}]}
    limit: Any = {"$max": ["$limit", seen.left + 1]} if seen.limit is None else seen.limit
    window: Any = {"$max": ["$window_s", seen.reset_s]} if seen.window_s is None else seen.window_s
    either = {"$or": [opens, _lowers(seen)]}
    # Who else went alone may be counted after this reply was made, and its own one comes too late to lower what is given by then.
    others = {"$max": [0, {"$subtract": [_ALONES, 1 if seen.alone else 0]}]}
    left = {"$cond": [opens, {"$max": [0, {"$subtract": [seen.left, others]}]}, seen.left]}
    return {
        "$set": {
            "aside": None,
            "unsaid": 0,
            "free": {"$and": ["$free", {"$not": [opens]}]},
            "left": {"$cond": [either, left, "$left"]},
            "alones": {"$cond": [opens, 0, _ALONES]},
            "reset_at": {"$cond": [either, later(seen.reset_s), "$reset_at"]},
            "limit": {"$cond": [opens, limit, "$limit"]},
            "window_s": {"$cond": [opens, window, "$window_s"]},
            "noted_at": {"$cond": [opens, "$$NOW", "$noted_at"]},
            "told": {"$or": ["$told", opens]},
        }
    }


def released(owner: str) -> Document:
    """The request that went alone is answered; one that was sent since then by somebody else is not."""
    own = {"$eq": ["$alone.owner", {"$literal": owner}]}
    last = {"$and": [own, {"$lte": [_ALONES, 1]}]}
    return {"$set": {"alone": {"$cond": [own, None, "$alone"]}, "alones": {"$cond": [last, 0, _ALONES]}}}


def using(owner: str, calls: int) -> Document:
    """Who uses the budget: this process with its calls, and those that were here within the last hour."""
    own = {"$eq": ["$$user.owner", {"$literal": owner}]}
    users: Document = {"$ifNull": ["$users", []]}
    before = {"$filter": {"input": users, "as": "user", "cond": own}}
    known = {"$sum": {"$map": {"input": before, "as": "user", "in": "$$user.calls"}}}
    recent = {"$gt": ["$$user.at", later(-_USERS_KEPT_S)]}
    others = {"$filter": {"input": users, "as": "user", "cond": {"$and": [{"$not": [own]}, recent]}}}
    me = {"owner": {"$literal": owner}, "calls": {"$add": [known, calls]}, "at": "$$NOW"}
    return {"$set": {"users": {"$concatArrays": [others, [me]]}, "calls": {"$add": [{"$ifNull": ["$calls", 0]}, calls]}}}


def later(seconds: float, *, after: str | Document = "$$NOW") -> Document:
    return {"$dateAdd": {"startDate": after, "unit": "millisecond", "amount": round(seconds * 1000)}}
