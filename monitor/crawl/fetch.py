"""One ask becomes one checked reply: request, credentials, redirects, second tries."""

import asyncio
import logging
import random
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.http import Response

from monitor import clock, outbound
from monitor.config import DEFAULT_DATABASE
from monitor.crawl.address import address
from monitor.crawl.credential import Credential
from monitor.crawl.pace_middleware import BUDGET, OTHERS, PACE, UNITS, header_map
from monitor.crawl.purse import name_of
from monitor.crawl.reply_check import check
from monitor.crawl.resolver import pin
from monitor.errors import (
    CredentialsError,
    GoneError,
    RateLimitedError,
    RefusedError,
    ReplyError,
    RetryLater,
    SetAsideError,
    SignInOverError,
)
from monitor.page import Ask, Reply
from monitor.source import Source

if TYPE_CHECKING:
    from monitor.crawl.spider import PlatformSpider

logger = logging.getLogger(__name__)

TRIES = 3  # of one ask within one walk; what Scrapy itself tries again (failing servers, broken connections) is not tried here
REFUSALS = 8  # of one ask within one walk, each waited for: other sources of its host may use up one new window after another
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


async def fetch(spider: "PlatformSpider", source: Source, ask: Ask, *, cursor: str | None = None) -> Reply:
    """Send `ask` and return its checked reply, trying again where the reply was cut or not what was asked for.

    Raises RetryLater, StopSource or CursorRefusedError as `reply_check.check` sorts them.
    """
    longest_wait_s = spider.settings.getfloat("MONITOR_LONGEST_WAIT_S")
    failed, refused, waited_s = 0, 0, 0.0
    while True:
        try:
            return await _fetch_once(spider, source, ask, cursor=cursor)
        except RateLimitedError as error:
            refused += 1
            waited_s += longest_wait_s + 1 if error.wait_s is None else error.wait_s
            if refused == REFUSALS or waited_s > longest_wait_s:
                raise
        except ReplyError:
            failed += 1
            if failed == TRIES or spider.session.stopping:
                raise
            await asyncio.sleep(random.uniform(0.1, 0.5 * 2**failed))  # noqa: S311 - jitter, not a secret


async def _fetch_once(spider: "PlatformSpider", source: Source, ask: Ask, *, cursor: str | None) -> Reply:
    """Send `ask` with the best of the credentials that there are; with the next one where that is refused or used up."""
    purse, besides, meter = spider.session.purse, set[str](), spider.meter(ask)
    if (none := purse.without(spider, source)) is not None:
        return await _signed(spider, source, ask, cursor=cursor, credential=none)
    host = urlsplit(address(ask, base=spider.base_url, parameters=source.parameters, instead=spider.given.base_url)).netloc
    several = purse.label(spider, source)[1]
    while True:
        credential = await purse.choose(spider, source, host=host, meter=meter, besides=besides)
        name = name_of(spider, credential, host=host, meter=meter)
        last = len(besides) + 1 == several
        try:
            reply = await _signed(spider, source, ask, cursor=cursor, credential=replace(credential, last=last))
        except SetAsideError:
            continue
        except CredentialsError as error:
            await purse.refused(name, source, error)
            if last:
                raise
        except RateLimitedError:
            if last:
                raise
        else:
            purse.accepted(name)
            return reply
        besides.add(credential.id)


async def _signed(spider: "PlatformSpider", source: Source, ask: Ask, *, cursor: str | None, credential: Credential) -> Reply:
    """Send `ask`, signed in where the platform's file says so; a sign-in that ran out is renewed, once."""

    async def send(sign_in: Ask) -> Reply:
        return await _send(spider, source, sign_in, cursor=None, credential=credential)

    facts = await spider.sign_ins.facts(source, send, credential.config)
    if not facts:
        return await _send(spider, source, ask, cursor=cursor, credential=credential)
    try:
        return await _send(spider, source, spider.signed(ask, facts), cursor=cursor, credential=credential)
    except SignInOverError:
        facts = await spider.sign_ins.renewed(source, facts, send, credential.config)
        return await _send(spider, source, spider.signed(ask, facts), cursor=cursor, credential=credential)


