"""Jobs of the fleet: what is to be run, who runs it under which lease, and how it ended. For threads; all times are the server's.

A job is pending, then leased by one node (`boot` is the life of that node's process), then finished, cancelled or dead. Every
write of a holder names its boot, so a node that slept through its lease changes nothing. The invariant: a slot has at most one
job that is pending or leased, by the unique index on `live_slot`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from monitor.errors import UsageError
from monitor.store.document import Document
from monitor.store.synchronous import after_now, literally, tells

# A job that took so many nodes with it, or lost its lease so often, is not tried again by itself.
MOST_ATTEMPTS = 5
# So long a node speaks for a job that has not spoken itself yet: a start on a busy machine.
START_S = 60.0
# A job that has not spoken for so many leases is stuck, though its process is there: the node speaks for it no more.
SILENT_LEASES = 3
_OF_A_TRY = ("alive_at", "started_at", "pid", "exit_code", "reason", "ran", "run", "host")
_WITHOUT_LOG = {"log_tail": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job as it stands. `version`: the egg that was asked for, None for the newest; `ran`: the one that runs or ran."""

    id: str
    project: str
    spider: str
    state: str
    version: str | None = None
    ran: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    priority: float = 0.0
    slot: str | None = None
    node: str | None = None
    boot: str | None = None
    attempts: int = 0
    requeued: int = 0
    cancel_requested: bool = False
    created_at: datetime | None = None
    until: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    pid: int | None = None
    exit_code: int | None = None
    reason: str | None = None
    run: str | None = None


