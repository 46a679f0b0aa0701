"""What a finished poll means for its source: the state people see, and when it is asked next. Pure."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.errors import CredentialsError, GoneError, MonitorError, RateLimitedError, RetryLater, StopSource
from monitor.store.sources import SourceState

if TYPE_CHECKING:
    from monitor.crawl.poll import Poll

SOON = timedelta(seconds=15)  # a source with pages left to read, or whose entries roll off between two fetches
AFTER_FAILURE = timedelta(seconds=60)
AFTER_REFUSAL = timedelta(minutes=15)  # refused credentials: seldom enough to be polite, soon enough to notice that they changed
AFTER_GONE = timedelta(days=1)


def outcome(error: MonitorError | None, poll: "Poll", *, interval_s: int, now: datetime) -> SourceState:
    """The state in one of the seven fixed words, its reason, and when the source is due again."""
    interval = timedelta(seconds=interval_s)
    if error is None:
        hurried = bool(poll.bookmark.gaps) or poll.walk.stopped is not None
        return SourceState(state="ok", reason=poll.walk.stopped, next_due=now + (SOON if hurried else interval))
    reason = str(error)
    if isinstance(error, RateLimitedError):
        wait = timedelta(seconds=error.wait_s) if error.wait_s is not None else interval
        return SourceState(state="rate-limited", reason=reason, next_due=now + wait)
    if isinstance(error, RetryLater):
        return SourceState(state="failing", reason=reason, next_due=now + min(interval, AFTER_FAILURE))
    if isinstance(error, CredentialsError):
        return SourceState(state="needs credentials", reason=reason, next_due=now + max(interval, AFTER_REFUSAL))
    if isinstance(error, GoneError):
        return SourceState(state="failing", reason=reason, next_due=now + AFTER_GONE)
    if isinstance(error, StopSource):
        return SourceState(state="failing", reason=reason, next_due=now + max(interval, AFTER_REFUSAL))
    return SourceState(state="failing", reason=reason, next_due=now + interval)
