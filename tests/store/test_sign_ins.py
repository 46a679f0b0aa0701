"""What is kept of sign-ins: bytes under a name, the last ones, and not for ever."""

from datetime import UTC, datetime, timedelta

from monitor.store.connection import Store
from monitor.store.sign_ins import KEPT


async def test_the_last_one_saved_is_found(store: Store) -> None:
    assert await store.sign_ins.find("bluesky/a") is None
    await store.sign_ins.save("bluesky/a", b"\x00first")
    await store.sign_ins.save("bluesky/b", b"other")
    await store.sign_ins.save("bluesky/a", b"$second")
    assert await store.sign_ins.find("bluesky/a") == b"$second"
    assert await store.sign_ins.find("bluesky/b") == b"other"


async def test_what_nobody_renewed_is_dropped_with_the_next_save(store: Store) -> None:
    for name, days in (("old", KEPT.days + 1), ("young", KEPT.days - 1)):
        saved_at = datetime.now(UTC) - timedelta(days=days)
        await store.database["sign_ins"].insert_one({"_id": name, "sealed": b"x", "saved_at": saved_at})
    await store.sign_ins.save("now", b"x")
    assert {name for name in ("old", "young", "now") if await store.sign_ins.find(name)} == {"young", "now"}
