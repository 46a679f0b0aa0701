"""Who writes what on each platform: one author class per platform turns a moment and a random generator into a post."""

import random
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Literal, Protocol

from monitor.simulator import writing
from monitor.simulator.feed_list import FEEDS
from monitor.simulator.people import LOCAL_HOST, Person, cast
from monitor.simulator.phrases import ALT_TEXTS, SUBJECTS, WARNINGS, Mood, Subject
from monitor.simulator.world_post import Attachment, Peak, WorldPost

Kind = Literal["post", "reply", "repost", "quote"]
MediaKind = Literal["image", "video", "audio", "gifv"]
KINDS: tuple[Kind, ...] = ("post", "reply", "repost", "quote")
MEDIA_KINDS: tuple[MediaKind, ...] = ("image", "video", "audio", "gifv")
MOODS: tuple[Mood, ...] = ("positive", "neutral", "negative")
SPIKE_MOODS = (12, 18, 70)  # a spike is bad news
RECENT = 120  # replies, boosts and quotes go to one of so many newest posts
_SUBJECT_WEIGHTS = tuple(accumulate(subject.weight for subject in SUBJECTS))
_BY_NAME = {subject.name: subject for subject in SUBJECTS}
FIRST_ITEM = 41_000_000  # ids on Hacker News were about there in 2024


class PostAuthor(Protocol):
    def write(self, rng: random.Random, at: datetime, before: list[WorldPost], *, subject: str | None) -> WorldPost:
        """The post of the moment `at`, given those `before` it; `subject` None: whatever people talk about."""


def choose(rng: random.Random, subject: str | None) -> tuple[Subject, Mood]:
    """What a post is about, and how it speaks of that."""
    if subject is not None:
        return _BY_NAME[subject], rng.choices(MOODS, SPIKE_MOODS)[0]
    chosen = rng.choices(SUBJECTS, cum_weights=_SUBJECT_WEIGHTS)[0]
    return chosen, rng.choices(MOODS, chosen.moods)[0]


def recent(rng: random.Random, before: list[WorldPost], *, kinds: frozenset[str]) -> WorldPost | None:
    """One of the newest posts of these kinds, rather a newer one."""
    for _ in range(6):
        if not before:
            return None
        found = before[-1 - int(min(RECENT, len(before)) * rng.random() ** 2)]
        if found.kind in kinds and not found.dead:
            return found
    return None


def milliseconds(at: datetime) -> int:
    """Since 1970."""
    return int((at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))


class MastodonAuthor:
    """Statuses of a small instance and of those it knows of. An id is the claimed moment, then 16 bits that tell posts of
    one millisecond apart, as Mastodon's own; so a post that federates late lies below newer ones."""

    def __init__(self, seed: int, *, people: int, late_s: int) -> None:
        self.cast = cast(seed, platform="mastodon", size=people)
        self._late_s = late_s

    def write(self, rng: random.Random, at: datetime, before: list[WorldPost], *, subject: str | None) -> WorldPost:
        author = self.cast.pick(rng)
        kind, target = self._kind(rng, before, ordinary=subject is None)
        mark = milliseconds(at) << 16 | rng.randrange(1 << 14)
        if before and before[-1].mark >= mark:
            mark = before[-1].mark + 1
        home = f"https://{author.host}"
        # New accounts have numeric addresses, so a name cannot be cut out of every uri.
        path = f"ap/users/{author.number + 1000}" if author.number % 7 == 0 else f"users/{author.username}"
        uri = f"{home}/{path}/statuses/{mark}"
        arrives_at = at if author.host == LOCAL_HOST else at + self._delay(rng)
        deleted_at = at + timedelta(minutes=1 + rng.expovariate(1 / 600)) if rng.random() < 0.015 else None
        if kind == "repost" and target is not None:
            uri = f"{uri}/activity"
            return WorldPost(
                platform="mastodon", number=len(before), mark=mark, native_id=str(mark), uri=uri, url=uri, kind="repost",
                created_at=at, arrives_at=max(arrives_at, target.arrives_at), deleted_at=deleted_at, author=author,
                subject=target.subject, mood=None, language=target.language, repost_of=target,
            )  # fmt: skip
        about, mood = choose(rng, subject)
        text = writing.compose(rng, about, mood, language=author.language, social=True)
        if kind == "reply" and target is not None:
            text = ((writing.Mention(target.author), " ", *text[0]), *text[1:])
        elif rng.random() < 0.06:
            text = (*text[:-1], (*text[-1], " ", writing.Mention(self.cast.pick(rng))))
        edited = rng.random() < 0.04
        media = self._media(rng, author)
        return WorldPost(
            platform="mastodon",
            number=len(before),
            mark=mark,
            native_id=str(mark),
            uri=uri,
            url=f"{home}/@{author.username}/{mark}",
            kind=kind,
            created_at=at,
            arrives_at=arrives_at,
            deleted_at=deleted_at,
            edited_at=at + timedelta(seconds=rng.randrange(40, 10_000)) if edited else None,
            author=author,
            subject=about.name,
            mood=mood,
            language=None if rng.random() < 0.02 else author.language,
            summary=rng.choice(WARNINGS) if rng.random() < 0.04 else None,
            text=text,
            edited_text=(*text, ("Edit: a word was missing.",)) if edited else (),
            reply_to=target if kind == "reply" else None,
            quote_of=target if kind == "quote" else None,
            quote_state=rng.choices(("accepted", "pending", "revoked"), (90, 6, 4))[0],
            media=media,
            sensitive=bool(media) and rng.random() < 0.15,
            hidden=rng.random() < 0.01,
            peak=Peak(
                likes=int(rng.paretovariate(0.9)) % 4000,
                reposts=int(rng.paretovariate(1.2)) % 900 - 1,
                quotes=int(rng.random() < 0.1),
                hours=rng.uniform(1, 20),
            ),
        )

    def _kind(self, rng: random.Random, before: list[WorldPost], *, ordinary: bool) -> tuple[Kind, WorldPost | None]:
        kind = rng.choices(KINDS, (74, 15, 7 if ordinary else 0, 4))[0]
        target = None if kind == "post" else recent(rng, before, kinds=frozenset({"post", "reply"}))
        return (kind, target) if target is not None else ("post", None)

    def _delay(self, rng: random.Random) -> timedelta:
        """How long a remote post takes to get here: most of them seconds, one in twenty up to the bound."""
        seconds = rng.uniform(0, self._late_s) if rng.random() < 0.05 else min(rng.expovariate(0.5), self._late_s)
        return timedelta(milliseconds=int(seconds * 1000))

    def _media(self, rng: random.Random, author: Person) -> tuple[Attachment, ...]:
        if rng.random() > 0.15:
            return ()
        kind = rng.choices(MEDIA_KINDS, (80, 10, 4, 6))[0]
        url = f"https://files.{author.host}/media/{rng.randrange(10**9)}.{'png' if kind == 'image' else 'mp4'}"
        missing = author.host != LOCAL_HOST and rng.random() < 0.2
        return tuple(
            Attachment(kind=kind, url=None if missing else f"{url}?part={part}", alt=rng.choice(ALT_TEXTS) or None)
            for part in range(rng.choices((1, 2), (80, 20))[0])
        )


