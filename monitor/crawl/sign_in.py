"""Signing in to a platform: once per credential, however many walks, processes and runs use it.

What a platform gives for credentials (its tokens) is kept in MongoDB, sealed with a key that is derived from those credentials:
the database alone opens nothing, and changed credentials, or another server, are another sign-in.
"""

import asyncio
import hashlib
import json
import logging
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from cryptography.fernet import Fernet, InvalidToken

from monitor.config import Config
from monitor.crawl.session import Session
from monitor.errors import StopSource
from monitor.page import Ask, Reply
from monitor.source import Source

logger = logging.getLogger(__name__)

Send = Callable[[Ask], Awaitable[Reply]]

# RFC 7914; 16 MiB and some 50 ms for each guess at a password by somebody who has the database.
_COST, _BLOCKS = 2**14, 8
_KEY_BYTES, _NAME_BYTES = 32, 16


class Platform(Protocol):
    """What of a platform spider this step needs."""

    name: str

    def sign_in(self, config: Config, source: Source, known: Mapping[str, str], /) -> Ask | None: ...
    def signed_in(self, reply: Reply, /) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True, repr=False)
class _Lock:
    """Where a sign-in is kept, and what opens it."""

    name: str
    key: Fernet

    @classmethod
    def of(cls, platform: str, server: str, ask: Ask) -> "_Lock":
        told = json.dumps([platform, server, ask.path, *sorted(ask.headers.items())]).encode() + (ask.body or b"")
        made = hashlib.scrypt(told, salt=b"social-monitor", n=_COST, r=_BLOCKS, p=1, dklen=_KEY_BYTES + _NAME_BYTES)
        return cls(f"{platform}/{made[_KEY_BYTES:].hex()}", Fernet(urlsafe_b64encode(made[:_KEY_BYTES])))

    def seal(self, facts: Mapping[str, str]) -> bytes:
        return self.key.encrypt(json.dumps(dict(facts)).encode())

    def open(self, sealed: bytes) -> Mapping[str, str]:
        try:
            facts: dict[str, str] = json.loads(self.key.decrypt(sealed))
        except (InvalidToken, ValueError):  # written by something else: as good as nothing
            return {}
        return facts


class SignIns:
    """The sign-ins of one crawl. Refused credentials are not offered twice: platforms count failures, and lock accounts."""

    def __init__(self, platform: Platform, session: Session, *, server: str) -> None:
        self._platform = platform
        self._session = session
        self._server = server
        self._locks: dict[tuple[str, bytes | None], _Lock] = {}
        self._known: dict[str, Mapping[str, str]] = {}
        self._refused: dict[str, StopSource] = {}
        self._one = asyncio.Lock()

    async def facts(self, source: Source, send: Send, config: Config) -> Mapping[str, str]:
        """What the platform gave for the credentials of `source`, asked for at most once; empty: there is nothing to sign in to.

        `config` has the credentials that were chosen.

        Raises what `send` raises, CredentialsError above all.
        """
        ask = self._platform.sign_in(config, source, {})
        if ask is None:
            return {}
        async with self._one:
            lock = await self._lock(ask)
            if lock.name not in self._known:
                self._known[lock.name] = await self._stored(lock) or await self._asked(ask, lock, send)
            return self._known[lock.name]

    async def renewed(self, source: Source, used: Mapping[str, str], send: Send, config: Config) -> Mapping[str, str]:
        """What follows `used`, which ran out: as another walk or process renewed it meanwhile, else renewed now."""
        ask = self._platform.sign_in(config, source, {})
        if ask is None:
            return {}
        async with self._one:
            lock = await self._lock(ask)
            for known in (self._known.get(lock.name), await self._stored(lock)):
                if known and known != used:
                    self._known[lock.name] = known
                    return known
            renewal = self._platform.sign_in(config, source, used)
            self._known[lock.name] = await self._renewed(renewal, ask, lock, send)
            return self._known[lock.name]

    async def _renewed(self, renewal: Ask | None, ask: Ask, lock: _Lock, send: Send) -> Mapping[str, str]:
        if renewal is not None and renewal != ask:
            try:
                return await self._kept(lock, self._platform.signed_in(await send(renewal)))
            except StopSource:
                logger.info("event=sign_in_not_renewed platform=%s: signing in anew", self._platform.name)
        return await self._asked(ask, lock, send)

    async def _asked(self, ask: Ask, lock: _Lock, send: Send) -> Mapping[str, str]:
        if lock.name in self._refused:
            raise self._refused[lock.name]
        try:
            reply = await send(ask)
        except StopSource as error:
            self._refused[lock.name] = error
            raise
        logger.info("event=signed_in platform=%s", self._platform.name)
        return await self._kept(lock, self._platform.signed_in(reply))

    async def _lock(self, ask: Ask) -> _Lock:
        place = (ask.path, ask.body)
        if place not in self._locks:
            self._locks[place] = await asyncio.to_thread(_Lock.of, self._platform.name, self._server, ask)
        return self._locks[place]

    async def _stored(self, lock: _Lock) -> Mapping[str, str]:
        if not self._session.opened:  # a probe stores nothing
            return {}
        store = await self._session.store()
        sealed = await store.sign_ins.find(lock.name)
        return {} if sealed is None else lock.open(sealed)

    async def _kept(self, lock: _Lock, facts: Mapping[str, str]) -> Mapping[str, str]:
        if self._session.opened:
            store = await self._session.store()
            await store.sign_ins.save(lock.name, lock.seal(facts))
        return facts
