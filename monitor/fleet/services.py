"""scrapyd's web API where it needs other words than scrapyd's: what changes something, and lists that tell of all nodes.

Every call runs in a thread with a time limit, so that a MongoDB that hangs holds up neither the node nor other calls.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import partial
from typing import Any
from uuid import uuid4

from scrapyd.webservice import WsResource
from twisted.internet.interfaces import IReactorThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from twisted.web import error, http
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from monitor.errors import MonitorError, StoreUnavailableError, UsageError
from monitor.fleet import allowed
from monitor.fleet.egg_storage import FleetEggStorage
from monitor.store.synchronous import deadline

# Calls of scrapyd's API that take parameters beyond the named ones.
_SPIDER_ARGUMENTS_OF = "schedule.json"
_NOT_ARGUMENTS = frozenset({*allowed.CHECKS, "setting", "egg"})


class InThread(Resource):
    """Renders another resource in a thread, with a time limit on all that it asks of MongoDB; None: on each question alone."""

    isLeaf = True  # noqa: N815 (Twisted's name)

    def __init__(self, inner: Resource, reactor: IReactorThreads, pool: ThreadPool, *, answer_s: float | None) -> None:
        super().__init__()
        self._inner, self._reactor, self._pool, self._answer_s = inner, reactor, pool, answer_s

    def render(self, request: Request) -> int:
        """Answer later."""
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)
        answered = deferToThreadPool(self._reactor, self._pool, self._rendered, request)
        answered.addErrback(partial(_told, request)).addCallback(partial(_answer, request, gone))
        return NOT_DONE_YET

    def _rendered(self, request: Request) -> bytes:
        with nullcontext() if self._answer_s is None else deadline(self._answer_s):
            content: bytes = self._inner.render(request)
        return content


def _told(request: Request, failure: Failure) -> bytes:
    """A page that could not be made, in a sentence; no traceback leaves the node."""
    away = failure.check(StoreUnavailableError)
    request.setResponseCode(http.SERVICE_UNAVAILABLE if away else http.INTERNAL_SERVER_ERROR)
    request.setHeader("Content-Type", "text/plain; charset=utf-8")
    sentence = str(failure.value) if failure.check(MonitorError) else "This page cannot be shown; the node's log says why."
    return f"{sentence}\n".encode()


def _answer(request: Request, gone: list[object], content: bytes) -> None:
    for name in ("Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"):
        request.responseHeaders.removeHeader(name)  # scrapyd would let every web page read what nodes tell
    request.setHeader("Content-Length", str(len(content)))
    if not gone:
        if request.method != b"HEAD":
            request.write(content)
        request.finish()


class Refusing(WsResource):  # type: ignore[misc]  # scrapyd has no types
    """A call that tells what it refuses in a sentence, with a status by which plain scrapyd-deploy fails."""

    def render_POST(self, request: Request) -> Mapping[str, Any]:  # noqa: N802 (Twisted's name)
        """Do it, or say why not."""
        try:
            return self.changed(request)
        except UsageError as refused:
            raise error.Error(http.BAD_REQUEST, str(refused).encode()) from None
        except StoreUnavailableError as away:
            raise error.Error(http.SERVICE_UNAVAILABLE, str(away).encode()) from None

    def changed(self, request: Request) -> Mapping[str, Any]:
        """Do what is asked."""
        raise NotImplementedError


class Schedule(Refusing):
    """schedule.json: queue a job."""

    def changed(self, request: Request) -> Mapping[str, Any]:
        """The new job's id."""
        given = texts(request.args)
        project, spider = allowed.project(one(given, "project")), allowed.spider(one(given, "spider"))
        version = allowed.version(one(given, "_version")) if "_version" in given else None
        job = allowed.job(one(given, "jobid")) if "jobid" in given else uuid4().hex
        arguments = allowed.arguments({name: values for name, values in given.items() if name not in _NOT_ARGUMENTS})
        settings = allowed.settings(given.get("setting", []))
        priority = allowed.priority(one(given, "priority")) if "priority" in given else 0.0
        storage: FleetEggStorage = self.root.eggstorage
        egg = storage.find(project, version)
        if egg is None:
            raise UsageError(
                f"version {version} not found" if version else f"project {project} not found: nothing was deployed yet"
            )
        if spider not in egg.spiders:
            raise UsageError(f"spider '{spider}' not found in version {egg.version}")
        chosen = {} if version is None else {"_version": version}
        self.root.scheduler.schedule(project, spider, priority=priority, settings=settings, _job=job, **arguments, **chosen)
        return {"jobid": job}


class Cancel(Refusing):
    """cancel.json: end a job, on whichever node it runs."""

    def changed(self, request: Request) -> Mapping[str, Any]:
        """The state that it had: pending, running, or null where it had neither."""
        given = texts(request.args)
        project, job = allowed.project(one(given, "project")), allowed.job(one(given, "job"))
        signal = one(given, "signal") if "signal" in given else "INT"
        allowed.CHECKS["signal"](signal)
        state = self.root.node.remembered.ask(lambda: self.root.node.jobs.cancel(job, project=project))
        if state == "leased":
            self.root.cancel_here(job, signal)
        return {"prevstate": "running" if state == "leased" else state}


class AddVersion(Refusing):
    """addversion.json: store a version for all nodes, once it was looked at and tried."""

    def changed(self, request: Request) -> Mapping[str, Any]:
        """How many spiders it has."""
        eggs = request.args.pop(b"egg", [])
        given = texts(request.args)
        project, version = allowed.project(one(given, "project")), allowed.version(one(given, "version"))
        if len(eggs) != 1:
            raise UsageError("The egg is missing, or there are several.")
        egg = self.root.node_deploy(eggs[0], project=project, version=version)
        return {"project": project, "version": version, "spiders": len(egg.spiders)}


class SpiderList:
    """Takes the place of scrapyd's, which starts a process for it; spiders are known since the deploy."""

    def __init__(self, storage: FleetEggStorage) -> None:
        self._storage = storage

    def get(self, project: str, version: str | None, *, runner: str) -> list[str]:
        """The spiders of a version, or of the newest."""
        egg = self._storage.find(project, version)
        return [] if egg is None else list(egg.spiders)

    def delete(self, project: str, version: str | None = None) -> None:
        """Nothing is kept here."""


def texts(given: Mapping[bytes, list[bytes]]) -> dict[str, list[str]]:
    """Parameters as texts. Raises UsageError for what is none."""
    try:
        return {name.decode(): [value.decode() for value in values] for name, values in given.items()}
    except UnicodeDecodeError:
        raise UsageError("A parameter is not UTF-8.") from None


def one(given: Mapping[str, list[str]], name: str) -> str:
    """A parameter that is given once. Raises UsageError."""
    values = given.get(name, [])
    if len(values) != 1:
        raise UsageError(f"'{name}' parameter is required, once.")
    return values[0]


def refuse_parameters(path: str, given: Mapping[bytes, list[bytes]]) -> None:
    """Look at the named parameters of any call before scrapyd does. Raises UsageError."""
    for name, values in texts({name: values for name, values in given.items() if name != b"egg"}).items():
        check: Callable[[str], object] | None = allowed.CHECKS.get(name)
        if check is not None:
            check(one({name: values}, name))
        elif path != _SPIDER_ARGUMENTS_OF:
            raise UsageError(f"{path[:40]} takes no parameter {name[:40]!a}.")
