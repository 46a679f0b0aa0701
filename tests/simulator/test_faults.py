"""The switchboard: which request meets which fault."""

from collections import Counter

import pytest

from monitor.errors import UsageError
from monitor.simulator.faults import NAMES, Switch, Switchboard
from monitor.simulator.refusals import SHAPES


def test_shapes__are_twelve_and_each_a_fault():
    assert len(SHAPES) == 12
    assert {f"429-{shape}" for shape in SHAPES} <= set(NAMES)


def test_rate__is_the_share_of_requests_that_meet_it():
    board = Switchboard([Switch(name="500", rate=0.25)], seed=3)
    met = sum(board.plan("mastodon", "/").reply is not None for _ in range(2000))
    assert 400 < met < 600


def test_choices__are_seeded():
    def met(seed):
        board = Switchboard([Switch(name="500", rate=0.5)], seed=seed)
        return [board.plan("mastodon", "/").reply is not None for _ in range(50)]

    assert met(3) == met(3) != met(4)


def test_times_and_after__bound_it():
    board = Switchboard([Switch(name="500", times=2, after=3)])
    plans = []
    for _ in range(8):
        plan = board.plan("mastodon", "/")
        plans.append(plan.reply is not None)
        if plan.reply:
            board.note(plan.reply)
    assert plans == [False, False, False, True, True, False, False, False]
    assert board.total == Counter({"500": 2})


def test_platform_and_path__narrow_it():
    board = Switchboard([Switch(name="500", platform="mastodon", path="/tag/")])
    assert board.plan("mastodon", "/api/v1/timelines/tag/python").reply
    assert not board.plan("mastodon", "/api/v1/timelines/public").reply
    assert not board.plan("hackernews", "/tag/").reply


def test_read__a_typed_switch():
    switch = Switch.read("poison-nul:0.5,position=3,times=2,platform=hackernews")
    assert (switch.name, switch.rate, switch.position, switch.times, switch.platform) == ("poison-nul", 0.5, 3, 2, "hackernews")


@pytest.mark.parametrize("text", ["nothing", "500:2", "500,colour=red", "500,happened=3"])
def test_read__nonsense__is_refused_in_a_sentence(text):
    with pytest.raises(UsageError, match="fault"):
        Switch.read(text)