async def _send(spider: "PlatformSpider", source: Source, ask: Ask, *, cursor: str | None, credential: Credential) -> Reply:
    # The platform's own address, also where base_url= sends the request elsewhere: posts are identified by it.
    told_url = address(ask, base=spider.base_url, parameters=source.parameters, instead=None)
    url = address(ask, base=spider.base_url, parameters=source.parameters, instead=spider.given.base_url)
    headers = {"Accept": spider.accepts, **spider.login(credential.config, source), **ask.headers}
    for _ in range(spider.redirects + 1):
        judged = []
        if spider.typed_hosts and spider.given.base_url is None:
            judged = await outbound.check(url, private_hosts=spider.session.config.private_hosts)
        request = Request(url, method=ask.method, headers=headers, body=ask.body, dont_filter=True)
        name = name_of(spider, credential, host=urlsplit(request.url).netloc, meter=spider.meter(ask))
        pace = name.host if credential.among == 1 else f"{credential.id}:{name.host}"
        told = {BUDGET: name, UNITS: ask.units, PACE: pace, OTHERS: not credential.last}
        request.meta.update({**told, "download_slot": pace})
        if judged:
            pin(urlsplit(request.url).hostname or "", judged)  # the host as the connection will look for it
        asked_at = clock.now()
        response = await _download(spider, request)
        if response.status not in _REDIRECTS or not spider.redirects:
            reply = Reply(response.status, header_map(response), response.body, told_url, asked_at)
            if "x-simulated" in reply.headers and spider.session.config.database == DEFAULT_DATABASE:
                raise RefusedError(
                    f"{source.id} is served by a simulator, and simulated posts do not enter the database {DEFAULT_DATABASE}: "
                    "set MONITOR_DATABASE to another name."
                )
            wait_s = None if response.request is None else response.request.meta.get("asked_wait_s")
            try:
                if error := spider.refusal(reply):
                    raise error
                check(reply, platform=spider.name, accepts=spider.accepts, cursor=cursor, wait_s=wait_s)
            except CredentialsError as refused:
                refused.status = reply.status
                raise
            return reply
        url = told_url = _followed(spider, url, response)
        if urlsplit(url)[:2] != urlsplit(response.url)[:2]:
            headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
    raise RefusedError(
        f"{spider.name}: more than {spider.redirects} redirects from {source.parameters.get('url', 'the source')}."
    )


def _followed(spider: "PlatformSpider", url: str, response: Response) -> str:
    location = response.headers.get("Location")
    if not location:
        raise GoneError(f"{spider.name} redirected to nowhere ({response.status}).")
    try:
        target = urljoin(url, location.decode("latin-1"))
        scheme = urlsplit(target).scheme
    except ValueError as error:
        raise RefusedError(f"{spider.name} redirected to what is no address: {error}.") from None
    if scheme not in {"http", "https"}:
        raise RefusedError(f"{spider.name} redirected to an address that is not http: {scheme}.")
    return target


async def _download(spider: "PlatformSpider", request: Request) -> Response:
    engine = spider.crawler.engine
    assert engine is not None
    host = urlsplit(request.url).netloc
    # All but the first were tried again by Scrapy: they are none of the ReplyErrors, which `fetch` tries again.
    try:
        return await engine.download_async(request)
    except DownloadCancelledError:
        raise RetryLater(f"The reply of {host} is larger than we take.") from None
    except DownloadTimeoutError:
        raise RetryLater(f"{host} did not answer in time.") from None
    except CannotResolveHostError:
        raise RetryLater(f"The host name {host} cannot be resolved: check the name and the network.") from None
    except DownloadConnectionRefusedError:
        raise RetryLater(f"{host} refuses connections: is the server running?") from None
    except ResponseDataLossError:
        raise RetryLater(f"The reply of {host} ended early.") from None
    except UnsupportedURLSchemeError as error:
        raise RefusedError(f"The address cannot be asked: {error}.") from None
    except (DownloadFailedError, IgnoreRequest) as error:
        raise RetryLater(f"The connection to {host} failed ({type(error).__name__}).") from None