class Jobs:
    """The collection `jobs`."""

    def __init__(self, database: Database[Document]) -> None:
        self.database = database
        self._jobs = database["jobs"]

    @tells
    def add(  # noqa: PLR0913 - each by keyword
        self,
        job_id: str,
        *,
        project: str,
        spider: str,
        version: str | None = None,
        args: Mapping[str, str],
        settings: Mapping[str, str],
        priority: float = 0.0,
    ) -> None:
        """Queue a job. Raises UsageError where there is one of this id."""
        told = {"project": project, "spider": spider, "version": version, "args": dict(args), "settings": dict(settings)}
        fresh = literally({**told, "priority": float(priority), "state": "pending", "attempts": 0, "requeued": 0})
        times: Document = {"seq": {"$toLong": "$$NOW"}, "not_before": "$$NOW", "created_at": "$$NOW"}
        try:
            # Only a pipeline knows the server's time; the filter matches no job that is there.
            self._jobs.update_one({"_id": job_id, "state": {"$exists": False}}, [{"$set": fresh | times}], upsert=True)
        except DuplicateKeyError as error:
            raise UsageError(f"There is a job {job_id} already: choose another jobid, or let one be made.") from error

    @tells
    def claim(  # noqa: PLR0913 - each by keyword
        self, project: str, *, node: str, boot: str, host: str, lease_s: float, besides: Collection[str] = ()
    ) -> Job | None:
        """Lease the next pending job. None where none waits.

        `besides`: jobs that are not taken, such as those that this boot lost while their processes are still there: what these say
        late would be taken for the end of the new ones.
        """
        wanted: Document = {"project": project, "state": "pending", "$expr": {"$lte": ["$not_before", "$$NOW"]}}
        if besides:
            wanted["_id"] = {"$nin": list(besides)}
        held = {
            **dict.fromkeys(_OF_A_TRY, "$$REMOVE"),
            **literally({"state": "leased", "node": node, "boot": boot, "host": host}),
            "until": after_now(lease_s),
            "leased_at": "$$NOW",
            "attempts": {"$add": ["$attempts", 1]},
        }
        stored = self._jobs.find_one_and_update(
            wanted,
            [{"$set": held}],
            sort=[("priority", -1), ("seq", 1)],
            return_document=ReturnDocument.AFTER,
            projection=_WITHOUT_LOG,
        )
        return None if stored is None else job_of(stored)

    @tells
    def start(self, job_id: str, *, boot: str, pid: int, ran: str) -> bool:
        """Note the process and the egg of a job. False where the lease is lost."""
        fields = {**literally({"pid": pid, "ran": ran}), "started_at": "$$NOW"}
        return self._jobs.update_one(_held(job_id, boot), [{"$set": fields}]).matched_count == 1

    @tells
    def renew(self, job_ids: Collection[str], *, boot: str, lease_s: float) -> dict[str, bool]:
        """Hold on to jobs whose processes run; returns those that are held still, and whether each is to be cancelled.

        A lease that ran out and that nobody took is renewed. A job that has fallen silent is not, so that it goes to another.
        """
        if not job_ids:
            return {}
        spoke = {"$gte": ["$alive_at", after_now(-SILENT_LEASES * lease_s)]}
        starts = {"$gte": ["$leased_at", after_now(-START_S)]}
        lives = {"$cond": [{"$gt": ["$alive_at", None]}, spoke, starts]}
        wanted: Document = {"_id": {"$in": list(job_ids)}, "boot": boot, "state": "leased"}
        self._jobs.update_many({**wanted, "$expr": lives}, [{"$set": {"until": after_now(lease_s)}}])
        held = self._jobs.find(wanted, {"cancel_requested": 1})
        return {str(found["_id"]): bool(found.get("cancel_requested")) for found in held}

    @tells
    def requeue_lost(self, *, most_attempts: int = MOST_ATTEMPTS) -> int:
        """Queue again what nobody holds any more, or declare it dead after too many attempts; returns how many."""
        lost = {"state": "leased", "$expr": {"$lt": ["$until", "$$NOW"]}}
        return self._jobs.update_many(lost, [{"$set": queued_again(most_attempts=most_attempts)}]).modified_count

    @tells
    def give_back(self, job_ids: Collection[str], *, boot: str) -> int:
        """Queue jobs again that this node will not run to their end; they count as not tried. Returns how many."""
        fields: Document = {
            "state": "pending",
            "until": "$$REMOVE",
            "attempts": {"$max": [0, {"$subtract": ["$attempts", 1]}]},
            "requeued": {"$add": ["$requeued", 1]},
        }
        wanted = {"_id": {"$in": list(job_ids)}, "boot": boot, "state": "leased"}
        return self._jobs.update_many(wanted, [{"$set": fields}]).modified_count

    @tells
    def give_back_strangers(self, known: Collection[str], *, boot: str) -> int:
        """Queue again what this boot leased without knowing it: a claim whose answer was lost. Returns how many."""
        strangers = self._jobs.find({"boot": boot, "state": "leased", "_id": {"$nin": list(known)}}, {"_id": 1})
        return self.give_back([str(found["_id"]) for found in strangers], boot=boot)

    @tells
    def leased_before(self, node: str, *, boot: str, host: str) -> list[Job]:
        """What an earlier life of a node on this machine still holds."""
        wanted = {"node": node, "host": host, "boot": {"$ne": boot}, "state": "leased"}
        return [job_of(found) for found in self._jobs.find(wanted, _WITHOUT_LOG)]

    @tells
    def finish(self, job_id: str, *, boot: str, exit_code: int, log_tail: str) -> bool:
        """Note how a job ended. False where its lease is lost: the job is another's by now, and nothing is changed."""
        cancelled = {"$eq": ["$cancel_requested", True]}
        fields: Document = {
            **literally({"exit_code": exit_code, "log_tail": log_tail}),
            "state": {"$cond": [cancelled, "cancelled", "finished"]},
            "ended_at": "$$NOW",
            "live_slot": "$$REMOVE",
            "until": "$$REMOVE",
        }
        return self._jobs.update_one(_held(job_id, boot), [{"$set": fields}]).matched_count == 1

    @tells
    def cancel(self, job_id: str, *, project: str) -> str | None:
        """End a job wherever it is; returns the state it had, `pending` or `leased`, or None where it has neither.

        A pending job is cancelled at once, a leased one by the node that runs it, at its next look.
        """
        pending = {"$eq": ["$state", "pending"]}
        fields: Document = {
            "cancel_requested": True,
            "state": {"$cond": [pending, "cancelled", "$state"]},
            "ended_at": {"$cond": [pending, "$$NOW", "$ended_at"]},
            "reason": {"$cond": [pending, "cancelled", "$reason"]},
            "live_slot": {"$cond": [pending, "$$REMOVE", "$live_slot"]},
        }
        wanted = {"_id": job_id, "project": project, "state": {"$in": ["pending", "leased"]}}
        found = self._jobs.find_one_and_update(wanted, [{"$set": fields}], projection={"state": 1})
        return None if found is None else str(found["state"])

    @tells
    def waiting(self, project: str) -> list[Job]:
        """Pending jobs in the order in which they are taken."""
        found = self._jobs.find({"project": project, "state": "pending"}, _WITHOUT_LOG)
        return [job_of(stored) for stored in found.sort([("priority", -1), ("seq", 1)])]

    @tells
    def running(self) -> list[Job]:
        """Leased jobs of all nodes, oldest first."""
        return [job_of(stored) for stored in self._jobs.find({"state": "leased"}, _WITHOUT_LOG).sort("leased_at", 1)]

    @tells
    def ended(self, *, limit: int = 100, states: Iterable[str] = ("finished", "cancelled", "dead")) -> list[Job]:
        """Jobs that ended, newest first."""
        found = self._jobs.find({"state": {"$in": list(states)}, "ended_at": {"$exists": True}}, _WITHOUT_LOG)
        return [job_of(stored) for stored in found.sort("ended_at", -1).limit(limit)]

    @tells
    def counts(self) -> dict[str, int]:
        """How many jobs are in each state."""
        return {str(row["_id"]): int(row["n"]) for row in self._jobs.aggregate([{"$sortByCount": "$state"}, _RENAMED])}

    @tells
    def posts_of(self, runs: Collection[str]) -> dict[str, int]:
        """How many posts runs stored, by the id of the run record."""
        found = self.database["runs"].find({"_id": {"$in": list(runs)}}, {"stats": 1})
        told = ((str(run["_id"]), {pair["name"]: pair["value"] for pair in run.get("stats", [])}) for run in found)
        return {run: int(stats["new"]) for run, stats in told if "new" in stats}

    @tells
    def find(self, job_id: str) -> Job | None:
        """Read one job."""
        stored = self._jobs.find_one({"_id": job_id}, _WITHOUT_LOG)
        return None if stored is None else job_of(stored)

    @tells
    def log_tail(self, job_id: str) -> str | None:
        """The end of a job's log, kept when it ended. None where there is none."""
        stored = self._jobs.find_one({"_id": job_id}, {"log_tail": 1})
        return None if stored is None else stored.get("log_tail")


