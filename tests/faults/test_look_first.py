"""A real crawl of a timeline so busy that all of it lies within the overlap: what is fresh is stored by the first page."""

from datetime import UTC, datetime

from monitor.simulator.comparison import compare
from monitor.simulator.people import LOCAL_HOST

RATE, BACKLOG = 20, 400


def test_look_first__of_a_busy_timeline__a_fresh_post_is_stored_before_the_overlap_is_read_again(
    simulate, crawl, databases, until, seed: int
) -> None:
    platforms = simulate("--seed", str(seed), "--posts", "100", "--delay", "100", "--endless", f"{RATE},{BACKLOG}")
    database = databases("look")
    arguments = {"tag": "endless", "instance": LOCAL_HOST, "since": f"-{BACKLOG // RATE}s", "base_url": platforms.mastodon}
    codes = [crawl("before", database, **arguments).ended(within_s=120)]
    begun_at, again = datetime.now(UTC), crawl("again", database, **arguments)
    until(lambda: database.has({"created_at": {"$gt": begun_at}}), within_s=120, what="a fresh post is stored")
    asked = len(platforms.requests("again"))
    codes.append(again.ended(within_s=120))
    requests, log = platforms.requests("again"), platforms.log()
    compared = compare(log["posts"], database.posts())
    print(
        f"\nseed {seed}: a fresh post was stored when {asked} of {len(requests)} requests were answered; posts shown {compared.shown}, "
        f"missing {compared.missing}, doubled {compared.doubled}, skipped {database.skipped()}"
    )
    assert ["min_id" in request["query"] for request in requests[:2]] == [False, True]
    assert asked < len(requests) / 2
    assert codes == [0, 0]
    assert compared.exact, compared.examples
    assert database.skipped() == 0
    assert database.ledger()
