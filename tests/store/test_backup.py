"""Backup and restore: everything comes back, once, and nobody's old lease moves anything."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from monitor.bookmark import Bookmark, Interval
from monitor.config import Config, load
from monitor.errors import LeaseLostError, SchemaError, UsageError
from monitor.post import Post
from monitor.source import Source
from monitor.store import schema
from monitor.store.backup import DERIVED, PASSING, Backup, collections
from monitor.store.backup_file import read
from monitor.store.connection import Store, bare, open_store
from monitor.store.progress import Move
from monitor.topic import Topic

TAG = Source(platform="mastodon", kind="tag", parameters={"instance": "a.example", "tag": "tea"}, topics=("tea",))


@pytest.fixture
def elsewhere(config: Config) -> Config:
    """The configuration of another, empty database on the same server."""
    assert config.mongodb_uri is not None
    return load({"MONGODB_URI": config.mongodb_uri.reveal(), "MONITOR_DATABASE": f"{config.database[:50]}_2"})


@pytest.fixture
async def target(elsewhere: Config) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    async with bare(elsewhere) as database:
        yield database
        await database.client.drop_database(database.name)


async def fill(store: Store, a_post: Callable[..., Post], *, posts: int = 1200) -> None:
    await store.topics.add(Topic(id="tea", name="Tea", query="tea"))
    await store.sources.ensure(TAG)
    await store.posts.upsert([a_post(number, text=f"{number} \x1b é 🫖") for number in range(posts)])


async def moved(store: Store, *, epoch: int, version: int) -> Exception | None:
    """Move the bookmark to this version, with an entry of the ledger; what that was answered."""
    from datetime import UTC, datetime

    at = datetime(2026, 11, 20, version, tzinfo=UTC)
    covered = Interval(from_at=at, to_at=at.replace(minute=30), state="covered", asked_at=at)
    (told,) = await store.progress.move(
        [Move(source_id=TAG.id, epoch=epoch, run="r", bookmark=Bookmark(version=version), intervals=(covered,))]
    )
    return told


def test_collections__each_of_the_schema_is_kept_made_again_or_of_the_moment() -> None:
    assert {*collections()} | DERIVED | PASSING >= schema.COLLECTIONS.keys()
    assert collections()[0] == "sources"
    assert collections()[-1] == "posts", "posts last, so that every post that a bookmark proves is there"


async def test_restore__everything_is_there_again(
    store: Store, elsewhere: Config, target: AsyncDatabase[dict[str, Any]], a_post: Callable[..., Post], tmp_path: Path
) -> None:
    await fill(store, a_post)
    counts = await Backup(store.database).write(tmp_path / "b")
    assert counts["posts"] == 1200
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob(".b*"))  # noqa: ASYNC240 (a few names)
    await Backup(target).restore(tmp_path / "b", replace=False)
    opened = await open_store(elsewhere)
    for name in ("posts", "topics", "topic_versions"):
        before = await store.database[name].find().sort("_id", 1).to_list()
        assert await opened.database[name].find().sort("_id", 1).to_list() == before, name
    hours = await opened.database["dirty"].count_documents({})
    await opened.close()
    assert hours == 1, "what is counted from posts is counted again"


async def test_restore__leases_of_before_move_nothing__and_the_source_is_due(
    store: Store, elsewhere: Config, target: AsyncDatabase[dict[str, Any]], tmp_path: Path
) -> None:
    await store.sources.ensure(TAG)
    claim = await store.leases.claim(TAG.id, owner="before")
    assert claim is not None
    assert await moved(store, epoch=claim.epoch, version=1) is None
    await Backup(store.database).write(tmp_path / "b")
    await Backup(target).restore(tmp_path / "b", replace=False)
    opened = await open_store(elsewhere)
    refused = await moved(opened, epoch=claim.epoch, version=2)
    later = await opened.leases.claim_due("mastodon", owner="after")
    still = await moved(opened, epoch=claim.epoch, version=2)
    assert later is not None
    went = await moved(opened, epoch=later.epoch, version=2)
    await opened.close()
    assert isinstance(refused, LeaseLostError)
    assert isinstance(still, LeaseLostError)
    assert went is None
    assert later.bookmark.version == 1
    assert later.epoch > claim.epoch + 1_000_000_000


async def test_restore__entries_of_the_ledger_beyond_the_bookmark_are_left_out(
    store: Store, target: AsyncDatabase[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A walk went on while the backup was made: what it proved after its bookmark was read is proved again."""
    await store.sources.ensure(TAG)
    claim = await store.leases.claim(TAG.id, owner="a")
    assert claim is not None
    await moved(store, epoch=claim.epoch, version=1)
    await store.ledger.settle(TAG.id)
    backup = Backup(store.database)
    page, walked = backup._page, []

    async def walking(name: str, after: Any) -> Any:
        if name == "ledger" and not walked:
            walked.append(await moved(store, epoch=claim.epoch, version=2))
            await store.ledger.settle(TAG.id)
        return await page(name, after)

    monkeypatch.setattr(backup, "_page", walking)
    counts = await backup.write(tmp_path / "b")
    assert (walked, counts["ledger"]) == ([None], 2)
    await Backup(target).restore(tmp_path / "b", replace=False)
    assert [entry["version"] for entry in await target["ledger"].find().to_list()] == [1]


