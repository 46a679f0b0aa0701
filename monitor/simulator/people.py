"""The invented people of the simulated world. Every name is made of syllables, every host ends in .example."""

import random
from dataclasses import dataclass
from itertools import accumulate

LOCAL_HOST = "chatter.example"
REMOTE_HOSTS = ("fern.example", "harbor.example", "kiosk.example", "orchard.example")
LANGUAGES = {"en": 76, "de": 8, "es": 6, "fr": 5, "ja": 4, "ar": 1}

_FIRST = (
    "ba",
    "bri",
    "cor",
    "da",
    "el",
    "fen",
    "gal",
    "hol",
    "ira",
    "jun",
    "kel",
    "lo",
    "mar",
    "nim",
    "or",
    "pel",
    "quin",
    "ros",
)
_MIDDLE = ("", "", "ba", "de", "li", "mo", "na", "ri", "sa", "to", "ve")
_LAST = ("bel", "dan", "fin", "ga", "lin", "mir", "nor", "pa", "ren", "sko", "tis", "ven", "wick", "zo")
_ORNAMENTS = ("", "", "", "", " 🌱", " 🐧", " :sparkle:", " (she/her)", " ☕", " | photos")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One author. `number` is dense from 0; `host` None: a person of a platform without hosts."""

    number: int
    username: str
    name: str
    host: str | None
    language: str
    followers: int
    bot: bool
    indexable: bool
    joined_day: int  # days before 2026-01-01

    @property
    def handle(self) -> str:
        """`name@host`, or the name alone where the platform has no hosts."""
        return f"{self.username}@{self.host}" if self.host else self.username


@dataclass(frozen=True, slots=True)
class Cast:
    """People and how much each of them writes (few write most)."""

    people: tuple[Person, ...]
    weights: tuple[float, ...]

    def pick(self, rng: random.Random) -> Person:
        return rng.choices(self.people, cum_weights=self.weights)[0]


def cast(seed: int, *, platform: str, size: int) -> Cast:
    """The people of one platform; the same seed gives the same people."""
    rng = random.Random(f"{seed}|people|{platform}")
    federated = platform == "mastodon"
    names: dict[str, None] = {}
    while len(names) < size:
        name = rng.choice(_FIRST) + rng.choice(_MIDDLE) + rng.choice(_LAST)
        names[name if name not in names else f"{name}{rng.randrange(2, 99)}"] = None
    people = tuple(_person(rng, number, name, federated=federated) for number, name in enumerate(names))
    return Cast(people, tuple(accumulate(1 / (rank + 6) for rank in range(size))))


def _person(rng: random.Random, number: int, username: str, *, federated: bool) -> Person:
    # The busiest are at home on the simulated server, as on a real one of middling size.
    host = (LOCAL_HOST if rng.random() < 0.55 else rng.choice(REMOTE_HOSTS)) if federated else None
    language = rng.choices(tuple(LANGUAGES), tuple(LANGUAGES.values()))[0] if federated else "en"
    name = "" if rng.random() < 0.08 else username.capitalize() + rng.choice(_ORNAMENTS)
    return Person(
        number=number,
        username=username,
        name=name,
        host=host,
        language=language,
        followers=int(rng.paretovariate(0.8) * 12) % 250_000,
        bot=federated and rng.random() < 0.04,
        indexable=rng.random() < 0.8,
        joined_day=rng.randrange(30, 3000),
    )
