"""What came back is checked before anybody reads it: a reply is complete and what was asked for, or an error says why not."""

from collections.abc import Mapping

from monitor.errors import (
    CredentialsError,
    CursorRefusedError,
    GoneError,
    MonitorError,
    RateLimitedError,
    RefusedError,
    ReplyError,
    RetryLater,
)
from monitor.page import Reply

NOT_MODIFIED = 304
_RATE_LIMITED = frozenset({420, 425, 429})
_GONE = frozenset({404, 410, 451})


def check(reply: Reply, *, platform: str, accepts: str, cursor: str | None, wait_s: float | None) -> None:
    """Raise the error that a refused or unusable reply stands for; return for a reply that may be read.

    `accepts` is the media type that was asked for. `cursor` is the one that was asked with: a 400, 404 or 410 then means that
    the platform no longer knows it. `wait_s` is what the reply's headers say about waiting.
    """
    status = reply.status
    if status == NOT_MODIFIED or 200 <= status < 300:
        _refuse_challenge(reply, platform, accepts)
        return
    if status in _RATE_LIMITED or (status == 403 and wait_s is not None):
        raise RateLimitedError(f"{platform} answered {status}: too many requests.", wait_s=wait_s)
    if status >= 500 or status == 408:  # Scrapy has asked again already
        raise RetryLater(f"{platform} answered {status}; it will be asked again.", wait_s=wait_s)
    if 300 <= status < 400:
        raise RefusedError(
            f"{platform} redirected to {reply.headers.get('location', 'nowhere')}; redirects are not followed there."
        )
    if status == 403:
        _refuse_challenge(reply, platform, accepts)
    raise _refusal(reply, platform=platform, cursor=cursor)


def _refusal(reply: Reply, *, platform: str, cursor: str | None) -> MonitorError:
    status = reply.status
    if cursor is not None and status in {400, 404, 410, 422}:
        return CursorRefusedError(f"{platform} no longer knows the page cursor ({status}).")
    if status in {401, 403}:
        return CredentialsError(f"{platform} refused access ({status}){_said(reply)}. Check the credentials of {platform}.")
    if status in _GONE:
        return GoneError(f"{platform} says that this does not exist ({status}){_said(reply)}.")
    return RefusedError(f"{platform} refused the request ({status}){_said(reply)}.")


def _refuse_challenge(reply: Reply, platform: str, accepts: str) -> None:
    """HTML where JSON was asked for comes from a proxy or is a challenge, never an empty result."""
    if "json" not in accepts or reply.status == NOT_MODIFIED:
        return
    if "html" in reply.headers.get("content-type", ""):
        raise ReplyError(
            f"{platform} answered {reply.status} with an HTML page where data was asked for (a proxy or a challenge)."
        )
    if reply.status < 300 and not reply.body.strip():
        raise ReplyError(f"{platform} answered {reply.status} with an empty body.")
    if reply.status < 300:
        try:
            reply.json  # noqa: B018 - decoding is the check; the value is kept for the platform's read()
        except ValueError as error:
            raise ReplyError(
                f"{platform} sent {len(reply.body)} bytes that are no complete JSON ({type(error).__name__})."
            ) from None


def _said(reply: Reply) -> str:
    """The platform's own short words for it, if it has any; error bodies hold no posts."""
    try:
        told = reply.json
    except ValueError:
        return ""
    if not isinstance(told, Mapping):
        return ""
    words = told.get("error_description") or told.get("message") or told.get("error")
    return f": {' '.join(words.split())[:160]}" if isinstance(words, str) else ""
