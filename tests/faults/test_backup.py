"""A backup is made while crawls write, everything after it is lost, and the restored database goes on: nothing is lost or doubled.

The simulator knows what it showed to anybody; what it showed only to the database that is gone has to be read again.
"""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.simulator.comparison import compare
from monitor.simulator.people import LOCAL_HOST
from monitor.source import Source

ARCHIVED, SINCE = timedelta(days=28), timedelta(seconds=45)
SETTINGS = {"MONITOR_INTERVAL_S": "1"}


def sources() -> list[Source]:
    """A timeline that is read forward and grows all the time, and an archive that is read backward."""
    now = datetime.now(UTC)
    kinds = [("tag", {"tag": "endless"}, SINCE), ("public", {}, ARCHIVED)]
    return [
        Source(
            platform="mastodon", kind=kind, parameters={"instance": LOCAL_HOST, **more}, since=now - since, topics=("watched",)
        )
        for kind, more, since in kinds
    ]


def db(database, *words: str) -> str:
    """`monitor db ...` on this database."""
    environment = {**os.environ, "MONGODB_URI": database.uri, "MONITOR_DATABASE": database.name}
    command = [sys.executable, "-m", "monitor", "db", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_backup__made_while_crawls_write__the_restored_database_has_what_was_shown_before_and_after(
    simulate, crawl, databases, until, seed, tmp_path: Path
):
    platforms = simulate("--seed", str(seed), "--posts", "2500", "--delay", "30", "--endless", "40,1800")
    lost, restored, base = databases("lost"), databases("restored"), platforms.mastodon
    lost.ensure(sources())
    before = crawl("before", lost, settings=SETTINGS, shift="10m", base_url=base)
    platforms.await_ask(before)
    until(lambda: lost.count() > 300, within_s=60, what="300 posts are stored")
    db(lost, "backup", str(tmp_path / "backup"))
    at_backup = lost.count()
    time.sleep(4)  # the crawl goes on: what it stores now is in no backup
    before.process.terminate()
    before.ended(within_s=60)
    gone = lost.count()
    lost.client.drop_database(lost.name)

    said = db(restored, "restore", str(tmp_path / "backup"))
    held, epochs = restored.count(), [source["lease"]["epoch"] for source in restored.sources().values()]
    restored_at = datetime.now(UTC)
    after = crawl("after", restored, settings=SETTINGS, shift="10m", base_url=base)
    fresh = {"tags": "endless", "created_at": {"$gt": restored_at}}
    fresh_s = until(lambda: restored.has(fresh), within_s=60, what="a fresh post is stored")
    until(
        lambda: not any(source["bookmark"]["gaps"] for source in restored.sources().values()),
        within_s=90,
        what="no gap is left",
    )
    after.process.terminate()
    after.ended(within_s=60)
    clean = crawl("clean", restored, settings=SETTINGS, base_url=base)
    clean.ended(within_s=60)

    log = platforms.log()
    compared = compare(log["posts"], restored.posts())
    print(
        f"\nseed {seed}: backup of about {at_backup} posts while they came, {gone} when the database was lost, {held} restored; "
        f"shown {compared.shown}, stored {compared.stored}, missing {compared.missing}, invented {compared.invented}, doubled "
        f"{compared.doubled}, different {compared.different}, skipped {restored.skipped()}; a fresh post after {fresh_s:.1f} s"
    )
    assert compared.exact, compared.examples
    assert restored.skipped() == 0
    assert gone > held > 300, "posts were lost with the database"
    assert f"{held:,} posts and 2 sources restored" in said
    assert min(epochs) > 1_000_000_000
    versions = [(entry["source"], entry["version"], entry["n"]) for entry in restored.ledger()]
    assert len(set(versions)) == len(versions)
