"""Who asked for erasure: digests alone, under one key."""

from monitor.store.connection import Store
from monitor.store.erasures import Erasures, account_digest, post_digest

ANN = ("mastodon", "ann@example.org")


async def test_accounts__are_known_again__and_the_database_has_nothing_of_them_but_digests(store: Store) -> None:
    erasures = Erasures(store.database)
    for _ in range(2):
        await erasures.add_accounts([ANN])
        await erasures.add_posts(["https://example.org/@ann/1"])
    key = await erasures.key()
    assert key is not None
    assert await erasures.count() == 1
    wanted = {account_digest(key, ANN), post_digest(key, "https://example.org/@ann/1")}
    assert await erasures.known({*wanted, account_digest(key, ("bluesky", ANN[1]))}) == wanted
    kept = str(await store.database["erasures"].find().to_list()) + str(await store.database["meta"].find().to_list())
    assert "ann" not in kept


async def test_key__is_made_once(store: Store) -> None:
    assert await Erasures(store.database).key() is None
    assert await Erasures(store.database).begin() == await Erasures(store.database).begin()


def test_digests__differ_by_key_platform_and_kind() -> None:
    made = {
        account_digest(b"a", ANN),
        account_digest(b"b", ANN),
        account_digest(b"a", ("x", ANN[1])),
        post_digest(b"a", ANN[1]),
    }
    assert len(made) == 4
