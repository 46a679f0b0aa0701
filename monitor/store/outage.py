"""Which errors of MongoDB mean "wait and try again", and how that is told and done.

Every method of this package that talks to MongoDB carries `@tells_outage`, so that no caller ever sees a pymongo error for
a server that is away, has no primary or has no disk: it sees StoreUnavailableError with a sentence. Errors of a single
document (too large, refused by a validator) are not outages and are treated in `monitor.store.posts`.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import pymongo
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from monitor.errors import StoreUnavailableError

_NO_DISK = 14031
# https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml, checked 2026-11-22: the retryable, shutting
# down, stepping down and no-space ones, and those that say that a time limit was hit.
_OUTAGE_CODES = frozenset(
    {
        6,  # HostUnreachable
        7,  # HostNotFound
        24,  # LockTimeout
        50,  # MaxTimeMSExpired
        64,  # WriteConcernFailed
        89,  # NetworkTimeout
        91,  # ShutdownInProgress
        100,  # UnsatisfiableWriteConcern
        112,  # WriteConflict
        133,  # FailedToSatisfyReadPreference
        134,  # ReadConcernMajorityNotAvailableYet
        189,  # PrimarySteppedDown
        202,  # NetworkInterfaceExceededTimeLimit
        262,  # ExceededTimeLimit
        9001,  # SocketException
        10107,  # NotWritablePrimary
        11600,  # InterruptedAtShutdown
        11601,  # Interrupted
        11602,  # InterruptedDueToReplStateChange
        13435,  # NotPrimaryNoSecondaryOk
        13436,  # NotPrimaryOrSecondary
        _NO_DISK,
    }
)

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
# One try of several commands; a connection that died unseen must not eat the whole patience of a caller.
ONE_TRY_S = 15.0
# For how long a single operation is tried, by the driver where it can repeat it, else by `persists`.
PATIENCE_S = 10.0

P = ParamSpec("P")
R = TypeVar("R")


class _Stored(Protocol):
    @property
    def database(self) -> AsyncDatabase[dict[str, Any]]: ...


S = TypeVar("S", bound=_Stored)


def is_outage(error: PyMongoError) -> bool:
    """Tell whether the same operation may succeed later without anybody changing it."""
    if isinstance(error, BulkWriteError):
        # With a write concern error the writes are done, but nobody knows whether they will last.
        return bool(error.details.get("writeConcernErrors")) or not _OUTAGE_CODES.isdisjoint(_bulk_codes(error))
    if isinstance(error, ConnectionFailure | WriteConcernError) or error.timeout:
        return True
    return isinstance(error, OperationFailure) and (error.code in _OUTAGE_CODES or error.has_error_label("RetryableWriteError"))


def unavailable(error: PyMongoError, place: str) -> StoreUnavailableError:
    """Say it for a person; the text of `error` itself stays out, since it may quote a post."""
    codes = _bulk_codes(error) if isinstance(error, BulkWriteError) else {getattr(error, "code", None)}
    if _NO_DISK in codes:
        return StoreUnavailableError(f"MongoDB at {place} has no disk space left: free some, and writing goes on by itself.")
    if isinstance(error, NotPrimaryError):
        why = "has no primary at the moment"
    elif error.timeout:
        why = "does not answer in time"
    elif isinstance(error, ConnectionFailure):
        why = "cannot be reached, or closed the connection"
    else:
        why = f"refuses work for now (code {', '.join(str(code) for code in codes)})"
    return StoreUnavailableError(f"MongoDB at {place} {why}. It is tried again; if it stays so, start it or check MONGODB_URI.")


def place_of(database: AsyncDatabase[dict[str, Any]]) -> str:
    """Host and port, or the socket's path, of the servers behind `database`; never credentials."""
    addresses = database.client.topology_description.server_descriptions()
    return ", ".join(host if port is None else f"{host}:{port}" for host, port in sorted(addresses)) or "an unknown host"


def tells_outage(
    method: Callable[Concatenate[S, P], Awaitable[R]],
) -> Callable[Concatenate[S, P], Awaitable[R]]:
    """Turn an outage of MongoDB inside `method` into StoreUnavailableError; every other error passes."""

    @wraps(method)
    async def told(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await _telling(lambda: method(self, *args, **kwargs), self.database)

    return told


def persists(
    method: Callable[Concatenate[S, P], Awaitable[R]],
) -> Callable[Concatenate[S, P], Awaitable[R]]:
    """As `tells_outage`, for what the driver does not repeat by itself: writes to many documents. They must be idempotent."""

    @wraps(method)
    async def persisting(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await insist(lambda: method(self, *args, **kwargs), self.database)

    return persisting


async def insist(command: Callable[[], Awaitable[R]], database: AsyncDatabase[dict[str, Any]]) -> R:
    """One command that the driver does not repeat by itself, such as making an index, repeated through outages for a while."""
    until = asyncio.get_running_loop().time() + PATIENCE_S
    return await persist(lambda: _telling(command, database), until=until, one_try_s=None)


async def _telling(operation: Callable[[], Awaitable[R]], database: AsyncDatabase[dict[str, Any]]) -> R:
    try:
        return await operation()
    except PyMongoError as error:
        if not is_outage(error):
            raise
        raise unavailable(error, place_of(database)) from error


async def persist(operation: Callable[[], Awaitable[R]], *, until: float, one_try_s: float | None = ONE_TRY_S) -> R:
    """Repeat `operation` through outages until the event loop's time `until`, then let StoreUnavailableError out.

    The operation must be idempotent: an outage may hide that it succeeded. Pauses double from 0.1 to 5 s, with full jitter.
    `one_try_s` None: each try has the client's own time limit.
    """
    loop = asyncio.get_running_loop()
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            if one_try_s is None:
                return await operation()
            with pymongo.timeout(min(max(until - loop.time(), FIRST_PAUSE_S), one_try_s)):
                return await operation()
        except StoreUnavailableError:
            wait_s = random.uniform(0, pause_s)  # noqa: S311 (jitter is no secret)
            if loop.time() + wait_s >= until:
                raise
            await asyncio.sleep(wait_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def _bulk_codes(error: BulkWriteError) -> set[int]:
    failures = (*error.details.get("writeErrors", ()), *error.details.get("writeConcernErrors", ()))
    return {int(failure["code"]) for failure in failures}
