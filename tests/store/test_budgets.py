"""Budgets: chunks of permits that are given once, windows that one request opens, refusals that all obey; by the server's clock."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.store import budget_change as change
from monitor.store.budget_change import ALONE_S, MOST, Name, Quota, Seen
from monitor.store.budgets import Budget, Budgets
from monitor.store.connection import Store
from monitor.store.document import Document

NAME = Name(platform="chirp", credential="chirp:CHIRP_TOKEN#aaaaaa", host="chirp.example")


@pytest.fixture
def budgets(store: Store) -> Budgets:
    return store.budgets


async def opened(budgets: Budgets, left: int, *, reset_s: float = 60, name: Name = NAME, owner: str = "one") -> Budget:
    """A window that the first request opened: so many are left."""
    alone = await budgets.take(name, owner=owner, want=5)
    assert (alone.granted, alone.went_alone) == (1, True)
    return await budgets.tell(name, said(alone, left, reset_s=reset_s, alone=True), owner=owner, calls=1)


def said(budget: Budget, left: int | None, *, reset_s: float = 60, **more: Any) -> Seen:
    told = {} if left is None else {"left": left, "reset_s": reset_s}
    return Seen(**{"good": True, "window": budget.window, **told, **more})


async def changed(store: Store, fields: Mapping[str, float], *, name: Name = NAME) -> None:
    """Set moments so many seconds from the server's present."""
    later = {
        field: {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": round(seconds * 1000)}}
        for field, seconds in fields.items()
    }
    await store.database["budgets"].update_one({"_id": name.id}, [{"$set": later}])


async def test_nothing_is_known__one_request_of_all_processes_goes_alone(budgets: Budgets) -> None:
    taken = await asyncio.gather(*(budgets.take(NAME, owner=f"process{number}", want=9) for number in range(8)))
    assert sorted(each.granted for each in taken) == [0] * 7 + [1]


async def test_the_one_that_goes_alone_dies__another_one_goes(store: Store, budgets: Budgets) -> None:
    assert (await budgets.take(NAME, owner="one", want=1)).granted == 1
    assert (await budgets.take(NAME, owner="two", want=1)).granted == 0
    await changed(store, {"alone.until": -0.1})
    assert (await budgets.take(NAME, owner="two", want=1)).granted == 1


async def test_two_went_alone_since_the_first_was_slow__the_window_is_opened_with_room_for_the_other(
    store: Store, budgets: Budgets
) -> None:
    """The older answer knows nothing of the younger request, whose own answer comes when permits are given already."""
    first = await budgets.take(NAME, owner="one", want=1)
    await changed(store, {"alone.until": -0.1})
    second = await budgets.take(NAME, owner="two", want=1)
    assert (first.went_alone, second.went_alone) == (True, True)
    assert (await budgets.tell(NAME, said(first, 59, alone=True), owner="one")).left == 58
    assert (await budgets.take(NAME, owner="one", want=7)).left == 51
    assert (await budgets.tell(NAME, said(second, 58, alone=True), owner="two")).left == 51
    # The next window has none of it.
    await changed(store, {"reset_at": -0.1})
    alone = await budgets.take(NAME, owner="one", want=1)
    assert (await budgets.tell(NAME, said(alone, 59, alone=True), owner="one")).left == 59


async def test_many_went_alone_without_an_answer__not_more_room_than_for_those_that_may_still_be_on_their_way(
    store: Store, budgets: Budgets
) -> None:
    for number in range(30):
        alone = await budgets.take(NAME, owner=f"process{number}", want=1)
        await changed(store, {"alone.until": -0.1})
    assert (await budgets.tell(NAME, said(alone, 59, alone=True), owner="process29")).left == 59 - 45 / ALONE_S


async def test_alone_ones_that_were_answered_before_the_next_went__need_no_room(budgets: Budgets) -> None:
    for _ in range(5):
        alone = await budgets.take(NAME, owner="one", want=1)
        await budgets.tell(NAME, Seen(good=False, window=alone.window, alone=True), owner="one")
    assert (await opened(budgets, 59)).left == 59


async def test_more_went_alone_than_are_left__nothing_is_left(store: Store, budgets: Budgets) -> None:
    for owner in ("one", "two", "three"):
        alone = await budgets.take(NAME, owner=owner, want=1)
        await changed(store, {"alone.until": -0.1})
    assert (await budgets.tell(NAME, said(alone, 1, alone=True), owner="three")).left == 0


async def test_permits_of_a_window_are_given_once__to_16_that_take_at_the_same_time(budgets: Budgets) -> None:
    await opened(budgets, 300)
    given = 0
    for _ in range(20):
        taken = await asyncio.gather(*(budgets.take(NAME, owner=f"process{number}", want=50) for number in range(16)))
        assert all(0 <= each.granted <= MOST for each in taken)
        given += sum(each.granted for each in taken)
    print(f"given {given} of 300 by 320 takings")
    assert given == 300


async def test_chunks_shrink_with_what_is_left(budgets: Budgets) -> None:
    await opened(budgets, 40)
    chunks = [(await budgets.take(NAME, owner="one", want=50)).granted for _ in range(30)]
    assert chunks[0] == 5
    assert chunks[-8:] == [1, 0, 0, 0, 0, 0, 0, 0] or chunks[-1] in {0, 1}
    assert sum(chunks) <= 40
    assert max(chunks[10:]) <= 2


async def test_a_call_of_many_units__takes_all_of_them_or_none(budgets: Budgets) -> None:
    await opened(budgets, 150)
    assert (await budgets.take(NAME, owner="one", want=100, need=100)).granted == 100
    assert (await budgets.take(NAME, owner="one", want=100, need=100)).granted == 0
    assert (await budgets.take(NAME, owner="one", want=1)).granted == 1


async def test_the_window_is_over__one_goes_alone_and_finds_out(store: Store, budgets: Budgets) -> None:
    before = await opened(budgets, 10)
    await changed(store, {"reset_at": -0.1})
    first, second = [await budgets.take(NAME, owner=owner, want=5) for owner in ("one", "two")]
    assert (first.granted, first.went_alone, second.granted) == (1, True, 0)
    assert first.window == before.window + 1
    after = await budgets.tell(NAME, said(first, 99, alone=True), owner="one")
    assert (after.told, after.left) == (True, 99)


async def test_what_is_told_only_lowers(budgets: Budgets) -> None:
    budget = await opened(budgets, 50)
    assert (await budgets.tell(NAME, said(budget, 80), owner="two")).left == 50
    lower = await budgets.tell(NAME, said(budget, 7, reset_s=20), owner="two")
    assert lower.left == 7
    assert 15 < lower.seconds_to(lower.reset_at) <= 20
    taken = await budgets.take(NAME, owner="two", want=1, lowest=said(budget, 3))
    assert taken.left == 2


async def test_a_reply_of_the_window_before__says_nothing_of_the_new_one(store: Store, budgets: Budgets) -> None:
    old = await opened(budgets, 50)
    await changed(store, {"reset_at": -0.1})
    alone = await budgets.take(NAME, owner="one", want=1)
    assert not (await budgets.tell(NAME, said(old, 1), owner="two")).told
    assert (await budgets.tell(NAME, said(alone, 49, alone=True), owner="one")).left == 49
    assert (await budgets.tell(NAME, said(old, 1), owner="two")).left == 49


async def test_a_refusal__nobody_asks_before_it_is_over__then_one_alone(store: Store, budgets: Budgets) -> None:
    budget = await opened(budgets, 50)
    await budgets.tell(NAME, Seen(good=False, window=budget.window, wait_s=30), owner="one")
    refused = await budgets.tell(NAME, Seen(good=False, window=budget.window, wait_s=5), owner="two")
    assert 28 < refused.seconds_to(refused.not_before) <= 30  # the longer one counts
    assert (await budgets.take(NAME, owner="two", want=5)).granted == 0
    await changed(store, {"not_before": -0.1})
    assert (await budgets.take(NAME, owner="two", want=5)).went_alone


async def test_a_refusal_of_a_window_that_is_used_up__nobody_asks_before_the_window_ends(
    store: Store, budgets: Budgets
) -> None:
    """The refusal has nothing to do with the limit, and what was asked beside it took the rest."""
    budget = await opened(budgets, 1, reset_s=40)
    assert (await budgets.take(NAME, owner="two", want=1)).granted == 1
    refused = await budgets.tell(NAME, said(budget, 1, good=False, wait_s=5), owner="one")
    assert 38 < refused.seconds_to(refused.not_before) <= 40
    await changed(store, {"not_before": -0.1})
    assert (await budgets.take(NAME, owner="two", want=5)).went_alone


async def test_permits_that_are_given_back__are_there_again__but_not_in_another_window(budgets: Budgets) -> None:
    budget = await opened(budgets, 50)
    taken = await budgets.take(NAME, owner="one", want=5)
    await budgets.give_back(NAME.id, window=budget.window, permits=taken.granted)
    await budgets.give_back(NAME.id, window=budget.window + 1, permits=9)
    found = await budgets.find(NAME.id)
    assert found is not None
    assert found.left == 50


async def test_a_platform_that_tells_nothing__is_not_counted(budgets: Budgets) -> None:
    alone = await budgets.take(NAME, owner="one", want=1)
    assert (await budgets.tell(NAME, said(alone, None, alone=True), owner="one")).free
    assert (await budgets.take(NAME, owner="two", want=1)).free


async def test_a_platform_that_tells_nothing_and_refuses__is_asked_one_by_one(store: Store, budgets: Budgets) -> None:
    alone = await budgets.take(NAME, owner="one", want=1)
    await budgets.tell(NAME, said(alone, None, alone=True), owner="one")
    await budgets.tell(NAME, Seen(good=False, window=alone.window, wait_s=9), owner="one")
    await changed(store, {"not_before": -0.1})
    first, second = [await budgets.take(NAME, owner=owner, want=5) for owner in ("one", "two")]
    assert (first.went_alone, second.granted) == (True, 0)
    await budgets.tell(NAME, said(first, None, alone=True), owner="one")
    assert (await budgets.take(NAME, owner="two", want=5)).went_alone


async def test_a_limit_that_was_told_and_is_unsaid_once__is_not_taken_for_none(store: Store, budgets: Budgets) -> None:
    """A reply from a cache or a proxy may lack the headers."""
    await opened(budgets, 50)
    await changed(store, {"reset_at": -0.1})
    frees = []
    for _ in range(3):
        alone = await budgets.take(NAME, owner="one", want=1)
        frees.append((await budgets.tell(NAME, said(alone, None, alone=True), owner="one")).free)
    assert frees == [False, False, True]


async def test_a_quota_of_the_day__needs_no_word_of_the_platform_and_ends_at_its_midnight(
    store: Store, budgets: Budgets
) -> None:
    zone = "America/Los_Angeles"
    name = Name(platform="tube", credential="tube:TUBE_KEY#a", host="tube.example", quota=Quota(units=100, zone=zone))
    taken = await budgets.take(name, owner="one", want=50, need=30)
    assert (taken.granted, taken.left, taken.told) == (30, 70, True)
    assert taken.reset_at is not None
    local = taken.reset_at.astimezone(ZoneInfo(zone))
    assert (local.hour, local.minute, local.second) == (0, 0, 0)
    assert timedelta(0) < taken.reset_at - datetime.now(UTC) <= timedelta(hours=25)
    # A refusal does not make the quota new, and what is held of it is good on.
    refused = await budgets.tell(name, Seen(good=False, window=taken.window, wait_s=0), owner="one")
    assert refused.window == taken.window
    assert (await budgets.take(name, owner="two", want=1)).left == 69
    await changed(store, {"reset_at": -0.1}, name=name)
    assert (await budgets.take(name, owner="two", want=1)).left == 99


async def at_moment(store: Store, moment: datetime, stored: Document, *stages: Document) -> Document:
    """What stages of an update make of a document when the server's clock shows `moment`."""

    def then(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: then(each) for key, each in value.items()}
        if isinstance(value, list):
            return [then(each) for each in value]
        return moment if value == "$$NOW" else value

    made = await store.database.aggregate([{"$documents": [stored]}, *(then(stage) for stage in stages)])
    (found,) = await made.to_list()
    return found


@pytest.mark.parametrize(("after_s", "granted"), [(0.3, 0), (9.9, 0), (10.1, 20)])
async def test_a_quota_of_the_day_has_just_begun__nobody_asks_while_the_platform_may_count_the_day_before(
    store: Store, after_s: float, granted: int
) -> None:
    name = Name(platform="tube", credential="tube:TUBE_KEY#a", host="tube.example", quota=Quota(units=300))
    midnight = datetime(2026, 11, 23, tzinfo=UTC)
    evening = await at_moment(store, midnight - timedelta(hours=1), {}, change.window_over(name), change.granting(300, 300))
    assert evening["granted"] == 300
    begun = await at_moment(
        store, midnight + timedelta(seconds=after_s), evening, change.window_over(name), change.granting(20, 1)
    )
    assert (begun["left"], begun["reset_at"], begun["granted"]) == (300, midnight + timedelta(days=1), granted)


async def test_a_credential_that_is_put_aside__is_tried_by_one_alone_afterwards(store: Store, budgets: Budgets) -> None:
    await opened(budgets, 50)
    await budgets.set_aside(NAME, reason="It was refused (401).", for_s=900)
    aside = await budgets.take(NAME, owner="one", want=5)
    assert (aside.granted, aside.aside_reason) == (0, "It was refused (401).")
    await changed(store, {"aside.until": -0.1})
    first, second = [await budgets.take(NAME, owner=owner, want=5) for owner in ("one", "two")]
    assert (first.went_alone, second.granted) == (True, 0)
    assert (await budgets.tell(NAME, said(first, 40, alone=True), owner="one")).aside_until is None


async def test_who_uses_it__with_calls(budgets: Budgets) -> None:
    await opened(budgets, 50, owner="first.example:12")
    await budgets.take(NAME, owner="$second", want=2, calls=3)
    await budgets.count({NAME.id: 4}, owner="$second")
    (found,) = await budgets.list_all(platform="chirp")
    assert {user.owner: user.calls for user in found.using()} == {"first.example:12": 1, "$second": 7}
    assert found.calls == 8


async def test_what_was_noted_since__is_found_without_reading_the_rest(store: Store, budgets: Budgets) -> None:
    budget = await opened(budgets, 50)
    noted_at = budget.at
    assert await budgets.list_all(platform="chirp", noted_since=noted_at) == []
    await budgets.hold(NAME, 30)
    (found,) = await budgets.list_all(platform="chirp", noted_since=noted_at)
    assert 28 < found.seconds_to(found.not_before) <= 30
    wanted = {"platform": "chirp", "noted_at": {"$gt": noted_at}}
    plan = await store.database["budgets"].find(wanted).explain()
    assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])
