"""Who may call a node: whoever knows the password, from no other web site, and with little to say.

scrapyd runs whatever is deployed to it, so its API is a way to run code. This stands in front of all of it: password (compared in
constant time), `Host`, `Sec-Fetch-Site` and `Origin` (https://developer.mozilla.org/docs/Web/HTTP/Headers/Sec-Fetch-Site, checked
2026-11-29), methods, names and sizes.
"""

import hmac
import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from urllib.parse import urlsplit

from twisted.web import http
from twisted.web.resource import Resource
from twisted.web.server import Request

from monitor.config import Secret
from monitor.errors import UsageError
from monitor.fleet.local_node import LOOPBACK, LocalNode
from monitor.fleet.services import refuse_parameters
from monitor.store.eggs import LARGEST_BYTES

# The egg and the form around it; nothing else that is sent to a node is larger than a few kilobytes.
LARGEST_REQUEST_BYTES = LARGEST_BYTES + 64 * 1024
_METHODS = frozenset({b"GET", b"HEAD", b"POST"})
_SAFE_SITES = frozenset({"same-origin", "none"})
_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    # scrapyd's pages have their style in them, and no script is needed.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Server": "social-monitor",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Refusal(Resource):
    """Says no, as scrapyd says it: an object with status and message, by which its clients tell it."""

    isLeaf = True  # noqa: N815 (Twisted's name)

    def __init__(self, code: int, sentence: str, *, node: str) -> None:
        super().__init__()
        self._code, self._sentence, self._node = code, sentence, node

    def render(self, request: Request) -> bytes:
        """Answer at once."""
        request.setResponseCode(self._code)
        request.setHeader("Content-Type", "application/json")
        if self._code == http.UNAUTHORIZED:
            request.setHeader("WWW-Authenticate", 'Basic realm="node", charset="UTF-8"')
        told = {"status": "error", "message": self._sentence, "node_name": self._node}
        return json.dumps(told).encode() + b"\n"


class Gate(Resource):
    """In front of the whole web API and console of a node."""

    def __init__(self, inner: Resource, node: LocalNode) -> None:
        super().__init__()
        self._inner, self._node = inner, node

    def getChildWithDefault(self, path: bytes, request: Request) -> Resource:  # noqa: N802 (Twisted's name)
        """The resource that answers: that of scrapyd, or a refusal."""
        for name, value in _HEADERS.items():
            request.setHeader(name, value)
        refusal = judge(request, self._node)
        if refusal is not None:
            return refusal
        if not path and request.postpath:  # `scrapyd-client` puts a slash behind an address that ends with one
            path = request.postpath.pop(0)
        try:
            refuse_parameters(path.decode("ascii", "replace"), request.args)
        except UsageError as error:
            return Refusal(http.BAD_REQUEST, str(error), node=self._node.name)
        child: Resource = self._inner.getChildWithDefault(path, request)
        return child

    def render(self, request: Request) -> bytes:
        """For `OPTIONS *` and the like, which name no resource."""
        return Refusal(http.BAD_REQUEST, "Name a resource.", node=self._node.name).render(request)


class BoundedRequest(Request):
    """A request whose body is no larger than an egg; refused by its length, or while it comes."""

    received = 0

    def gotLength(self, length: int | None) -> None:  # noqa: N802 (Twisted's name)
        """Called with the stated length, None where there is none."""
        if length is not None and length > LARGEST_REQUEST_BYTES:
            self.channel._respondToBadRequestAndDisconnect()  # noqa: SLF001 (Twisted has no public way so early)
            return
        super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        """Called with each part of the body."""
        self.received += len(data)
        if self.content is None:  # refused by its length; the rest of it is on its way
            return
        if self.received > LARGEST_REQUEST_BYTES:
            self.channel.loseConnection()
            return
        super().handleContentChunk(data)


def judge(request: Request, node: LocalNode) -> Refusal | None:
    """The refusal of a request; None where it may go on."""
    if request.method not in _METHODS:
        return Refusal(http.NOT_ALLOWED, "Only GET, HEAD and POST are taken.", node=node.name)
    host = request.getHeader("host") or ""
    if node.password is None and not _is_loopback(host):
        # A page elsewhere whose name leads to this machine: what it asks looks like its own.
        return Refusal(http.FORBIDDEN, "This node answers to the name of this machine alone.", node=node.name)
    if node.username is not None and node.password is not None and not _knows(request, node.username, node.password):
        return Refusal(http.UNAUTHORIZED, "The user name or the password is wrong, or missing.", node=node.name)
    if _is_foreign(request, host):
        return Refusal(http.FORBIDDEN, "A page of another site may not call this node.", node=node.name)
    return None


def _knows(request: Request, username: str, password: Secret) -> bool:
    kind, _, sent = (request.getHeader("authorization") or "").partition(" ")
    try:
        name, _, word = b64decode(sent.strip(), validate=True).partition(b":")
    except (Base64Error, ValueError):
        return False
    # Both are compared, and the whole of both, so that the time tells nothing.
    right_name = hmac.compare_digest(name, username.encode())
    right_word = hmac.compare_digest(word, password.reveal().encode())
    return kind.lower() == "basic" and right_name and right_word


def _is_foreign(request: Request, host: str) -> bool:
    site, origin = request.getHeader("sec-fetch-site"), request.getHeader("origin")
    if site is not None and site.lower() not in _SAFE_SITES:
        return True
    return origin is not None and (urlsplit(origin).netloc.lower() != host.lower() or not host)


def _is_loopback(host: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname in LOOPBACK
    except ValueError:
        return False
