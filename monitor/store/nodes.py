"""Nodes of the fleet: one document each, written at every look of the node. For threads; times are the server's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.database import Database

from monitor.store.document import Document
from monitor.store.synchronous import literally, tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node as it last told. `age_s`: seconds since then; `problem`: why it takes no jobs, None where it does."""

    name: str
    boot: str
    address: str
    version: str
    egg: str | None
    max_proc: int
    running: int
    draining: bool
    problem: str | None
    load: float
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    age_s: float


class Nodes:
    """The collection `nodes`."""

    def __init__(self, database: Database[Document]) -> None:
        self.database = database
        self._nodes = database["nodes"]

    @tells
    def start(self, name: str, *, boot: str, told: dict[str, Any]) -> None:
        """A node begins a new life: it takes jobs, also where its last life was being drained."""
        fields = literally({**told, "boot": boot, "draining": False, "running": 0}) | {
            "started_at": "$$NOW",
            "seen_at": "$$NOW",
        }
        self._nodes.update_one({"_id": name}, [{"$set": fields}], upsert=True)

    @tells
    def beat(self, name: str, *, boot: str, told: dict[str, Any]) -> bool | None:
        """Say that a node lives; returns whether it is to be drained, None where a later process has its name."""
        fields = literally(told) | {"seen_at": "$$NOW"}
        found = self._nodes.find_one_and_update(
            {"_id": name, "boot": boot}, [{"$set": fields}], return_document=ReturnDocument.AFTER, projection={"draining": 1}
        )
        return None if found is None else bool(found.get("draining"))

    @tells
    def drain(self, name: str, *, draining: bool) -> bool:
        """Have a node take no more jobs, or take them again. False where there is none of this name."""
        return self._nodes.update_one({"_id": name}, {"$set": {"draining": draining}}).matched_count == 1

    @tells
    def remove(self, name: str, *, boot: str) -> None:
        """Forget a node that ended by itself."""
        self._nodes.delete_one({"_id": name, "boot": boot})

    @tells
    def list_all(self) -> list[Node]:
        """All nodes by name, those that fell silent among them."""
        age = {"$dateDiff": {"startDate": "$seen_at", "endDate": "$$NOW", "unit": "millisecond"}}
        found = self._nodes.aggregate([{"$set": {"age_ms": age}}, {"$sort": {"_id": 1}}])
        return [_node_of(stored) for stored in found]


def _node_of(stored: Document) -> Node:
    return Node(
        name=stored["_id"],
        boot=stored["boot"],
        address=stored.get("address", ""),
        version=stored.get("version", ""),
        egg=stored.get("egg"),
        max_proc=int(stored.get("max_proc", 0)),
        running=int(stored.get("running", 0)),
        draining=bool(stored.get("draining")),
        problem=stored.get("problem"),
        load=float(stored.get("load", 0.0)),
        host=stored.get("host", ""),
        pid=int(stored.get("pid", 0)),
        started_at=stored["started_at"],
        seen_at=stored["seen_at"],
        age_s=max(0.0, stored["age_ms"] / 1000),
    )
