"""Hours that wait: who gets one, for how long, and what becomes of an hour that comes to nothing again and again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.store.connection import Store
from monitor.store.document import Document
from monitor.store.hour_claims import MOST_ATTEMPTS, SET_ASIDE_S, HourClaims

HOUR = datetime(2026, 11, 20, 8, tzinfo=UTC)
LATER = HOUR + timedelta(hours=1)
LEASE_S = 60.0
OVER_AT_ONCE = 0.0

Claims = Callable[..., HourClaims]
Made = Callable[..., Awaitable[None]]
Stored = Callable[..., Awaitable[Document]]


@pytest.fixture
def claims(store: Store) -> Claims:
    """The claims of a collection of this test alone; an hour is due unless it says `idle`."""

    def made(*, lease_s: float = LEASE_S) -> HourClaims:
        return HourClaims(store.database, "hours_of_a_test", due={"$ne": ["$idle", True]}, lease_s=lease_s)

    return made


@pytest.fixture
def mark(store: Store) -> Made:
    """Let an hour wait, with further fields as told."""

    async def marked(hour: datetime = HOUR, **fields: Any) -> None:
        await store.database["hours_of_a_test"].insert_one({"_id": hour, **fields})

    return marked


@pytest.fixture
def stored(store: Store) -> Stored:
    """What is stored of an hour."""

    async def found(hour: datetime = HOUR) -> Document:
        document = await store.database["hours_of_a_test"].find_one({"_id": hour})
        assert document is not None
        return document

    return found


async def taken(claims: HourClaims, owner: str = "ann") -> Document:
    document = await claims.take(owner=owner)
    assert document is not None
    return document


async def test_take__nothing_waits__is_none(claims: Claims) -> None:
    assert await claims().take(owner="ann") is None
    assert not await claims().waiting()


async def test_take__several_wait__the_newest_that_is_due_comes_first(claims: Claims, mark: Made) -> None:
    hours = [HOUR + timedelta(hours=number) for number in (2, 0, 3, 1)]
    for hour in hours:
        await mark(hour, idle=hour == max(hours))
    own = claims()
    got = [(await taken(own))["_id"] for _ in range(3)]
    assert got == sorted(hours, reverse=True)[1:]
    assert await own.take(owner="ann") is None


async def test_take__tells_the_hour_as_it_stands_then(claims: Claims, mark: Made, stored: Stored) -> None:
    await mark(marked_at=HOUR)
    told = await taken(claims(), "$ann")
    assert told == await stored()
    assert (told["owner"], told["attempts"], told["marked_at"]) == ("$ann", 1, HOUR)
    assert told["until"] - told["claimed_at"] == timedelta(seconds=LEASE_S)
    assert "not_before" not in told


@pytest.mark.parametrize(("owners", "hours"), [(8, 1), (8, 3), (2, 5)])
async def test_take__many_at_once__each_hour_goes_to_one(claims: Claims, mark: Made, owners: int, hours: int) -> None:
    for number in range(hours):
        await mark(HOUR + timedelta(hours=number))
    told = await asyncio.gather(*(claims().take(owner=f"owner{number}") for number in range(owners)))
    got = [each for each in told if each is not None]
    assert len(got) == min(owners, hours)
    assert len({each["_id"] for each in got}) == len(got)


async def test_take__lease_has_ended__another_has_it_and_the_attempt_counts(claims: Claims, mark: Made) -> None:
    await mark()
    await taken(claims(lease_s=OVER_AT_ONCE), "dead")
    told = await taken(claims(), "ann")
    assert (told["owner"], told["attempts"]) == ("ann", 2)
    assert await claims().take(owner="dead") is None


async def test_take__last_attempt__is_made_and_then_the_hour_is_left_alone(claims: Claims, mark: Made) -> None:
    await mark()
    deadly = claims(lease_s=OVER_AT_ONCE)
    told = [await taken(deadly) for _ in range(MOST_ATTEMPTS)]
    assert [each["attempts"] for each in told] == [1, 2, 3, 4, 5]
    assert ["not_before" in each for each in told] == [False, False, False, False, True]
    assert told[-1]["not_before"] - told[-1]["claimed_at"] == timedelta(seconds=SET_ASIDE_S)
    assert await deadly.take(owner="ann") is None
    assert await deadly.count_set_aside() == 1
    assert not await deadly.waiting()


async def test_take__set_aside_for_long_enough__is_tried_once_more_and_set_aside_again(claims: Claims, mark: Made) -> None:
    await mark(attempts=MOST_ATTEMPTS, not_before=HOUR)
    own = claims(lease_s=OVER_AT_ONCE)
    assert (await taken(own))["attempts"] == MOST_ATTEMPTS + 1
    assert await own.take(owner="ann") is None


async def test_take__an_hour_is_set_aside__the_others_are_not(claims: Claims, mark: Made) -> None:
    await mark(LATER, attempts=MOST_ATTEMPTS, not_before=datetime(2999, 1, 1, tzinfo=UTC))
    await mark(HOUR)
    assert await claims().waiting()
    assert (await taken(claims()))["_id"] == HOUR


async def test_release__gives_the_attempt_back_and_the_hour_free(claims: Claims, mark: Made, stored: Stored) -> None:
    await mark()
    own = claims()
    await taken(own, "ann")
    await own.release(HOUR, owner="ann")
    assert "owner" not in await stored()
    assert "until" not in await stored()
    assert (await taken(own, "ben"))["attempts"] == 1


async def test_release__of_the_last_attempt__is_not_set_aside(claims: Claims, mark: Made) -> None:
    await mark(attempts=MOST_ATTEMPTS - 1)
    own = claims()
    await taken(own)
    await own.release(HOUR, owner="ann")
    assert await own.count_set_aside() == 0
    assert (await taken(own))["attempts"] == MOST_ATTEMPTS


async def test_fail__keeps_the_attempt_with_its_reason_and_frees_the_hour(claims: Claims, mark: Made, stored: Stored) -> None:
    await mark()
    own = claims()
    await taken(own)
    await own.fail(HOUR, "It broke.", owner="ann")
    assert (await stored())["reason"] == "It broke."
    assert (await taken(own, "ben"))["attempts"] == 2


async def test_fail__of_the_last_attempt__stays_set_aside(claims: Claims, mark: Made) -> None:
    await mark(attempts=MOST_ATTEMPTS - 1)
    own = claims()
    await taken(own)
    await own.fail(HOUR, "It broke.", owner="ann")
    assert await own.take(owner="ann") is None
    assert (await own.count_set_aside(), await own.waiting()) == (1, False)


async def test_who_does_not_hold_an_hour__changes_nothing(claims: Claims, mark: Made, stored: Stored) -> None:
    await mark()
    own = claims()
    told = await taken(own, "ann")
    await own.fail(HOUR, "It broke.", owner="ben")
    await own.release(HOUR, owner="ben")
    assert await own.renew(HOUR, owner="ben") is None
    assert await stored() == told


async def test_renew__holds_on_from_now_and_tells_until_when(claims: Claims, mark: Made, stored: Stored) -> None:
    await mark()
    told = await taken(claims(lease_s=10))
    until = await claims(lease_s=100).renew(HOUR, owner="ann")
    assert until == (await stored())["until"]
    assert timedelta(seconds=90) <= until - told["until"] <= timedelta(seconds=120)
    assert (await stored())["attempts"] == 1


async def test_renew__where_something_has_to_hold__only_then(claims: Claims, mark: Made) -> None:
    await mark(marked_at=HOUR)
    await taken(claims())
    assert await claims().renew(HOUR, owner="ann", where={"$eq": ["$marked_at", LATER]}) is None
    assert await claims().renew(HOUR, owner="ann", where={"$eq": ["$marked_at", HOUR]}) is not None


async def test_renew__another_has_taken_it__is_none(claims: Claims, mark: Made) -> None:
    await mark()
    await taken(claims(lease_s=OVER_AT_ONCE), "ann")
    await taken(claims(), "ben")
    assert await claims().renew(HOUR, owner="ann") is None


async def test_waiting__hours_that_are_due_and_not_set_aside(claims: Claims, mark: Made) -> None:
    await mark(HOUR, idle=True)
    await mark(LATER, attempts=MOST_ATTEMPTS)
    assert not await claims().waiting()
    await mark(LATER + timedelta(hours=1), attempts=MOST_ATTEMPTS - 1)
    assert await claims().waiting()


async def test_waiting__in_the_hands_of_another__still_waits(claims: Claims, mark: Made) -> None:
    await mark()
    await taken(claims(), "ben")
    assert await claims().waiting()


async def test_retry_set_aside__those_wait_again_from_the_first_attempt_and_others_keep_theirs(
    claims: Claims, mark: Made, stored: Stored
) -> None:
    far = datetime(2999, 1, 1, tzinfo=UTC)
    await mark(HOUR, attempts=MOST_ATTEMPTS, not_before=far, reason="It broke.")
    await mark(LATER, attempts=2, reason="It broke, too.")
    own = claims()
    await own.retry_set_aside()
    assert await stored(HOUR) == {"_id": HOUR}
    assert await stored(LATER) == {"_id": LATER, "attempts": 2, "reason": "It broke, too."}
    assert await own.count_set_aside() == 0
    assert [(await taken(own))["attempts"] for _ in range(2)] == [3, 1]


async def test_retry_set_aside__who_holds_one__goes_on_holding_it(claims: Claims, mark: Made) -> None:
    await mark(attempts=MOST_ATTEMPTS - 1)
    own = claims()
    await taken(own, "ann")
    await own.retry_set_aside()
    assert await own.take(owner="ben") is None
    assert await own.renew(HOUR, owner="ann") is not None
