"""Who writes what where people answer each other: Bluesky, Lemmy, Stack Exchange, GitHub, Discourse, DEV."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from monitor.simulator import writing
from monitor.simulator.authoring import choose, milliseconds, recent
from monitor.simulator.people import Cast, Person, cast
from monitor.simulator.phrases import Subject
from monitor.simulator.world_post import Peak, Platform, WorldPost
from monitor.simulator.writing import plain

SKY_HOST = "sky.example"
LEMMY_HOST, OTHER_LEMMY = "plaza.example", "fern.example"
FORUM_HOST = "forum.example"
SITE, SITE_HOST = "stackoverflow", "stackoverflow.com"
OWNER = "simulated-org"
LONGEST_SKY = 300  # characters of a Bluesky post
LATE_S = 60.0  # how long a Lemmy post of another instance takes at most

Kind = Literal["post", "reply", "repost", "quote"]
KINDS: tuple[Kind, ...] = ("post", "reply", "repost", "quote")
Names = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How people write on one platform. `kinds`: weights of posts, replies, reposts and quotes; `answered`: what can be replied
    to, by form; `forms`: those of posts that answer nothing; `social`: with tags and emoji as on a microblog."""

    people: int
    kinds: tuple[int, int, int, int]
    first_id: int
    forms: tuple[str, ...] = ("post",)
    answered: frozenset[str] = frozenset()
    reply_form: str = "reply"
    social: bool = False
    titled: bool = True
    whole_seconds: bool = True
    edits: float = 0.03