_RENAMED: Document = {"$project": {"n": "$count"}}


def _held(job_id: str, boot: str) -> Document:
    return {"_id": job_id, "boot": boot, "state": "leased"}


def queued_again(*, most_attempts: int = MOST_ATTEMPTS) -> Document:
    """Fields, for a pipeline, of a job that nobody holds any more: pending, dead after too many attempts, or cancelled."""
    spent = {"$gte": ["$attempts", most_attempts]}
    why = {
        "$concat": [
            "lost ",
            {"$toString": "$attempts"},
            " times: its node or its process died, or could not reach MongoDB, each time",
        ]
    }
    cancelled = {"$eq": ["$cancel_requested", True]}
    over = {"$or": [spent, cancelled]}
    return {
        "state": {"$cond": [cancelled, "cancelled", {"$cond": [spent, "dead", "pending"]}]},
        "reason": {"$cond": [cancelled, "cancelled", {"$cond": [spent, why, "$$REMOVE"]}]},
        "ended_at": {"$cond": [over, "$$NOW", "$$REMOVE"]},
        "live_slot": {"$cond": [over, "$$REMOVE", "$live_slot"]},
        "requeued": {"$add": ["$requeued", {"$cond": [over, 0, 1]}]},
        "until": "$$REMOVE",
    }


def job_of(stored: Mapping[str, Any]) -> Job:
    """Make the job of a stored document."""
    return Job(
        id=stored["_id"],
        project=stored["project"],
        spider=stored["spider"],
        state=stored["state"],
        version=stored.get("version"),
        ran=stored.get("ran"),
        args=stored.get("args") or {},
        settings=stored.get("settings") or {},
        priority=float(stored.get("priority") or 0.0),
        slot=stored.get("slot"),
        node=stored.get("node"),
        boot=stored.get("boot"),
        attempts=int(stored.get("attempts") or 0),
        requeued=int(stored.get("requeued") or 0),
        cancel_requested=bool(stored.get("cancel_requested")),
        created_at=stored.get("created_at"),
        until=stored.get("until"),
        started_at=stored.get("started_at"),
        ended_at=stored.get("ended_at"),
        pid=stored.get("pid"),
        exit_code=stored.get("exit_code"),
        reason=stored.get("reason"),
        run=stored.get("run"),
    )
