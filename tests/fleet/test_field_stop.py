"""A deployed version whose reader lost a field: the planner stops it and names the field, and jobs use the one before it again.

Two real eggs: the second one's Mastodon file does not read the names of authors any more. Nobody stops anything by hand.
"""

import asyncio
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from monitor.field_drop import LEAST_POSTS
from monitor.fleet.field_guard import LOOK_S
from monitor.simulator.people import LOCAL_HOST
from monitor.source import Source
from monitor.store.connection import open_store

FIELD = "author.name"
READ = '        name=account.get("display_name") or None,\n'
WELL, WORSE = "1.9", "1.10"
MOST_JOBS = 6
SLACK_S = 10.0  # of a busy machine, beside the planner's own pause between looks

Document = dict[str, Any]


@dataclass
class Versions:
    """Jobs of a node, and what they showed of the versions that they ran."""

    fleet: Any
    node: Any
    addresses: Mapping[str, Any]

    def deploy_worse(self) -> None:
        """From a copy of the project in which one line of one file is missing."""
        tree = Path(shutil.copytree(self.fleet.tree, self.fleet.folder / "changed"))
        reader = tree / "spiders" / "mastodon.py"
        text = reader.read_text(encoding="utf-8")
        assert text.count(READ) == 1
        reader.write_text(text.replace(READ, ""), encoding="utf-8")
        self.fleet.tree = tree
        self.fleet.deploy(self.node, WORSE)

    def run(self, job: str, **source: str) -> Document:
        """Run a job of the newest version that may be used to its end."""
        given = [("project", "monitor"), ("spider", "mastodon"), ("jobid", job), ("base_url", self.addresses["mastodon"])]
        given += [("instance", LOCAL_HOST), ("setting", "MONITOR_PACE_S=0"), *source.items()]
        self.node.ask("schedule.json", given)
        self.fleet.wait(lambda: self.fleet.job(job)["state"] == "finished", or_say=self.node.said)
        ended: Document = self.fleet.job(job)
        assert ended["exit_code"] == 0, self.fleet.monitor("fleet", "logs", job)
        return ended

    def run_until_counted(self, version: str, **source: str) -> int:
        """Jobs, one after the other, until enough posts of a version were looked at; returns how many jobs."""
        for number in count(1):
            assert number <= MOST_JOBS, self.counted(version)
            assert self.run(f"{version.replace('.', '-')}_{number}", **source)["ran"] == version
            if self.counted(version)[0] >= LEAST_POSTS:
                return number
        raise AssertionError

    def counted(self, version: str) -> tuple[int, int]:
        """Posts of a version that were looked at, and those of them in which the field was known."""
        rows = list(self.fleet.database["field_counts"].find({"platform": "mastodon", "version": version}))
        return sum(row["posts"] for row in rows), sum(row.get("known", {}).get(FIELD.replace(".", "/"), 0) for row in rows)

    def stopped(self) -> dict[str, str | None]:
        """Why each version is stopped."""
        told = json.loads(self.fleet.monitor("fleet", "status", "--json"))
        return {each["version"]: each["stopped"] for each in told["versions"]}

    def planned(self) -> Document:
        """The first shift that the planner queues, after its end: that of a feed that is due from now on."""

        async def made() -> None:
            store = await open_store(self.fleet.config)
            feed = Source(platform="feeds", kind="url", parameters={"url": self.addresses["feeds"][0]}, topics=("watched",))
            await store.sources.ensure(feed)
            await store.close()

        asyncio.run(made())
        jobs = self.fleet.database["jobs"]
        self.fleet.wait(lambda: jobs.find_one({"spider": "feeds", "state": "finished"}), or_say=self.node.said)
        found: Document = jobs.find_one({"spider": "feeds", "state": "finished"})
        return found


def test_version__lost_a_field__is_stopped_by_name_and_the_next_shift_uses_the_one_before_it(
    fleet: Any, simulate: Callable[..., Mapping[str, Any]]
) -> None:
    addresses = simulate("--posts", "2000", "--endless", "40,2000")
    node = fleet.started("node", max_proc=1, MONITOR_PRIVATE_HOSTS="127.0.0.1")
    versions = Versions(fleet, node, addresses)
    fleet.deploy(node, WELL)
    said = fleet.begin("fleet", "planner", MONITOR_SHIFT="2s")
    jobs = versions.run_until_counted(WELL, tag="endless", since="-10s")
    versions.deploy_worse()
    assert versions.stopped() == {WELL: None, WORSE: None}
    jobs += versions.run_until_counted(WORSE, tag="endless", since="-10s")
    well, worse = versions.counted(WELL), versions.counted(WORSE)
    eggs = fleet.database["eggs"]
    stopped_s = fleet.wait(
        lambda: eggs.find_one({"_id": f"monitor:{WORSE}", "stopped": {"$ne": None}}, {"_id": 1}),
        or_say=lambda: said.read_text(encoding="utf-8"),
        within_s=LOOK_S + SLACK_S,
    )
    by_hand, by_planner = versions.run("next", tag="python", since="-20d"), versions.planned()
    after = versions.counted(WELL)
    print(
        f"\n{jobs} jobs: version {WELL} knew {FIELD} in {well[1]} of {well[0]} posts, version {WORSE} in {worse[1]} of {worse[0]}; it "
        f"was stopped {stopped_s:.1f} s later, and the next jobs ran {by_hand['ran']} (by hand, {after[1]} of {after[0]}) and "
        f"{by_planner['ran']} (planned)"
    )
    assert min(well[0], worse[0]) >= LEAST_POSTS
    assert well[1] > 0.8 * well[0]
    assert worse[1] == 0
    reason = f"the field {FIELD} of mastodon is known in 0% of posts, and was in {well[1] / well[0]:.0%} by version {WELL}"
    assert versions.stopped() == {WELL: None, WORSE: reason}
    assert f"version {WORSE} is stopped: {reason}" in said.read_text(encoding="utf-8")
    assert f"The deployed version {WORSE} is stopped: {reason}" in " ".join(fleet.monitor("status").split())
    assert (by_hand["ran"], by_planner["ran"], by_planner["exit_code"]) == (WELL, WELL, 0)
    assert after[0] > well[0]
    assert after[1] > 0.8 * after[0]