HABITS: Mapping[Platform, Habit] = {
    "bluesky": Habit(
        people=90, kinds=(70, 18, 8, 4), first_id=0, answered=frozenset({"post", "reply"}), social=True, titled=False,
        whole_seconds=False, edits=0,
    ),
    "lemmy": Habit(people=60, kinds=(45, 55, 0, 0), first_id=900_000, answered=frozenset({"post", "reply"}), whole_seconds=False),
    "stackexchange": Habit(
        people=60, kinds=(60, 40, 0, 0), first_id=79_000_000, forms=("question",), answered=frozenset({"question"}),
        reply_form="answer",
    ),
    "github": Habit(
        people=50, kinds=(45, 55, 0, 0), first_id=2_400_000_000, forms=("issue", "issue", "pull", "discussion"),
        answered=frozenset({"issue", "pull"}), reply_form="comment",
    ),
    "discourse": Habit(people=50, kinds=(35, 65, 0, 0), first_id=0, answered=frozenset({"post", "reply"}), whole_seconds=False),
    "devto": Habit(people=40, kinds=(100, 0, 0, 0), first_id=1_900_000, edits=0),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the names of a post are made of."""

    mark: int
    author: Person
    about: Subject
    form: str
    root: WorldPost | None
    place: int


class ThreadAuthor:
    """Writes posts of one platform. Ids count up, those of Bluesky are the millisecond."""

    def __init__(self, seed: int, *, platform: Platform) -> None:
        self._platform = platform
        self._habit = HABITS[platform]
        people = cast(seed, platform=platform, size=self._habit.people)
        self.cast = Cast(tuple(_at_home(person, platform) for person in people.people), people.weights)
        self._places: Counter[WorldPost] = Counter()

    def write(self, rng: random.Random, at: datetime, before: list[WorldPost], *, subject: str | None) -> WorldPost:
        habit, author = self._habit, self.cast.pick(rng)
        at = at.replace(microsecond=0) if habit.whole_seconds else at
        last = before[-1].mark if before else habit.first_id
        mark = max(milliseconds(at), last + 1) if self._platform == "bluesky" else last + 1
        kind, target = self._kind(rng, before)
        about, mood = choose(rng, subject)
        text = self._text(rng, writing.compose(rng, about, mood, language="en", social=habit.social))
        if kind == "reply" and target is not None and self._platform == "bluesky":
            text = ((writing.Mention(target.author), " ", *text[0]), *text[1:])
        root = target.root if kind == "reply" and target is not None else None
        if root is not None:
            self._places[root] += 1
        draft = Draft(
            mark=mark, author=author, about=about, root=root, place=1 + self._places[root] if root else 1,
            form="repost" if kind == "repost" else habit.reply_form if root else rng.choice(habit.forms),
        )  # fmt: skip
        native_id, uri, url = _NAMES[self._platform](draft)
        edited = kind != "repost" and rng.random() < habit.edits
        return WorldPost(
            platform=self._platform,
            number=len(before),
            mark=mark,
            native_id=native_id,
            uri=uri,
            url=url,
            kind=kind,
            created_at=at,
            arrives_at=at + timedelta(seconds=min(rng.expovariate(0.2), LATE_S) if author.host == OTHER_LEMMY else 0),
            deleted_at=at + timedelta(minutes=2 + rng.expovariate(1 / 600)) if rng.random() < 0.015 else None,
            edited_at=at + timedelta(seconds=rng.randrange(60, 20_000)) if edited else None,
            author=author,
            subject=about.name,
            mood=None if kind == "repost" else mood,
            language="en",
            title=self._title(writing.title(rng, about, mood), root),
            text=() if kind == "repost" else text,
            edited_text=(*text, ("Edit: a word was missing.",)) if edited else (),
            reply_to=target if root else None,
            repost_of=target if kind == "repost" else None,
            quote_of=target if kind == "quote" else None,
            community=_COMMUNITIES[self._platform](root.community if root else None, about),
            tags=() if habit.social or root else about.tags,
            place=draft.place,
            form=draft.form,
            hidden=habit.social and rng.random() < 0.02,
            peak=Peak(
                likes=int(rng.paretovariate(0.9)) % 900,
                reposts=int(rng.paretovariate(1.2)) % 300,
                quotes=int(rng.random() < 0.1),
                score=int(rng.paretovariate(0.9)) % 400,
                hours=rng.uniform(1, 20),
            ),
        )

    def _kind(self, rng: random.Random, before: list[WorldPost]) -> tuple[Kind, WorldPost | None]:
        kind = rng.choices(KINDS, self._habit.kinds)[0]
        target = None if kind == "post" else recent(rng, before, kinds=frozenset({"post", "reply"}))
        fits = target is not None and target.form in self._habit.answered
        return (kind, target) if fits else ("post", None)

    def _text(self, rng: random.Random, text: writing.Text) -> writing.Text:
        """As long as the platform lets it be; a list of DEV shows one sentence."""
        if self._platform == "devto":
            return (tuple(piece for piece in text[0] if isinstance(piece, str)) or ("An article.",),)
        while self._platform == "bluesky" and len(text) > 1 and len(plain(text)) > LONGEST_SKY - 40:
            text = text[:-1]
        return text

    def _title(self, written: str, root: WorldPost | None) -> str | None:
        """Answers of Stack Exchange are told with the title of their question."""
        if root is not None:
            return root.title if self._platform == "stackexchange" else None
        return written if self._habit.titled else None


def did(person: Person) -> str:
    """The decentralized identifier of a person of Bluesky."""
    return f"did:plc:{person.number:024d}".replace("0", "a").replace("1", "b").replace("8", "c").replace("9", "d")


def key(mark: int) -> str:
    """The key of a Bluesky record: it sorts as its moment does."""
    return f"3l{mark:x}"


def person_page(person: Person) -> str:
    """Where a person of Stack Exchange is found."""
    return f"https://{SITE_HOST}/users/{person_number(person)}/{person.username}"


def person_number(person: Person) -> int:
    return 10_000 + person.number


def _at_home(person: Person, platform: Platform) -> Person:
    if platform == "bluesky":
        return replace(person, username=f"{person.username}.{SKY_HOST}")
    return replace(person, host=OTHER_LEMMY if person.number % 3 == 2 else LEMMY_HOST) if platform == "lemmy" else person


def _slug(about: Subject) -> str:
    return about.name.replace(" ", "-")


def _bluesky(draft: Draft) -> Names:
    collection = "repost" if draft.form == "repost" else "post"
    uri = f"at://{did(draft.author)}/app.bsky.feed.{collection}/{key(draft.mark)}"
    return uri, uri, f"https://bsky.app/profile/{did(draft.author)}/post/{key(draft.mark)}"


def _lemmy(draft: Draft) -> Names:
    address = f"https://{draft.author.host}/{'comment' if draft.root else 'post'}/{draft.mark}"
    return str(draft.mark), address, address


def _stackexchange(draft: Draft) -> Names:
    identity = f"https://{SITE_HOST}/{'a' if draft.root else 'q'}/{draft.mark}"
    page = f"https://{SITE_HOST}/questions/{draft.root.mark if draft.root else draft.mark}/{_slug(draft.about)}"
    return str(draft.mark), identity, f"{page}/{draft.mark}#{draft.mark}" if draft.root else page


def _github(draft: Draft) -> Names:
    if draft.root is not None:
        page = f"{draft.root.uri}#issuecomment-{draft.mark}"
    else:
        folder = {"pull": "pull", "discussion": "discussions"}.get(draft.form, "issues")
        page = f"https://github.com/{OWNER}/{draft.about.tags[0]}/{folder}/{draft.mark - HABITS['github'].first_id}"
    return str(draft.mark), page, page


def _discourse(draft: Draft) -> Names:
    topic = draft.root.mark if draft.root else draft.mark
    identity = f"https://{FORUM_HOST}/t/{topic}/{draft.place}"
    return str(draft.mark), identity, f"https://{FORUM_HOST}/t/{_slug(draft.about)}/{topic}/{draft.place}"


def _devto(draft: Draft) -> Names:
    page = f"https://dev.to/{draft.author.username}/{_slug(draft.about)}-{draft.mark:x}"
    return str(draft.mark), f"https://dev.to/api/articles/{draft.mark}", page


_NAMES: Mapping[Platform, Callable[[Draft], Names]] = {
    "bluesky": _bluesky,
    "lemmy": _lemmy,
    "stackexchange": _stackexchange,
    "github": _github,
    "discourse": _discourse,
    "devto": _devto,
}
_COMMUNITIES: Mapping[Platform, Callable[[str | None, Subject], str | None]] = {
    "bluesky": lambda _, __: None,
    "lemmy": lambda above, about: above or f"{about.tags[0]}@{LEMMY_HOST}",
    "stackexchange": lambda _, __: SITE_HOST,
    "github": lambda above, about: above or f"{OWNER}/{about.tags[0]}",
    "discourse": lambda above, about: above or about.tags[0],
    "devto": lambda _, __: None,
}
