"""Whose posts may not be stored: people who asked for it, known by a keyed digest of their id alone.

The collection `erasures` has no name, no handle and no id. Its key is made at random and lies in `meta`: it keeps the digests from
being looked up in tables that were made elsewhere, and not from whoever has the database and tries ids.
"""

import hmac
import secrets
from collections.abc import Collection, Iterable
from hashlib import sha256
from typing import Any

from bson.binary import Binary
from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from monitor.store.outage import tells_outage

NOTE = "erasures"  # in the collection meta: `key`; there is none as long as nobody asked
_KEY_BYTES = 32
_AT_ONCE = 1000

Account = tuple[str, str]  # a platform, and the id of an author there


class Erasures:
    """The collection `erasures`: digests of accounts, and of the posts of theirs that were removed."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._erasures = database["erasures"]

    @tells_outage
    async def key(self) -> bytes | None:
        """What the digests are made with; None: there are none."""
        note = await self.database["meta"].find_one({"_id": NOTE})
        return None if note is None else bytes(note["key"])

    @tells_outage
    async def begin(self) -> bytes:
        """The same, made where there is none yet."""
        first = {"key": Binary(secrets.token_bytes(_KEY_BYTES))}
        await self.database["meta"].update_one({"_id": NOTE}, {"$setOnInsert": first}, upsert=True)
        key = await self.key()
        assert key is not None
        return key

    async def add_accounts(self, accounts: Iterable[Account]) -> None:
        """Remember accounts; done again, it changes nothing."""
        key = await self.begin()
        await self._add([account_digest(key, account) for account in accounts], "account")

    async def add_posts(self, post_ids: Iterable[str]) -> None:
        """Remember posts of theirs, so that they do not come back as what somebody else shares."""
        key = await self.begin()
        await self._add([post_digest(key, post_id) for post_id in post_ids], "post")

    @tells_outage
    async def known(self, digests: Collection[str]) -> set[str]:
        """Those of the digests that are remembered."""
        found: set[str] = set()
        wanted = list(digests)
        for start in range(0, len(wanted), _AT_ONCE):
            some = {"_id": {"$in": wanted[start : start + _AT_ONCE]}}
            found |= {stored["_id"] async for stored in self._erasures.find(some, {"_id": 1})}
        return found

    @tells_outage
    async def count(self) -> int:
        """How many accounts are remembered."""
        return await self._erasures.count_documents({"of": "account"})

    @tells_outage
    async def _add(self, digests: list[str], of: str) -> None:
        noted = {"$setOnInsert": {"of": of}, "$currentDate": {"asked_at": True}}
        if digests:
            await self._erasures.bulk_write([UpdateOne({"_id": each}, noted, upsert=True) for each in digests], ordered=False)


def account_digest(key: bytes, account: Account) -> str:
    """What an account is known by."""
    return _digest(key, "account", *account)


def post_digest(key: bytes, post_id: str) -> str:
    """What a post is known by."""
    return _digest(key, "post", post_id)


def _digest(key: bytes, *parts: str) -> str:
    return hmac.digest(key, "\0".join(parts).encode("utf-8", "surrogatepass"), sha256).hex()
