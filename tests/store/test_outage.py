"""Which errors mean to wait, and waiting."""

import asyncio
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    DuplicateKeyError,
    ExecutionTimeout,
    InvalidOperation,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WTimeoutError,
)

from monitor.errors import StoreUnavailableError
from monitor.store.outage import is_outage, persist, persists, unavailable


def bulk(*codes: int, concern: bool = False) -> BulkWriteError:
    errors = [{"index": 0, "code": code, "errmsg": "dup key: a whole post"} for code in codes]
    return BulkWriteError({"writeErrors": errors, "writeConcernErrors": [{"code": 64}] if concern else [], "nMatched": 0})


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (AutoReconnect("x"), True),
        (NotPrimaryError("x"), True),
        (ServerSelectionTimeoutError("x"), True),
        (WTimeoutError("x", code=64), True),
        (ExecutionTimeout("x", code=50), True),
        (OperationFailure("x", code=14031), True),
        (OperationFailure("x", code=11600), True),
        (OperationFailure("x", code=121), False),
        (OperationFailure("x", code=18), False),
        (DuplicateKeyError("x", code=11000), False),
        (InvalidOperation("closed"), False),
        (bulk(11000), False),
        (bulk(11000, 14031), True),
        (bulk(11000, concern=True), True),
        (bulk(concern=True), True),
    ],
)
def test_an_outage_is_what_may_pass(error: PyMongoError, outage: bool) -> None:
    assert is_outage(error) is outage


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (AutoReconnect("secret"), "cannot be reached"),
        (NotPrimaryError("secret"), "no primary"),
        (ServerSelectionTimeoutError("secret"), "does not answer in time"),
        (OperationFailure("secret", code=14031), "no disk space"),
        (bulk(14031), "no disk space"),
        (bulk(91), "code 91"),
        (bulk(concern=True), "refuses work for now"),
    ],
)
def test_an_outage_is_told_in_a_sentence_without_the_drivers_text(error: PyMongoError, words: str) -> None:
    sentence = str(unavailable(error, "db.example:27017"))
    assert words in sentence
    assert "db.example:27017" in sentence
    assert "secret" not in sentence
    assert "post" not in sentence
    assert "code ." not in sentence
    assert "code )" not in sentence


async def test_an_operation_is_repeated_until_it_succeeds() -> None:
    tries: list[int] = []

    async def third_time() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise StoreUnavailableError("away")
        return "done"

    assert await persist(third_time, until=asyncio.get_running_loop().time() + 20) == "done"
    assert len(tries) == 3


async def test_patience_ends_at_the_deadline() -> None:
    async def never() -> None:
        raise StoreUnavailableError("away")

    loop = asyncio.get_running_loop()
    begun = loop.time()
    with pytest.raises(StoreUnavailableError, match="away"):
        await persist(never, until=begun + 0.3)
    assert loop.time() - begun < 5


async def test_other_errors_are_not_repeated() -> None:
    tries: list[int] = []

    async def broken() -> None:
        tries.append(1)
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        await persist(broken, until=asyncio.get_running_loop().time() + 20)
    assert len(tries) == 1


async def test_a_method_that_persists_is_repeated_through_an_outage_and_keeps_what_it_is_given() -> None:
    class Stored:
        def __init__(self) -> None:
            client = AsyncMongoClient[dict[str, Any]]("mongodb://127.0.0.1:1", connect=False)
            self.database = client["none"]
            self.tries: list[tuple[int, str]] = []

        @persists
        async def save(self, number: int, *, name: str) -> int:
            self.tries.append((number, name))
            if len(self.tries) < 3:
                raise AutoReconnect("the answer was lost")
            return number

    stored = Stored()
    assert await stored.save(7, name="a") == 7
    assert stored.tries == [(7, "a")] * 3
    await stored.database.client.close()
