"""`monitor sources` as it is typed, on the real mongod."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result

from monitor import clock
from monitor.cli.sources import age
from monitor.errors import MonitorError, UsageError
from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.simulated import Simulated
from monitor.store.sources import SourceState

TEA = Source(platform="mastodon", kind="tag", parameters={"instance": "a.example", "tag": "tea"}, topics=("drinks",))
BY_HAND = Source(platform="hackernews", kind="query", parameters={"query": "[bold]x[/]"})

Type = Callable[..., Result]
WithStore = Callable[..., Any]


@pytest.fixture
def polled(with_store: WithStore) -> None:
    """Two sources: one that a topic wants and whose last poll failed, one asked for by hand and never polled."""

    async def put(store: Store) -> None:
        for source in (TEA, BY_HAND):
            await store.sources.ensure(source)
        claim = await store.leases.claim(TEA.id, owner="test")
        assert claim is not None
        state = SourceState(
            state="failing", reason="[red]It is gone.", next_due=clock.now() + timedelta(minutes=14, seconds=30)
        )
        await store.sources.finish(TEA.id, epoch=claim.epoch, run="run", state=state)

    with_store(put)


def test_json__is_one_array_with_the_documented_keys(command: Type, polled: None) -> None:
    by_hand, tea = json.loads(command("sources", "--json").stdout)
    assert by_hand == {
        "source": BY_HAND.id,
        "platform": "hackernews",
        "state": "never ran",
        "reason": None,
        "last_poll": None,
        "next_poll": None,
        "interval_s": None,
        "new_per_call": None,
        "new_per_hour": None,
        "gaps": 0,
        "topics": [],
    }
    assert (tea["source"], tea["state"], tea["reason"], tea["topics"]) == (TEA.id, "failing", "[red]It is gone.", ["drinks"])
    assert tea["last_poll"] < tea["next_poll"]
    assert tea.keys() == by_hand.keys()


def test_table__says_how_each_stands_and_takes_nothing_for_markup(command: Type, polled: None) -> None:
    told = command("sources").stdout
    lines = [line.split() for line in told.splitlines()]
    assert lines[0] == ["state", "last", "next", "every", "new/call", "gaps", "source"]
    assert ["never", "ran", "never", "on", "demand", "0", BY_HAND.id] in lines
    (tea,) = [line for line in lines if TEA.id in line]
    assert tea[0] == "failing"
    assert tea[-4:] == ["in", "14m", "0", TEA.id]
    assert "[red]It is gone." in told
    assert "for drinks" in told


def test_table__a_long_id__is_never_cut(command: Type, with_store: WithStore) -> None:
    """It is what other commands and people refer to."""
    long = replace(BY_HAND, parameters={"query": "x" * 300})
    with_store(lambda store: store.sources.ensure(long))
    assert long.id in command("sources").stdout


def test_platform__only_its_own(command: Type, polled: None) -> None:
    assert [told["source"] for told in json.loads(command("sources", "--platform", "mastodon", "--json").stdout)] == [TEA.id]


@pytest.mark.parametrize(
    ("words", "out", "sentence"),
    [
        ((), "", "There are no sources yet. Make some with: monitor track WORD\n"),
        (("--platform", "feeds"), "", "There are no sources of feeds yet. Make some with: monitor track WORD\n"),
        (("--json",), "[]\n", ""),
    ],
)
def test_none__says_how_to_make_some_and_stays_json(command: Type, words: tuple[str, ...], out: str, sentence: str) -> None:
    ended = command("sources", *words)
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, out, sentence)


def test_simulated_data__is_said_on_stderr(command: Type, with_store: WithStore) -> None:
    with_store(lambda store: Simulated(store.database).begin())
    ended = command("sources", "--json")
    assert ended.stdout == "[]\n"
    assert "holds simulated data" in ended.stderr


def test_pause_and_resume__the_state_changes_and_the_reason_is_shown(command: Type, polled: None) -> None:
    ended = command("sources", "pause", TEA.id, "--reason", "too loud")
    assert (ended.exit_code, ended.stdout) == (0, "")
    assert f"monitor sources resume '{TEA.id}'" in ended.stderr
    told = json.loads(command("sources", "--platform", "mastodon", "--json").stdout)[0]
    assert (told["state"], told["reason"], told["next_poll"]) == ("paused", "too loud", None)
    assert command("collect", "--dry-run").stdout == ""
    assert command("sources", "resume", TEA.id).exit_code == 0
    told = json.loads(command("sources", "--platform", "mastodon", "--json").stdout)[0]
    assert (told["state"], told["reason"]) == ("ok", None)
    assert command("collect", "--dry-run").stdout == f"{TEA.id}\n"


def test_remove__the_source_is_gone_and_the_other_stays(command: Type, polled: None) -> None:
    ended = command("sources", "remove", BY_HAND.id)
    assert (ended.exit_code, ended.stdout) == (0, "")
    assert "its posts stay" in ended.stderr
    assert [told["source"] for told in json.loads(command("sources", "--json").stdout)] == [TEA.id]


@pytest.mark.parametrize("verb", ["pause", "resume", "remove"])
def test_decisions__about_no_source__say_where_the_ids_are(command: Type, polled: None, verb: str) -> None:
    ended = command("sources", verb, "mastodon/tag")
    assert isinstance(ended.exception, MonitorError)
    assert "There is no source 'mastodon/tag'. `monitor sources` lists the ids" in str(ended.exception)


def test_decisions__with_options_of_the_list__are_refused(command: Type) -> None:
    assert isinstance(command("sources", "--json", "remove", TEA.id).exception, UsageError)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-5, "0s"), (0, "0s"), (59.9, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h"), (86_399, "23h"), (200_000, "2d")],
)
def test_age__is_the_largest_whole_unit(seconds: float, told: str) -> None:
    assert age(timedelta(seconds=seconds)) == told
