"""What the fault tests of the fleet share: sources, shifts that poll them, and the simulator as the oracle of what was shown."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.config import load
from monitor.simulator.comparison import Comparison, compare
from monitor.simulator.people import LOCAL_HOST, cast
from monitor.simulator.process import log_of
from monitor.simulator.statuses import acct
from monitor.source import Source
from monitor.store.connection import open_store

LEASE_S, INTERVAL_S = 4.0, 4.0
SINCE, ARCHIVED = timedelta(seconds=30), timedelta(days=20)
SUBJECTS = (
    "python coding opensource climate weather science electriccars ev mobility coffee espresso breakfast rust compilers gardening "
    "trains"
).split()

Document = dict[str, Any]


@dataclass
class Shifts:
    """Jobs without end that poll the same sources on whatever nodes take them."""

    fleet: Any
    addresses: Mapping[str, Any]
    lease_s: float = LEASE_S
    jobs: list[str] = field(default_factory=list)

    def watch(self, count: int) -> None:
        """Make so many sources, due at once."""
        self.ensure(sources(count))

    def ensure(self, wanted: Iterable[Source]) -> None:
        """Make these sources, due at once."""

        async def made() -> None:
            store = await open_store(load({"MONGODB_URI": self.fleet.uri, "MONITOR_DATABASE": self.fleet.name}))
            for source in wanted:
                await store.sources.ensure(source)
            await store.close()

        asyncio.run(made())

    def schedule(self, node: Any, job: str, **settings: str) -> None:
        """Queue a job at a node."""
        given = [("project", "monitor"), ("spider", "mastodon"), ("jobid", job), ("shift", "30m")]
        given.append(("base_url", self.addresses["mastodon"]))
        chosen = {
            "MONITOR_PACE_S": "0",
            "MONITOR_LEASE_S": str(self.lease_s),
            "MONITOR_INTERVAL_S": str(INTERVAL_S),
            **settings,
        }
        given += [("setting", f"{name}={value}") for name, value in chosen.items()]
        assert node.ask("schedule.json", given)["jobid"] == job
        self.jobs.append(job)

    def replace_spent(self, node: Any, *, attempts: int) -> None:
        """Cancel jobs that were begun so often, and queue others, as a planner does: at last they would be given up."""
        for job in [name for name, found in self.all().items() if found["attempts"] >= attempts]:
            node.ask("cancel.json", {"project": "monitor", "job": job})
            self.fleet.wait(
                lambda job=job: self.fleet.job(job)["state"] == "cancelled", or_say=lambda job=job: self.fleet.job(job)
            )
            self.jobs.remove(job)
            self.schedule(node, f"{job}again")

    def running(self) -> bool:
        """Whether all jobs run, each with a process that has spoken."""
        return all(job["state"] == "leased" and "alive_at" in job for job in self.all().values())

    def all(self) -> dict[str, Document]:
        """The jobs as they stand."""
        return {job: self.fleet.job(job) for job in self.jobs}

    def await_running(self) -> None:
        self.fleet.wait(self.running, or_say=lambda: str(self.all()))

    def finished(self) -> dict[str, datetime]:
        """When each source's last poll was done."""
        return {name: found["last_polled_at"] for name, found in self.fleet.sources().items() if found["last_polled_at"]}

    def await_all_polled(self, *, after: datetime, within_s: float) -> float:
        """Seconds until a poll of every source was done that ended after a moment of the server's clock."""

        def behind() -> list[str]:
            last = self.finished()
            return [name for name in self.fleet.sources() if last.get(name, after) <= after]

        return float(self.fleet.wait(lambda: not behind(), or_say=behind, within_s=within_s))

    def now(self) -> datetime:
        """The server's clock."""
        told: datetime = self.fleet.client.admin.command("hello")["localTime"]
        return told.replace(tzinfo=UTC) if told.tzinfo is None else told

    def last(self) -> int:
        """The number of the last request."""
        return int(log_of(self.addresses, since=2**31)["last"])

    def polled_by_two(self, *, since: int) -> tuple[int, int]:
        """How many polls of one source came sooner after each other than one owner's do, and how many were looked at.

        The first request of a poll is told by having no `max_id`. An interval lies between two polls by one owner, so first requests
        that are closer together than half of it are those of two.
        """
        last: dict[str, datetime] = {}
        doubled = looked = 0
        for entry in sorted(log_of(self.addresses, since=since)["requests"], key=lambda entry: entry["number"]):
            if "max_id" in entry["query"] or "min_id" in entry["query"] or "lookup" in entry["path"]:
                continue
            looked += 1
            at, key = datetime.fromisoformat(entry["at"]), f"{entry['path']}?{entry['query']}"
            doubled += key in last and at - last[key] < timedelta(seconds=INTERVAL_S / 2)
            last[key] = at
        return doubled, looked

    def cancel(self, node: Any) -> None:
        """End all jobs by a call of one node, and wait until they have ended."""
        for job in self.jobs:
            node.ask("cancel.json", {"project": "monitor", "job": job})
        self.fleet.wait(lambda: all(job["state"] == "cancelled" for job in self.all().values()), or_say=lambda: str(self.all()))

        def left() -> list[int]:
            return [pid for each in self.fleet.nodes.values() for pid in each.children()]

        self.fleet.wait(lambda: not left(), or_say=left)

    def compared(self) -> tuple[Comparison, int]:
        """What is stored against what was shown, and how many rows that were."""
        rows = log_of(self.addresses)["posts"]
        return compare(rows, self.fleet.posts()), len(rows)


def sources(count: int) -> list[Source]:
    """The tag that never ends, the public timeline, tags of subjects, accounts, and tags that nobody uses."""
    now = datetime.now(UTC)
    wanted: list[tuple[str, dict[str, str], timedelta]] = [("tag", {"tag": "endless"}, SINCE), ("public", {}, ARCHIVED)]
    wanted += [("tag", {"tag": subject}, ARCHIVED) for subject in SUBJECTS]
    people = [acct(person) for person in cast(1, platform="mastodon", size=420).people[: count // 2]]
    wanted += [("account", {"account": person}, ARCHIVED) for person in people]
    wanted += [("tag", {"tag": f"quiet{number}"}, ARCHIVED) for number in range(count - len(wanted))]
    return [
        Source(
            platform="mastodon",
            kind=kind,
            parameters={"instance": LOCAL_HOST, **parameters},
            since=now - since,
            topics=("watched",),
        )
        for kind, parameters, since in wanted[:count]
    ]


@pytest.fixture
def shifts(simulate: Callable[..., Mapping[str, Any]]) -> Callable[[Any], Shifts]:
    """Shifts of a fleet against a simulator of their own, with other options than the usual ones where they are given."""
    return lambda fleet, *options: Shifts(fleet, simulate(*(options or ("--posts", "3000", "--endless", "12,600"))))


@pytest.fixture
def told() -> Callable[[Comparison, int], str]:
    """A comparison in the words in which all tests print it."""

    def words(compared: Comparison, rows: int) -> str:
        return (
            f"rows shown {rows}, posts shown {compared.shown}, stored {compared.stored}, missing {compared.missing}, invented "
            f"{compared.invented}, doubled {compared.doubled}, different {compared.different}"
        )

    return words


@pytest.fixture
def begun() -> float:
    return time.monotonic()
