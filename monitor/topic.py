"""A topic: what a person watches, as a query and the platforms to look on; versioned, since posts remember which one matched."""

import re
from dataclasses import dataclass
from typing import Literal

from monitor.errors import UsageError

Authors = Literal["keep", "pseudonymise"]

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """`id` is a slug that is never reused; `version` counts changes of the query from 1.

    `every_s`: how fresh its posts are to be, None: as the platform is polled; `every_on`: the same for single platforms, which goes
    before. `authors` and `redact` (names of kinds, or patterns)
    are applied to its posts before they are stored. `tags` are for people.
    """

    id: str
    name: str
    query: str
    version: int = 1
    platforms: tuple[str, ...] = ()
    every_s: int | None = None
    every_on: tuple[tuple[str, int], ...] = ()
    authors: Authors = "keep"
    redact: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not is_id(self.id):
            raise UsageError(
                f"Topic id {self.id!r} is not usable: lower-case letters, digits, - and _, at most 64, "
                "beginning with a letter or digit."
            )

    def every_for(self, platform: str) -> int | None:
        """How fresh its posts of a platform are to be, in seconds; None: as the platform is polled."""
        return dict(self.every_on).get(platform, self.every_s)


def is_id(text: str) -> bool:
    """Whether a topic can have this id."""
    return _ID.fullmatch(text) is not None


def slug(text: str) -> str:
    """A topic id made from free text: `"Climate change"` gives `climate-change`. Raises UsageError when nothing is left."""
    made = re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")[:64].rstrip("-")
    if not made:
        raise UsageError(f"No topic id can be made from {text!r}: give one with --id.")
    return made