async def test_restore__a_database_that_holds_data__is_refused_and_replaced_if_told(
    store: Store, a_post: Callable[..., Post], tmp_path: Path
) -> None:
    await fill(store, a_post, posts=3)
    await Backup(store.database).write(tmp_path / "b")
    await store.posts.upsert([a_post(99)])
    with pytest.raises(UsageError, match="holds posts, sources, topics"):
        await Backup(store.database).restore(tmp_path / "b", replace=False)
    assert await store.database["posts"].count_documents({}) == 4
    await Backup(store.database).restore(tmp_path / "b", replace=True)
    assert await store.database["posts"].count_documents({}) == 3


@pytest.mark.parametrize("part", [0.9, 0.999])
async def test_restore__a_file_that_was_cut_short__is_refused_and_nobody_opens_the_database_until_it_is_done(
    store: Store,
    elsewhere: Config,
    target: AsyncDatabase[dict[str, Any]],
    a_post: Callable[..., Post],
    tmp_path: Path,
    part: float,
) -> None:
    await fill(store, a_post)
    await Backup(store.database).write(tmp_path / "b")
    whole = (tmp_path / "b").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(UsageError, match="damaged or was cut short"):
        await Backup(target).restore(tmp_path / "cut", replace=False)
    with pytest.raises(SchemaError, match="being restored"):
        await open_store(elsewhere)
    await Backup(target).restore(tmp_path / "b", replace=False)
    assert await target["posts"].count_documents({}) == 1200


async def test_restore__a_changed_byte__is_noticed(
    store: Store, target: AsyncDatabase[dict[str, Any]], a_post: Callable[..., Post], tmp_path: Path
) -> None:
    await fill(store, a_post, posts=50)
    await Backup(store.database).write(tmp_path / "b")
    broken = bytearray((tmp_path / "b").read_bytes())
    broken[len(broken) // 2] ^= 0xFF
    (tmp_path / "broken").write_bytes(broken)
    with pytest.raises(UsageError, match="damaged"):
        await Backup(target).restore(tmp_path / "broken", replace=False)


async def test_restore__of_a_newer_release__is_refused(
    store: Store, target: AsyncDatabase[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(schema, "VERSION", schema.VERSION + 1)
        await Backup(store.database).write(tmp_path / "b")
    with pytest.raises(SchemaError, match="made by a newer release"):
        await Backup(target).restore(tmp_path / "b", replace=False)


async def test_write__a_file_that_exists__is_not_overwritten(store: Store, tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine")
    with pytest.raises(UsageError, match="overwrites nothing"):
        await Backup(store.database).write(tmp_path / "b")
    assert (tmp_path / "b").read_text() == "mine"


@pytest.mark.parametrize("content", [b"", b"hello", b"\x28\xb5\x2f\xfd\x00"])
def test_read__no_backup__is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(content)
    with pytest.raises(UsageError, match=r"damaged|no backup"), read(tmp_path / "b"):
        pass
