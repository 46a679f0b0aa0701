"""Which credential is used next, by what is left of each; and what becomes of one that is refused."""

import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.config import Config, load
from monitor.crawl.platforms import platform
from monitor.crawl.purse import REFUSALS, Purse, name_of
from monitor.errors import CredentialsError, StoreUnavailableError
from monitor.source import Source
from monitor.store.budget_change import Seen
from monitor.store.connection import Store, open_store

HOST = "api.github.com"


class Desk:
    """A purse of a process with three tokens, at one host."""

    def __init__(self, store: Store, tokens: str = "one\ntwo\nthree", *, owner: str = "me") -> None:
        async def opened() -> Store:
            return store

        self.store = store
        self.spider: Any = platform("github")
        self.spider.session = SimpleNamespace(config=load({"GITHUB_TOKEN": tokens}))
        self.purse = Purse(owner=owner, store=opened, opened=lambda: True)

    async def chosen(self, source: Source, **more: Any) -> str:
        """The token that is used."""
        credential = await self.purse.choose(self.spider, source, host=HOST, meter="", **more)
        return self.spider.login(credential.config, source)["Authorization"].removeprefix("Bearer ")

    async def names(self) -> dict[str, Any]:
        known = self.purse._known(self.spider, source())
        return {
            self.spider.login(each.config, source())["Authorization"].removeprefix("Bearer "): name_of(
                self.spider, each, host=HOST, meter=""
            )
            for each in known
        }

    async def left(self, **tokens: int) -> None:
        """Open a window of each token, with so much left."""
        for token, left in tokens.items():
            name = (await self.names())[token]
            alone = await self.store.budgets.take(name, owner="x", want=1)
            seen = Seen(good=True, window=alone.window, alone=True, left=left, reset_s=3000)
            budget = await self.store.budgets.tell(name, seen, owner="x")
            self.purse.of(name).apply(budget, sent_at=0, got_at=time.monotonic())


def source(number: int = 1) -> Source:
    return Source(platform="github", kind="community", parameters={"community": f"nest/tea{number}"})


@pytest.fixture
async def store(config: Config) -> AsyncIterator[Store]:
    opened = await open_store(config)
    yield opened
    await opened.close()


@pytest.fixture
async def desk(store: Store) -> Desk:
    return Desk(store)


async def test_the_one_with_most_left_is_used(desk: Desk) -> None:
    await desk.left(one=10, two=4000, three=300)
    assert await desk.chosen(source()) == "two"
    assert await desk.chosen(source(), besides={desk.purse._known(desk.spider, source())[1].id}) == "three"


async def test_nothing_is_known__the_first_is_used(desk: Desk) -> None:
    assert await desk.chosen(source()) == "one"


async def test_one_is_used_up__another_is_used__and_none_waits_for_it(desk: Desk) -> None:
    await desk.left(one=0, two=0, three=5)
    assert await desk.chosen(source()) == "three"


async def test_one_is_refused__it_is_put_aside_for_all_processes_at_once(desk: Desk, store: Store) -> None:
    error = CredentialsError("GitHub refused the token (401).")
    error.status = 401
    await desk.purse.refused((await desk.names())["one"], source(), error)
    assert await desk.chosen(source()) == "two"
    assert await Desk(store, owner="another process").chosen(source()) == "two"
    # The value changes: there is nothing to be reset.
    assert await Desk(store, "changed\ntwo").chosen(source()) == "changed"


async def test_one_source_is_closed_to_an_account__the_credential_is_used_on(desk: Desk) -> None:
    error = CredentialsError("Forbidden (403).")
    error.status = 403
    name = (await desk.names())["one"]
    for _ in range(2 * REFUSALS):
        await desk.purse.refused(name, source(), error)
    assert await desk.chosen(source()) == "one"
    desk.purse.accepted(name)
    for number in range(REFUSALS):
        await desk.purse.refused(name, source(number), error)
    assert await desk.chosen(source()) == "two"


async def test_all_are_refused__it_is_said_and_nothing_is_asked(desk: Desk) -> None:
    error = CredentialsError("GitHub refused the token (401).")
    error.status = 401
    for name in (await desk.names()).values():
        await desk.purse.refused(name, source(), error)
    with pytest.raises(CredentialsError, match=r"GITHUB_TOKEN: each value was refused lately .* 15 minutes.*\(401\)"):
        await desk.chosen(source())


async def test_a_probe_shares_nothing(store: Store) -> None:
    desk = Desk(store)
    desk.purse._opened = lambda: False
    assert await desk.chosen(source()) == "one"
    assert await store.budgets.list_all() == []


async def test_calls_of_a_day__by_what_was_told__of_all_values(desk: Desk) -> None:
    await desk.left(one=999, two=999)
    assert desk.purse.calls_per_day("github:GITHUB_TOKEN", host=HOST, values=3) == pytest.approx(3 * 24 * 1200)
    assert desk.purse.calls_per_day("github:", host=HOST, values=1) is None


async def test_a_look__tells_all_budgets_of_the_platform_that_they_were_looked_at(desk: Desk, store: Store) -> None:
    await desk.left(one=10, two=10)
    permits = [desk.purse.of((await desk.names())[token]) for token in ("one", "two")]
    before = time.monotonic()
    desk.purse.touch("github")
    await desk.purse.close()
    assert all(each.looked_at > before for each in permits)


async def test_a_look_that_fails__tells_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_given: object, **_more: object) -> Any:
        raise StoreUnavailableError("MongoDB is away.")

    await desk.left(one=10)
    monkeypatch.setattr(desk.store.budgets, "list_all", away)
    desk.purse.touch("github")
    await desk.purse.close()
    assert desk.purse.of((await desk.names())["one"]).looked_at == 0
