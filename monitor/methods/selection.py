"""What a selection of posts is, in counts and as one hash by which anybody can check that two selections are the same. Pure.

The hash is SHA-256 over a line for each post, newest first and by id where two are of one moment, as `monitor posts` writes them: a
JSON array of the post's id, how many earlier versions of it are kept, until when the latest of these was seen, and when the post
was deleted. The invariant: posts that come later do not change it; an edit or a deletion does.
"""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from monitor.crawl.exported import moment
from monitor.crawl.pseudonym import HANDLE, is_sealed
from monitor.post import Post
from monitor.stories import Telling, stories

MOST_TOLD = 50_000  # posts that are put into stories, the newest


def line(post: Post) -> str:
    """What is hashed of one post."""
    seen = moment(post.revisions[-1].seen_at) if post.revisions else None
    deleted = None if post.deleted_at is None else moment(post.deleted_at)
    return json.dumps([post.id, len(post.revisions), seen, deleted]) + "\n"


@dataclass(slots=True)
class Selection:
    """Fed with each post, newest first. `as_of`: what happened to posts after it is told apart.

    `deleted`: by `as_of`. `changed`: edited or deleted since; `unsure`: perhaps edited since, where the platform does not say when.
    `unscored`: posts without a label, by reason; `scorers`: those with one, by name and version. `versions`: by topic and version of
    its query.
    """

    as_of: datetime
    posts: int = 0
    deleted: int = 0
    reposts: int = 0
    changed: int = 0
    unsure: int = 0
    pseudonyms: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    platforms: Counter[str] = field(default_factory=Counter)
    scorers: Counter[tuple[str, str]] = field(default_factory=Counter)
    unscored: Counter[str] = field(default_factory=Counter)
    versions: Counter[tuple[str, int]] = field(default_factory=Counter)
    _tellings: list[Telling] = field(default_factory=list)
    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def add(self, post: Post) -> None:
        """Count one post."""
        self._hash.update(line(post).encode())
        self.posts += 1
        self.reposts += post.kind == "repost"
        self.platforms[post.platform] += 1
        self.pseudonyms += is_sealed(post.id) or (post.author.handle or "").startswith(HANDLE)
        self.last_at = self.last_at or post.created_at
        self.first_at = post.created_at
        self.versions.update((match.id, match.version) for match in post.topics)
        if len(self._tellings) < MOST_TOLD:
            self._tellings.append(Telling.of(post))
        self._take_fate(post)
        self._take_score(post)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def unique(self) -> int:
        """How many stories the posts tell, of the newest `MOST_TOLD`."""
        return len(stories(self._tellings))

    @property
    def told(self) -> int:
        """How many posts `unique` is of."""
        return len(self._tellings)

    def _take_fate(self, post: Post) -> None:
        edited = post.edited_at is not None and post.edited_at > self.as_of
        edited |= bool(post.revisions) and post.revisions[-1].seen_at > self.as_of
        if post.deleted_at is not None:
            self.deleted += post.deleted_at <= self.as_of
            self.changed += post.deleted_at > self.as_of
        elif edited:
            self.changed += 1
        elif post.revisions and post.edited_at is None and post.fetched_at is not None:
            self.unsure += post.fetched_at > self.as_of

    def _take_score(self, post: Post) -> None:
        score = post.sentiment
        if score is None:
            self.unscored["not scored yet" if post.deleted_at is None else "deleted before it was scored"] += 1
        elif score.label is None:
            self.unscored[score.reason or "no reason given"] += 1
        else:
            self.scorers[score.scorer, score.version or ""] += 1
