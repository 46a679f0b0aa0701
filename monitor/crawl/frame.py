"""One frame of a stream, as a platform's file reads it; and what a stream keeps of it. Pure values."""

from dataclasses import dataclass
from typing import Any, Literal

# What a frame tells: a post or its new version; that one was deleted; how an account stands now; who somebody is; anything
# else; that the position asked for is kept no longer; that the stream ends here.
Tells = Literal["post", "delete", "account", "identity", "other", "outdated", "end"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Frame:
    """`mark` is the millisecond since 1970 at which the stream met it, None where the frame says none. `row` is what the
    platform's `post` reads, for posts and deletions, and `post_id` the id of that post; `key` is the same when it
    is told again. `reason`: why the stream ends."""

    tells: Tells
    mark: int | None = None
    row: Any = None
    post_id: str | None = None
    key: str | None = None
    reason: str | None = None

    def __repr__(self) -> str:
        return f"<Frame {self.tells} {self.mark}>"
