"""A tag timeline that never ends: so many posts per second, each a function of its number. For kill and load tests."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.simulator.people import LOCAL_HOST, Cast, cast
from monitor.simulator.phrases import SUBJECTS
from monitor.simulator.world_post import Peak, WorldPost
from monitor.simulator.writing import Tag, sentence

TAG = "endless"
_SENTENCES = 64
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`per_second` posts from the start on, and `backlog` of them at the same pace before it."""

    per_second: float
    backlog: int = 0


class Endless:
    """Makes the posts of #endless as time goes on. Nothing is late, edited or deleted, and no counter moves."""

    def __init__(self, pace: Pace, *, seed: int, start: datetime) -> None:
        self._pace = pace
        self._start = start
        self._made = 0
        self._mark = 0
        rng = random.Random(f"{seed}|endless")
        self._sentences = [sentence(rng, rng.choice(SUBJECTS), "neutral") for _ in range(_SENTENCES)]
        self._cast: Cast = cast(seed, platform="mastodon", size=200)
        self._people = [person for person in self._cast.people if person.host == LOCAL_HOST]

    def reach(self, now: datetime) -> list[WorldPost]:
        """The posts that became due since the last call, by id."""
        elapsed_s = (now - self._start) / timedelta(seconds=1)
        due = self._pace.backlog + int(elapsed_s * self._pace.per_second)
        posts = [self._post(number) for number in range(self._made, due)]
        self._made = max(self._made, due)
        return posts

    def _post(self, number: int) -> WorldPost:
        offset_ms = int((number + 1 - self._pace.backlog) / self._pace.per_second * 1000)
        at = self._start + timedelta(milliseconds=offset_ms)
        self._mark = max(self._mark + 1, int((at - _EPOCH) / timedelta(milliseconds=1)) << 16)
        person = self._people[number % len(self._people)]
        mark = str(self._mark)
        said = self._sentences[number % _SENTENCES]
        return WorldPost(
            platform="mastodon",
            number=number,
            mark=self._mark,
            native_id=mark,
            uri=f"https://{LOCAL_HOST}/users/{person.username}/statuses/{mark}",
            url=f"https://{LOCAL_HOST}/@{person.username}/{mark}",
            kind="post",
            created_at=at,
            arrives_at=at,
            author=person,
            subject=None,
            mood="neutral",
            language="en",
            text=((f"Post {number}, id {mark}. {said} ", Tag(TAG)),),
            peak=Peak(),
        )
