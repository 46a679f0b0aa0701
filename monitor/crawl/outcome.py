"""What a finished poll means for its source: the state people see, and when it is asked next. Pure."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.errors import CredentialsError, GoneError, MonitorError, RateLimitedError, RetryLater
from monitor.store.sources import SourceState, State

if TYPE_CHECKING:
    from monitor.crawl.poll import Poll

SOON_S = 15.0  # a source with pages left to read
AFTER_FAILURE_S = 60.0
AFTER_REFUSAL_S = 900.0  # refused credentials: seldom enough to be polite, soon enough to notice that they changed
AFTER_GONE_S = 86_400.0


def outcome(error: MonitorError | None, poll: "Poll", *, interval_s: float, now: datetime) -> SourceState:
    """The state of the source in one of the fixed words, its reason, and when it is due again. `interval_s`: where all is well."""
    if error is None and poll.walk.rolled_off:
        # Not at once: a feed that names its entries anew each time would be asked for ever.
        return _state("ok", "every entry was new: some may have been missed", interval_s / 4, now)
    if error is None:
        # What the platform refuses to continue is not hurried: its tries would be used up within minutes.
        hurried = (bool(poll.bookmark.gaps) or poll.walk.stopped is not None) and not poll.walk.stuck
        return _state("ok", poll.walk.stopped, SOON_S if hurried else interval_s, now)
    if isinstance(error, RateLimitedError):
        return _state("rate-limited", str(error), interval_s if error.wait_s is None else error.wait_s, now)
    kinds: tuple[tuple[type[MonitorError], State, float], ...] = (
        (RetryLater, "failing", min(interval_s, AFTER_FAILURE_S)),
        (CredentialsError, "needs credentials", max(interval_s, AFTER_REFUSAL_S)),
        (GoneError, "failing", AFTER_GONE_S),
        (MonitorError, "failing", max(interval_s, AFTER_REFUSAL_S)),
    )
    state, due_in_s = next((state, due_in_s) for kind, state, due_in_s in kinds if isinstance(error, kind))
    return _state(state, str(error), due_in_s, now)


def _state(state: State, reason: str | None, due_in_s: float, now: datetime) -> SourceState:
    return SourceState(state=state, reason=reason, next_due=now + timedelta(seconds=due_in_s))
