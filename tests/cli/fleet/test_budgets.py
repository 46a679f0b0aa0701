"""`monitor fleet budgets` as it is typed: what is left, who uses it, and what calls bring."""

import json
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result

from monitor import clock
from monitor.rate import Rate
from monitor.source import Source
from monitor.store.budget_change import Name, Seen
from monitor.store.connection import Store
from monitor.store.sources import SourceState

Type = Callable[..., Result]
WithStore = Callable[[Callable[[Store], Coroutine[Any, Any, Any]]], Any]

COUNTED = Name(platform="github", credential="github:GITHUB_TOKEN#aaaaaa", host="api.github.com")
REFUSED = replace(COUNTED, credential="github:GITHUB_TOKEN#bbbbbb")
UNTOLD = Name(platform="feeds", credential="feeds:", host="news.example")


async def used(store: Store) -> None:
    alone = await store.budgets.take(COUNTED, owner="first:1", want=1)
    seen = Seen(good=True, window=alone.window, alone=True, left=4000, reset_s=3000, limit=5000)
    await store.budgets.tell(COUNTED, seen, owner="first:1", calls=1)
    await store.budgets.take(COUNTED, owner="second:2", want=12, calls=7)
    await store.budgets.set_aside(REFUSED, reason="GitHub refused the token (401).", for_s=900)
    free = await store.budgets.take(UNTOLD, owner="first:1", want=1)
    await store.budgets.tell(UNTOLD, Seen(good=True, window=free.window, alone=True), owner="first:1", calls=2)
    for name, per_call in (("nest/dear", 0.5), ("nest/cheap", 20.0)):
        source = Source(platform="github", kind="community", parameters={"community": name}, topics=("tea",))
        await store.sources.ensure(source)
        claim = await store.leases.claim(source.id, owner="x")
        assert claim is not None
        rate = Rate(per_hour=5.0, per_call=per_call, calls=2.0, interval_s=600.0)
        state = SourceState(state="ok", next_due=clock.now() + timedelta(minutes=5), rate=rate)
        await store.sources.finish(source.id, epoch=claim.epoch, run="run", state=state)


def test_none__says_so(command: Type) -> None:
    ended = command("fleet", "budgets")
    assert (ended.stdout, ended.stderr) == ("", "No platform was asked yet: there are no budgets.\n")
    assert json.loads(command("fleet", "budgets", "--json").stdout) == []


def test_json__by_credential(command: Type, with_store: WithStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "a-secret-nobody-may-see\nanother-secret")
    with_store(used)
    ended = command("fleet", "budgets", "--json")
    feeds, github = json.loads(ended.stdout)
    assert (feeds["credential"], github["credential"]) == ("feeds:", "github:GITHUB_TOKEN")
    counted, refused = github["budgets"]
    assert {name: counted[name] for name in ("state", "left", "limit", "calls")} == {
        "state": "counted", "left": 3988, "limit": 5000, "calls": 8,
    }  # fmt: skip
    assert {user["owner"]: user["calls"] for user in counted["users"]} == {"first:1": 1, "second:2": 7}
    assert (refused["state"], refused["aside_reason"]) == ("put aside", "GitHub refused the token (401).")
    assert [each["state"] for each in feeds["budgets"]] == ["not told"]
    assert [(each["calls_per_new"], each["calls_per_day"]) for each in github["sources"]] == [(0.05, 288), (2.0, 288)]
    assert "secret" not in ended.stdout


def test_for_people__a_line_each(command: Type, with_store: WithStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "one\ntwo")
    with_store(used)
    lines = [" ".join(line.split()) for line in command("fleet", "budgets", "--platform", "github").stdout.splitlines()]
    assert lines[0] == "github:GITHUB_TOKEN"
    assert any(
        line.startswith("counted 3,988 5,000 ") and line.endswith("8 github:GITHUB_TOKEN#aaaaaa:api.github.com")
        for line in lines
    )
    assert any(line.startswith("put aside ") for line in lines)
    assert "GitHub refused the token (401)." in lines
    assert any(line.startswith("0.05 288 github/community") for line in lines)
    assert not any("feeds" in line for line in lines)
