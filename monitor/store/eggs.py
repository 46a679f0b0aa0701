"""Deployed versions of the project, one document each with the egg itself in it, so that replacing one is atomic. For threads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from pymongo.database import Database

from monitor.store.document import Document
from monitor.store.synchronous import literally, tells

# A document of MongoDB holds 16 MiB; an egg of this project has about one.
LARGEST_BYTES = 12 * 1024 * 1024
_WITHOUT_EGG = {"egg": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Egg:
    """A version without its bytes. `order` sorts versions; `stopped`: why no new job uses it, None where they do."""

    project: str
    version: str
    sha256: str
    size: int
    requires: tuple[str, ...]
    spiders: tuple[str, ...]
    deployed_at: datetime
    order: str
    stopped: str | None = None


class Eggs:
    """The collection `eggs`."""

    def __init__(self, database: Database[Document]) -> None:
        self.database = database
        self._eggs = database["eggs"]

    @tells
    def put(  # noqa: PLR0913 - each by keyword
        self, egg: bytes, *, project: str, version: str, order: str, requires: Sequence[str], spiders: Sequence[str]
    ) -> Egg:
        """Store a version; one of the same name is replaced, and is no longer stopped."""
        told = {"project": project, "version": version, "order": order, "requires": list(requires), "spiders": list(spiders)}
        whole = literally(
            {**told, "_id": _id(project, version), "egg": egg, "sha256": sha256(egg).hexdigest(), "size": len(egg)}
        )
        self._eggs.update_one({"_id": _id(project, version)}, [{"$replaceWith": whole | {"deployed_at": "$$NOW"}}], upsert=True)
        found = self.find(project, version)
        assert found is not None  # just stored, and read from the primary
        return found

    @tells
    def find(self, project: str, version: str | None = None) -> Egg | None:
        """A version, or the newest that is not stopped. None where there is none."""
        if version is not None:
            stored = self._eggs.find_one({"_id": _id(project, version)}, _WITHOUT_EGG)
            return None if stored is None else _egg_of(stored)
        wanted = {"project": project, "stopped": None}
        stored = self._eggs.find_one(wanted, _WITHOUT_EGG, sort=[("order", -1), ("deployed_at", -1)])
        return None if stored is None else _egg_of(stored)

    @tells
    def read(self, egg: Egg) -> bytes | None:
        """The bytes of exactly this egg. None where it was removed or replaced."""
        stored = self._eggs.find_one({"_id": _id(egg.project, egg.version), "sha256": egg.sha256}, {"egg": 1})
        return None if stored is None else bytes(stored["egg"])

    @tells
    def list_all(self, project: str | None = None) -> list[Egg]:
        """All versions, the newest last."""
        wanted: Document = {} if project is None else {"project": project}
        found = self._eggs.find(wanted, _WITHOUT_EGG).sort([("project", 1), ("order", 1), ("deployed_at", 1)])
        return [_egg_of(stored) for stored in found]

    @tells
    def delete(self, project: str, version: str | None = None) -> int:
        """Remove a version, or all of a project; returns how many. Jobs that run go on."""
        wanted = {"project": project} if version is None else {"_id": _id(project, version)}
        return self._eggs.delete_many(wanted).deleted_count


def _id(project: str, version: str) -> str:
    return f"{project}:{version}"


def _egg_of(stored: Document) -> Egg:
    return Egg(
        project=stored["project"],
        version=stored["version"],
        sha256=stored["sha256"],
        size=int(stored["size"]),
        requires=tuple(stored.get("requires", ())),
        spiders=tuple(stored.get("spiders", ())),
        deployed_at=stored["deployed_at"],
        order=stored["order"],
        stopped=stored["stopped"]["reason"] if stored.get("stopped") else None,
    )
