"""Every error of the project, grouped by what the caller has to do about it.

The group is the base class (wait, stop the source, set the post aside, tell the person); the subclass names the cause. The
text of each is a sentence for a person: what happened, to what, and what to do. No text holds a secret or a post.
"""


class MonitorError(Exception):
    """Anything this project raises on purpose."""


class RetryLater(MonitorError):
    """Nothing is lost: ask again after `wait_s` seconds (None: as the source's own pace says)."""

    def __init__(self, sentence: str, *, wait_s: float | None = None) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s


class RateLimitedError(RetryLater):
    """The platform said that we ask too much."""


class ReplyError(RetryLater):
    """A reply that cannot be trusted: cut, not what was asked for, or a failing server."""


class StoreUnavailableError(RetryLater):
    """MongoDB does not answer, or refuses writes for now (no primary, no disk)."""


class LeaseLostError(RetryLater):
    """Somebody else owns the source, or moved its bookmark: this walk changes nothing more."""


class StopSource(MonitorError):
    """Asking again will not help until a person changes something; the source is stopped."""


class CredentialsError(StopSource):
    """The platform refused the credentials, or asks for some. `status`: of the reply that said so."""

    status: int | None = None


class SetAsideError(CredentialsError):
    """The credential was refused to another request meanwhile: this one was not sent."""


class SignInOverError(CredentialsError):
    """What the platform gave at sign-in ran out: it is renewed, and the request sent once more."""


class GoneError(StopSource):
    """The account, feed, tag or instance no longer exists."""


class RefusedError(StopSource):
    """The platform refuses this request for good (blocked, bad parameter, switched off)."""


class CursorRefusedError(MonitorError):
    """The platform no longer knows the cursor: the walk re-enters by mark or from the top."""


class SkipPost(MonitorError):
    """This one post goes to quarantine; the page goes on."""


class PostError(SkipPost):
    """A raw post lacks something that every post has, or holds a value that no post can have."""


class Fatal(MonitorError):
    """Usage or configuration: nothing was started; exit code 2."""


class ConfigurationError(Fatal):
    """A setting or environment variable is missing or wrong."""


class UsageError(Fatal):
    """A command or spider was called with arguments that make no sense together."""


class SchemaError(Fatal):
    """The database was made by another version, or an index it needs is missing."""


class MongodError(Fatal):
    """The private mongod cannot be found, started or reached."""