class HackerNewsAuthor:
    """Stories and comments. Ids are dense but for a few that were never used."""

    def __init__(self, seed: int, *, people: int) -> None:
        self.cast = cast(seed, platform="hackernews", size=people)

    def write(self, rng: random.Random, at: datetime, before: list[WorldPost], *, subject: str | None) -> WorldPost:
        at = at.replace(microsecond=0)
        mark = (before[-1].mark if before else FIRST_ITEM) + (2 if rng.random() < 0.02 else 1)
        form = rng.choices(("comment", "story", "ask", "show", "job"), (58, 28, 7, 6, 1))[0]
        parent = recent(rng, before, kinds=frozenset({"post", "reply"})) if form == "comment" else None
        if form == "comment" and (parent is None or parent.form == "job"):
            form, parent = "story", None
        about, mood = choose(rng, subject)
        with_text = form in ("comment", "ask") or (form == "show" and rng.random() < 0.5)
        headline = writing.title(rng, about, mood)
        return WorldPost(
            platform="hackernews",
            number=len(before),
            mark=mark,
            native_id=str(mark),
            uri=f"https://news.ycombinator.com/item?id={mark}",
            url=f"https://news.ycombinator.com/item?id={mark}",
            kind="reply" if parent else "post",
            created_at=at,
            arrives_at=at,
            deleted_at=at + timedelta(minutes=2 + rng.expovariate(1 / 60)) if rng.random() < 0.02 else None,
            author=self.cast.pick(rng),
            subject=about.name,
            mood=mood,
            language="en",
            title=None if parent else {"ask": "Ask HN: ", "show": "Show HN: "}.get(form, "") + headline,
            text=writing.compose(rng, about, mood, language="en", social=False) if with_text else (),
            reply_to=parent,
            link=writing.link(rng, about) if form in ("story", "show", "job") else None,
            dead=form != "job" and rng.random() < 0.015,
            form=form,
            peak=Peak(score=int(rng.paretovariate(0.8)) % 700, hours=rng.uniform(2, 12)),
        )


class FeedAuthor:
    """Entries of the blogs and papers in `feed_list`. Dates are whole seconds, as in feeds."""

    def __init__(self, seed: int, *, people: int) -> None:
        self.cast = cast(seed, platform="feeds", size=people)

    def write(self, rng: random.Random, at: datetime, before: list[WorldPost], *, subject: str | None) -> WorldPost:
        feed = rng.choice(FEEDS)
        number = len(before)
        about, mood = choose(rng, subject)
        text = writing.compose(rng, about, mood, language=feed.language, social=False)
        english = feed.language == "en"
        url = f"https://{feed.host}/{about.tags[0]}/{number}"
        guid = feed.guid(number, url)
        return WorldPost(
            platform="feeds",
            number=number,
            mark=number,
            native_id=guid,
            uri=guid if guid and ":" in guid else url,
            url=url,
            kind="post",
            created_at=at.replace(microsecond=0),
            arrives_at=at.replace(microsecond=0),
            author=self.cast.pick(rng),
            subject=about.name,
            mood=mood,
            language=feed.language,
            title=writing.title(rng, about, mood)
            if english
            else f"{about.foreign.split('/')[0]}: Teil {number} über Größe & Maß",
            text=text,
            community=feed.name,
            dated=feed.dated,
        )
