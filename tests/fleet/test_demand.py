"""How many shifts a crowd asks for."""

import pytest

from monitor.fleet.demand import CLEAR_S, POLL_S, Crowd, joined, shifts_wanted, slots_wanted

WALKS = 16


def crowd(**told: float) -> Crowd:
    return Crowd(platform="mastodon", credential="mastodon:", **{"sources": 10_000, **told})  # type: ignore[arg-type]


def test_shifts_wanted__nothing_due_or_under_way__none() -> None:
    assert shifts_wanted(crowd(polls_per_s=0.01), walks=WALKS) == 0


@pytest.mark.parametrize("told", [{"due": 1}, {"soon": 1}, {"held": 1}])
def test_shifts_wanted__one_source_due_soon_due_or_held__one(told: dict[str, int]) -> None:
    assert shifts_wanted(crowd(**told), walks=WALKS) == 1


def test_shifts_wanted__what_waits_is_to_be_gone_within_a_minute() -> None:
    each = WALKS * CLEAR_S / POLL_S
    assert shifts_wanted(crowd(due=3 * each), walks=WALKS) == 3
    assert shifts_wanted(crowd(due=3 * each + 1), walks=WALKS) == 4


def test_shifts_wanted__polls_that_come_up_steadily_need_shifts_though_few_wait_now() -> None:
    """10,000 sources every 15 minutes are 11 polls a second, of 3 s each: 33 at a time, and 48 places with some room."""
    assert shifts_wanted(crowd(due=5, polls_per_s=10_000 / 900), walks=WALKS) == 3


def test_shifts_wanted__a_stream_holds_a_place_all_the_time() -> None:
    assert shifts_wanted(crowd(held=17, live=17), walks=WALKS) == 2


def test_shifts_wanted__never_more_than_is_allowed_or_than_there_are_sources() -> None:
    assert shifts_wanted(crowd(due=100_000), walks=WALKS, most=5) == 5
    assert shifts_wanted(crowd(due=2, sources=2, polls_per_s=1000), walks=WALKS) == 2


def test_slots__each_has_a_name_of_its_own_and_the_first_goes_before_the_second_of_others() -> None:
    slots = slots_wanted(crowd(due=1000), walks=WALKS)
    assert len({slot.name for slot in slots}) == len(slots) > 1
    assert slots[0].name == "mastodon/mastodon:/0"
    assert [slot.priority for slot in slots] == sorted((slot.priority for slot in slots), reverse=True)


def test_joined__adds_up_what_shares_a_credential() -> None:
    other = Crowd(platform="mastodon", credential="mastodon:OTHER", sources=1, due=1)
    found = joined([crowd(due=1), other, crowd(due=2, polls_per_s=0.5)])
    assert [(each.credential, each.sources, each.due, each.polls_per_s) for each in found] == [
        ("mastodon:", 20_000, 3, 0.5),
        ("mastodon:OTHER", 1, 1, 0.0),
    ]
