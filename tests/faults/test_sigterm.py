"""SIGTERM in the middle of a walk: the page under way is finished, the lease given back, and no page has to be fetched again."""

import random
import re
import signal
import time
from collections import Counter
from datetime import UTC, datetime

from monitor.simulator.comparison import compare
from monitor.simulator.people import LOCAL_HOST

STOPS, STOPS_SOAKED = 5, 50
FREE_S = 5.0
LONGEST_LIFE_S = 1.5
# Far above what a stop may take: a lease that is free again was given back, and has not run out.
SETTINGS = {"MONITOR_LEASE_S": "60"}
INTERRUPTED = 130


def test_sigterm__in_the_middle_of_a_walk__ends_clean_and_no_page_is_fetched_twice(
    simulate, crawl, databases, until, seed, soak
):
    stops, rng = STOPS_SOAKED if soak else STOPS, random.Random(seed)
    platforms = simulate("--seed", str(seed), "--posts", "100", "--delay", "50", "--endless", f"40,{stops * 1600}")
    database = databases("sigterm")
    arguments = {"tag": "endless", "instance": LOCAL_HOST, "since": f"-{stops * 40}s", "base_url": platforms.mastodon}
    (free_s, ended_s, codes, thrown), asked = ([], [], [], []), []
    for number in range(stops):
        name, versions = f"stop-{number}", database.versions()
        stopping = crawl(name, database, settings=SETTINGS, **arguments)
        platforms.await_ask(stopping)
        time.sleep(rng.uniform(0.1, LONGEST_LIFE_S))
        assert database.leased()
        stopping.process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        free_s.append(until(lambda: not database.leased(), within_s=30, what="the lease is free"))
        codes.append(stopping.ended(within_s=30))
        ended_s.append(time.monotonic() - begun)
        answered = [entry for entry in platforms.requests(name) if entry["whole"]]
        thrown.append(len(answered) - sum(database.versions().values()) + sum(versions.values()))
        asked.append(len(answered))
    stopped_at = datetime.now(UTC)
    codes.append(crawl("clean", database, settings=SETTINGS, **arguments).ended(within_s=120))

    log, stored = platforms.log(), database.posts()
    compared = compare(log["posts"], stored)
    back = Counter(found[1] for entry in log["requests"] if (found := re.search(r"max_id=(\d+)", entry["query"])))
    twice = sum(times - 1 for times in back.values())
    print(
        f"\nseed {seed}: {stops} stops after {asked} pages, exit codes {codes}; lease free after at most {max(free_s):.2f} s, "
        f"ended after at most {max(ended_s):.2f} s; pages asked back {len(back)}, asked twice {twice}, read and thrown away "
        f"{sum(thrown)}; posts shown {compared.shown}, stored {compared.stored}, missing {compared.missing}, invented "
        f"{compared.invented}, doubled {compared.doubled}, different {compared.different}"
    )
    assert compared.exact, compared.examples
    assert database.skipped() == 0
    assert codes == [INTERRUPTED] * stops + [0]
    assert max(free_s) <= FREE_S
    assert thrown == [0] * stops
    assert twice == 0
    assert min(asked) >= 1
    assert len(back) > 10 * stops
    assert database.has({"created_at": {"$gt": stopped_at}})
