"""Quarantine: what it keeps of a row, repeats, and its bound."""

from datetime import UTC, datetime

from monitor.page import Reply
from monitor.store.connection import Store
from monitor.store.quarantine import LARGEST_RAW_BYTES, Quarantine, Refused, ReplyContext

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)
REPLY = ReplyContext(url="https://example.org/api", status=200, fetched_at=MORNING, headers={"etag": "x"})


def a_row(raw: bytes = b"row", *, platform: str = "mastodon", source: str = "s", reason: str = "no date") -> Refused:
    return Refused(platform=platform, source_id=source, reason=reason, kind="PostError", raw=raw, reply=REPLY)


async def test_a_row_is_kept_with_what_a_replay_needs(store: Store) -> None:
    await store.quarantine.add([a_row()])
    (kept,) = await store.quarantine.list_newest()
    assert (kept.refused, kept.times, kept.whole) == (a_row(), 1, True)
    assert await store.quarantine.find(kept.id) == kept


async def test_the_same_row_counts_up_and_takes_the_newest_reason(store: Store) -> None:
    for reason in ("no date", "no date", "no author"):
        await store.quarantine.add([a_row(reason=reason)])
    (kept,) = await store.quarantine.list_newest()
    assert (kept.times, kept.refused.reason) == (3, "no author")
    assert kept.first_at <= kept.last_at


async def test_the_same_row_of_another_source_is_another(store: Store) -> None:
    await store.quarantine.add([a_row(source="a"), a_row(source="b"), a_row(b"other", source="a")])
    assert await store.quarantine.count() == 3


async def test_rows_are_told_apart_by_platform(store: Store) -> None:
    await store.quarantine.add([a_row(), a_row(platform="hackernews", source="h")])
    assert await store.quarantine.count(platform="hackernews") == 1
    (kept,) = await store.quarantine.list_newest(platform="hackernews")
    assert kept.refused.platform == "hackernews"


async def test_poison_of_every_kind_can_be_kept(store: Store) -> None:
    """The row is here because something could not be stored; that must not happen to its quarantine."""
    await store.quarantine.add([a_row(b"\0\xff", reason="half a pair \ud83d", source="s\ud83d"), a_row(b"$where")])
    assert await store.quarantine.count() == 2


async def test_a_huge_row_is_kept_cut_and_says_so(store: Store) -> None:
    await store.quarantine.add([a_row(b"x" * (LARGEST_RAW_BYTES + 1))])
    (kept,) = await store.quarantine.list_newest()
    assert (len(kept.refused.raw), kept.whole) == (LARGEST_RAW_BYTES, False)


async def test_beyond_the_bound_the_oldest_are_dropped_and_counted(store: Store) -> None:
    small = Quarantine(store.database, most_kept=10)
    for number in range(14):
        await small.add([a_row(str(number).encode())])
    kept = [row.refused.raw for row in await small.list_newest()]
    assert sorted(kept, key=int) == [str(number).encode() for number in range(4, 14)]
    assert await small.dropped() == 4


async def test_nothing_was_dropped_from_a_new_quarantine(store: Store) -> None:
    assert await store.quarantine.dropped() == 0


async def test_rows_can_be_forgotten(store: Store) -> None:
    await store.quarantine.add([a_row(b"a"), a_row(b"b")])
    assert await store.quarantine.remove([a_row(b"a").id, "none"]) == 1
    assert [kept.refused.raw for kept in await store.quarantine.list_newest()] == [b"b"]


def test_of_a_reply_only_harmless_headers_are_taken() -> None:
    reply = Reply(
        status=200,
        headers={"set-cookie": "secret", "authorization": "secret", "link": "<x>"},
        body=b"secret",
        url="https://example.org",
        fetched_at=MORNING,
    )
    assert ReplyContext.of(reply).headers == {"link": "<x>"}


def test_a_row_shows_nothing_of_its_content() -> None:
    assert "secret" not in repr(a_row(b"secret"))
