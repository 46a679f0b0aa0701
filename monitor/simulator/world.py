"""The simulated world: people and what they post, on all platforms, from some days ago and on into the future.

Pure and seeded: the same seed gives the same world, begun on another day the same so many days later, whatever was asked of it
before. The world is made hour by hour, each hour from a random generator of its own, and only as far as somebody looks.
"""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.simulator.authoring import FeedAuthor, HackerNewsAuthor, MastodonAuthor, PostAuthor
from monitor.simulator.phrases import SUBJECTS
from monitor.simulator.schedule import HOUR, Schedule, Spike
from monitor.simulator.thread_author import HABITS, ThreadAuthor
from monitor.simulator.world_post import PLATFORMS, Platform, WorldPost

# Posts of each platform, by the plan's. Feeds hold few, since only their newest entries can be seen; those of the platforms that
# only tests ask come on top, so that the three of the demo have what was planned.
SHARES: dict[Platform, float] = {**dict.fromkeys(HABITS, 0.06), "mastodon": 0.60, "hackernews": 0.32, "feeds": 0.08}
SPIKE_SUBJECT = "electric cars"
SPIKE_HOURS = 3
SPIKE_REACHES: tuple[Platform, ...] = ("mastodon", "hackernews")
SPIKE_SHARE = 0.03  # of all posts: some 8 times the ordinary of that subject for these hours
PEOPLE: dict[Platform, int] = {"mastodon": 420, "hackernews": 260, "feeds": 24}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What kind of world to make. `posts` is the number over `days` days, on Mastodon, Hacker News and in feeds together;
    `late_s` bounds how late a post can federate."""

    seed: int = 1
    days: int = 28
    posts: int = 7000
    late_s: int = 300


class World:
    """Everything that was, is and will be posted. Lists of posts are in the order of their marks and only ever grow."""

    def __init__(self, plan: Plan, *, now: datetime) -> None:
        self.plan = plan
        self.start = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=plan.days)
        self.spike = self._spike()
        self._posts: dict[Platform, list[WorldPost]] = {platform: [] for platform in PLATFORMS}
        self._replies: dict[WorldPost, list[WorldPost]] = defaultdict(list)
        self._hours = 0
        self._made: dict[Platform, int] = dict.fromkeys(PLATFORMS, 0)
        self._schedules = {platform: self._schedule(platform) for platform in PLATFORMS}
        self._authors: dict[Platform, PostAuthor] = {
            "mastodon": MastodonAuthor(plan.seed, people=PEOPLE["mastodon"], late_s=plan.late_s),
            "hackernews": HackerNewsAuthor(plan.seed, people=PEOPLE["hackernews"]),
            "feeds": FeedAuthor(plan.seed, people=PEOPLE["feeds"]),
            **{platform: ThreadAuthor(plan.seed, platform=platform) for platform in HABITS},
        }

    def _spike(self) -> Spike:
        day = max(self.plan.days - 5, self.plan.days // 2)
        return Spike(
            subject=SPIKE_SUBJECT,
            from_at=self.start + timedelta(days=day, hours=13),
            hours=SPIKE_HOURS,
            posts_per_hour=max(2, int(self.plan.posts * SPIKE_SHARE) // (SPIKE_HOURS * len(SPIKE_REACHES))),
        )

    def _schedule(self, platform: Platform) -> Schedule:
        per_day = self.plan.posts * SHARES[platform] / self.plan.days
        return Schedule(start=self.start, per_day=per_day, spike=self.spike if platform in SPIKE_REACHES else None)

    def reach(self, now: datetime) -> None:
        """Let the world go on up to and including the hour of `now`."""
        self._hours = max(self._hours, (now - self.start) // HOUR + 1)

    def _make_hour(self, platform: Platform, hour: int) -> None:
        begin = self.start + hour * HOUR
        rng = random.Random(f"{self.plan.seed}|{platform}|{hour}")
        schedule, author, posts = self._schedules[platform], self._authors[platform], self._posts[platform]
        planned: list[tuple[int, str | None]] = [(rng.randrange(3_600_000), None) for _ in range(schedule.ordinary(hour))]
        planned += [(rng.randrange(3_600_000), self.spike.subject) for _ in range(schedule.beyond(hour))]
        for offset_ms, subject in sorted(planned, key=lambda plan: plan[0]):
            post = author.write(rng, begin + timedelta(milliseconds=offset_ms), posts, subject=subject)
            posts.append(post)
            if post.reply_to is not None:
                self._replies[post.reply_to].append(post)

    def posts(self, platform: Platform) -> list[WorldPost]:
        """All posts up to the hour that was reached, by mark; some of the last are still in the future. Call `reach` first.

        They are made here: a platform that nobody asks costs nothing.
        """
        for hour in range(self._made[platform], self._hours):
            self._make_hour(platform, hour)
        self._made[platform] = self._hours
        return self._posts[platform]

    def replies(self, post: WorldPost) -> list[WorldPost]:
        """Replies to `post` by time, future ones included."""
        return self._replies.get(post, [])

    def reply_count(self, post: WorldPost, now: datetime) -> int:
        return sum(reply.exists(now) for reply in self.replies(post))

    def visible(self, platform: Platform, now: datetime) -> list[WorldPost]:
        """What the platform's server has at this moment, by mark."""
        self.reach(now)
        return [post for post in self.posts(platform) if post.exists(now)]

    def truth(self, now: datetime) -> dict[str, object]:
        """The ground truth of this world at `now`, in plain JSON values."""
        shown = {platform: self.visible(platform, now) for platform in PLATFORMS}
        everything = [post for posts in shown.values() for post in posts]
        return {
            "seed": self.plan.seed,
            "from": self.start.isoformat(),
            "now": now.isoformat(),
            "late_s": self.plan.late_s,
            "platforms": {platform: len(posts) for platform, posts in shown.items()},
            "subjects": {
                subject.name: {
                    "tag": subject.tags[0],
                    "posts": sum(post.subject == subject.name for post in everything),
                    "moods": {
                        mood: sum(post.subject == subject.name and post.mood == mood for post in everything)
                        for mood in ("positive", "neutral", "negative")
                    },
                }
                for subject in SUBJECTS
            },
            "spike": {
                "subject": self.spike.subject,
                "from": self.spike.from_at.isoformat(),
                "to": self.spike.to_at.isoformat(),
                "extra_posts": self.spike.hours * self.spike.posts_per_hour * len(SPIKE_REACHES),
            },
            "deleted": sum(
                post.deleted_at is not None and post.deleted_at <= now
                for platform in PLATFORMS
                for post in self.posts(platform)
            ),
            "edited": sum(post.edited(now) for post in everything),
        }
