"""Signing in once per credential: within a process, from run to run, and when what was given runs out."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.config import Config, load
from monitor.crawl.sign_in import SignIns
from monitor.errors import CredentialsError, RateLimitedError
from monitor.page import Ask, Reply
from monitor.source import Source

SEARCH = Source(platform="chirp", kind="query", parameters={"query": "tea"})
OPEN = Source(platform="chirp", kind="account", parameters={"account": "wren"})


class Chirp:
    """Signs in by password and renews by token, as Bluesky does."""

    name = "chirp"

    def sign_in(self, config: Config, source: Source, known: Mapping[str, str]) -> Ask | None:
        password = config.secret("CHIRP_PASSWORD")
        if password is None or source.kind != "query":
            return None
        if known:
            return Ask("/renew", headers={"Authorization": known["token"]}, method="POST")
        return Ask("/sign-in", body=password.reveal().encode(), method="POST")

    def signed_in(self, reply: Reply) -> Mapping[str, str]:
        return {"token": reply.json["token"]}


@dataclass
class Kept:
    """The collection, as a dictionary."""

    documents: dict[str, bytes] = field(default_factory=dict)

    async def find(self, name: str) -> bytes | None:
        return self.documents.get(name)

    async def save(self, name: str, sealed: bytes) -> None:
        self.documents[name] = sealed


@dataclass
class Run:
    """One run: its own memory, a collection that it may share with others, and what it sent."""

    kept: Kept = field(default_factory=Kept)
    password: str = "a-password-nobody-may-see"
    server: str = "https://chirp.example"
    opened: bool = True
    refuse: dict[str, Exception] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.config = load({"CHIRP_PASSWORD": self.password})
        self.sign_ins = SignIns(Chirp(), self, server=self.server)  # type: ignore[arg-type]

    async def store(self) -> Any:
        run = self

        class Store:
            sign_ins = run.kept

        return Store()

    async def send(self, ask: Ask) -> Reply:
        self.sent.append(ask.path)
        await asyncio.sleep(0)
        if ask.path in self.refuse:
            raise self.refuse[ask.path]
        body = json.dumps({"token": f"{ask.path}-{len(self.sent)}-secret"}).encode()
        return Reply(200, {}, body, "https://chirp.example", datetime(2026, 11, 22, tzinfo=UTC))

    async def facts(self, source: Source = SEARCH) -> Mapping[str, str]:
        return await self.sign_ins.facts(source, self.send, self.config)

    async def renewed(self, used: Mapping[str, str]) -> Mapping[str, str]:
        return await self.sign_ins.renewed(SEARCH, used, self.send, self.config)


async def test_many_walks_at_once_sign_in_once() -> None:
    run = Run()
    facts = await asyncio.gather(*(run.facts() for _ in range(20)))
    assert run.sent == ["/sign-in"]
    assert all(each == facts[0] for each in facts)


async def test_what_needs_no_sign_in_sends_nothing() -> None:
    run = Run()
    assert await run.facts(OPEN) == {}
    assert run.sent == []
    assert run.kept.documents == {}


async def test_the_next_run_goes_on_with_what_the_last_one_got() -> None:
    first = Run()
    second = Run(kept=first.kept)
    assert await first.facts() == await second.facts()
    assert second.sent == []


@pytest.mark.parametrize("other", [{"password": "changed"}, {"server": "http://127.0.0.1:9"}])
async def test_other_credentials_and_other_servers_are_another_sign_in(other: dict[str, str]) -> None:
    """What a simulator gave must not go to the platform, nor the reverse."""
    first = Run()
    await first.facts()
    second = Run(kept=first.kept, **other)  # type: ignore[arg-type]
    await second.facts()
    assert second.sent == ["/sign-in"]
    assert len(first.kept.documents) == 2


async def test_what_is_kept_shows_no_secret() -> None:
    run = Run()
    facts = await run.facts()
    ((name, sealed),) = run.kept.documents.items()
    assert name.startswith("chirp/")
    for secret in (run.password, facts["token"], "token"):
        assert secret.encode() not in sealed + name.encode()


async def test_what_is_kept_was_damaged__is_signed_in_anew() -> None:
    run = Run()
    await run.facts()
    run.kept.documents = dict.fromkeys(run.kept.documents, b"damaged")
    later = Run(kept=run.kept)
    await later.facts()
    assert later.sent == ["/sign-in"]


async def test_a_probe_which_has_no_store_signs_in_and_keeps_nothing() -> None:
    run = Run(opened=False)
    assert await run.facts() == await run.facts()
    assert (run.sent, run.kept.documents) == (["/sign-in"], {})


async def test_ran_out__is_renewed_once_for_all_walks_and_kept() -> None:
    run = Run()
    used = await run.facts()
    renewed = await asyncio.gather(*(run.renewed(used) for _ in range(20)))
    assert run.sent == ["/sign-in", "/renew"]
    assert all(each == renewed[0] != used for each in renewed)
    assert await Run(kept=run.kept).facts() == renewed[0]


async def test_ran_out__another_process_renewed_it_meanwhile() -> None:
    ours = Run()
    theirs = Run(kept=ours.kept)
    used = await ours.facts()
    renewed = await theirs.renewed(await theirs.facts())
    assert await ours.renewed(used) == renewed
    assert ours.sent == ["/sign-in"]


async def test_ran_out_and_cannot_be_renewed__is_signed_in_anew() -> None:
    run = Run(refuse={"/renew": CredentialsError("the token ran out")})
    used = await run.facts()
    assert await run.renewed(used) != used
    assert run.sent == ["/sign-in", "/renew", "/sign-in"]


async def test_ran_out_while_the_platform_limits_us__nothing_else_is_tried() -> None:
    run = Run(refuse={"/renew": RateLimitedError("later", wait_s=60)})
    used = await run.facts()
    with pytest.raises(RateLimitedError):
        await run.renewed(used)
    assert run.sent == ["/sign-in", "/renew"]


async def test_refused_credentials_are_offered_once() -> None:
    run = Run(refuse={"/sign-in": CredentialsError("wrong password")})
    for _ in range(3):
        with pytest.raises(CredentialsError):
            await run.facts()
    assert run.sent == ["/sign-in"]
