"""A cursor: where a page of posts ended, as a short text that any process can go on from. Pure.

Opaque to those who pass it on; it holds the moment and the id of the last post of the page, and no state is kept anywhere.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.errors import UsageError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Behind this post, in the order of newest first and by id within one moment. `created_at` in whole milliseconds, UTC."""

    created_at: datetime
    post_id: str

    def __str__(self) -> str:
        """Letters, digits, - and _ only, so that it can stand in an address."""
        told = f"{(self.created_at - _EPOCH) // _MILLISECOND},{self.post_id}"
        return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def read(text: str) -> Cursor:
    """Undo `str`. Raises UsageError."""
    try:
        told = base64.b64decode(text.strip() + "=" * (-len(text.strip()) % 4), altchars=b"-_", validate=True).decode()
        number, _, post_id = told.partition(",")
        if post_id:
            return Cursor(_EPOCH + int(number) * _MILLISECOND, post_id)
    except (binascii.Error, ValueError, OverflowError):
        pass
    raise UsageError(
        "This is no cursor. Copy the one that the page before ended with, whole; without one the first page is shown."
    )
