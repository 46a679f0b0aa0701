"""A source: one thing that is polled, as platform + kind + parameters. Topics compile to sources and may share one.

Pure values. What is stored with a source besides (bookmark, lease, when it is due) is in `monitor.store.sources`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import quote

# newest: pages from the newest post back (max_id, cursors). oldest: pages forward from a mark (min_id).
# whole: no paging, each reply is all there is (feeds).
Order = Literal["newest", "oldest", "whole"]

# The kind of a source that is a file which somebody imported: nothing polls it, and its platform may have no spider.
IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """One way in which a platform can be polled, such as its tag timeline.

    `needs` and `takes` name parameters in the words of the spider arguments (tag, account, query, community, url,
    instance): required and optional. `order` says how its new posts are walked. `live`: it is no list to be asked for page by page
    but a stream that is listened to.
    """

    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    order: Order = "newest"
    live: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """`parameters` are what identifies it; `facts` are what was looked up once (an account's id) and can be lost."""

    platform: str
    kind: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    since: datetime | None = None

    @property
    def id(self) -> str:
        """Readable and stable, such as `mastodon/tag?instance=example.org&tag=python`."""
        pairs = (f"{name}={quote(value, safe='@:/')}" for name, value in sorted(self.parameters.items()))
        return f"{self.platform}/{self.kind}?{'&'.join(pairs)}".rstrip("?")

    @property
    def imported(self) -> bool:
        """Whether it is a file that was imported, and nothing that is polled."""
        return self.kind == IMPORT
