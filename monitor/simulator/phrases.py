"""What people in the simulated world talk about, and the sentences that they say it in. All of it is invented here.

A sentence is chosen for a mood, which is the ground truth that sentiment is compared with: the words of the positive and
negative ones are plainly so, those of the neutral ones carry no feeling in any lexicon that we know.
"""

from dataclasses import dataclass
from typing import Literal

Mood = Literal["positive", "neutral", "negative"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing people talk about. `moods`: how often each mood is meant; `weight`: its share of all posts."""

    name: str
    tags: tuple[str, ...]
    things: tuple[str, ...]
    weight: int
    moods: tuple[int, int, int] = (40, 30, 30)  # positive, neutral, negative
    foreign: str  # how other languages name it


SUBJECTS = (
    Subject(
        name="python",
        tags=("python", "coding", "opensource"),
        things=(
            "the new Python release",
            "this Python tutorial",
            "packaging in Python",
            "my first Python script",
            "the Python meetup",
            "type checking in Python",
            "a Python web scraper",
            "async code in Python",
            "the Python chapter of that book",
            "pythonic iteration",
            "teaching Python to beginners",
        ),
        weight=24,
        moods=(48, 32, 20),
        foreign="Python",
    ),
    Subject(
        name="climate",
        tags=("climate", "weather", "science"),
        things=(
            "the climate report",
            "our city's climate plan",
            "the climate lecture",
            "a climate model",
            "the climate summit",
            "the new climate data",
            "climate reporting on the radio",
            "the climate march",
        ),
        weight=20,
        moods=(24, 32, 44),
        foreign="Klima/clima/climat",
    ),
    Subject(
        name="electric cars",
        tags=("electriccars", "ev", "mobility"),
        things=(
            "charging electric cars at home",
            "the range of electric cars",
            "renting electric cars",
            "the electric cars at work",
            "the tax on electric cars",
            "used electric cars",
            "long trips in electric cars",
            "the test of five electric cars",
        ),
        weight=16,
        moods=(38, 28, 34),
        foreign="E-Auto/VE",
    ),
    Subject(
        name="coffee",
        tags=("coffee", "espresso", "breakfast"),
        things=(
            "this coffee",
            "the coffee place on our corner",
            "coffee from the office machine",
            "a cold brew coffee",
            "the coffee roasting course",
            "the coffee grinder",
            "my second coffee of the day",
            "the price of coffee",
        ),
        weight=16,
        moods=(58, 22, 20),
        foreign="Kaffee/café",
    ),
    Subject(
        name="rust",
        tags=("rust", "coding", "compilers"),
        things=("the Rust compiler", "our rewrite in Rust", "the Rust book", "rustic borrow checking", "async Rust"),
        weight=8,
        moods=(44, 30, 26),
        foreign="Rust",
    ),
    Subject(
        name="gardening",
        tags=("gardening", "tomatoes"),
        things=("the raised bed", "the tomato seedlings", "the compost heap", "the garden shed", "the row of beans"),
        weight=8,
        foreign="Garten/jardín",
    ),
    Subject(
        name="trains",
        tags=("trains", "mobility"),
        things=("the night train", "the train to the coast", "the new timetable", "the station cafe", "the branch line"),
        weight=8,
        moods=(30, 25, 45),
        foreign="Zug/tren/train",
    ),
)

SENTENCES: dict[Mood, tuple[str, ...]] = {
    "positive": (
        "I love {thing}, it makes me really happy.",
        "{Thing}: what a wonderful surprise!",
        "Great news about {thing}, thank you all for the excellent work.",
        "I enjoyed {thing} a lot, highly recommended.",
        "{Thing} is fantastic and I am so glad that we tried it.",
        "Honestly {thing} turned out beautiful, best part of my {day}.",
        "So proud of our group, {thing} went perfectly.",
        "{Thing} works brilliantly now. Impressive!",
        "A delightful evening with {thing} and good friends.",
    ),
    "neutral": (
        "{Thing} is on the agenda for {day}.",
        "Reading about {thing}, page {number} of {larger}.",
        "Here are my notes on {thing}, part {number}.",
        "Who else was at the talk about {thing} on {day}?",
        "{Thing}: we meet on {day} in room {number}.",
        "A thread of {number} posts about {thing}.",
        "I wrote down how long {thing} took: {number} minutes.",
        "The page about {thing} moved to another address.",
    ),
    "negative": (
        "{Thing} is a terrible disappointment.",
        "I hate {thing}, it is ugly and broken again.",
        "What an awful day: {thing} failed horribly.",
        "{Thing} makes me angry and tired. Such a waste.",
        "Sad news about {thing}, the worst in years.",
        "I am worried about {thing}, this is a serious problem.",
        "{Thing} was a disaster, {number} people complained.",
        "Nobody asked for this. {Thing} is annoying and bad.",
        "The failure of {thing} is painful to watch.",
    ),
}

FOREIGN_SENTENCES: dict[str, dict[Mood, tuple[str, ...]]] = {
    "de": {
        "positive": (
            "Ich freue mich sehr über {tag}, das ist wirklich schön geworden.",
            "{tag} macht mir heute richtig Freude.",
        ),
        "neutral": ("Am Dienstag sprechen wir über {tag} im großen Saal.", "Hier sind meine Notizen zu {tag}, Teil {number}."),
        "negative": (
            "Ich ärgere mich schon wieder über {tag}, so geht das nicht.",
            "{tag} war heute leider eine große Enttäuschung.",
        ),
    },
    "es": {
        "positive": ("Me encanta {tag}, estoy muy contento con el resultado.", "Qué alegría tener {tag} en nuestro barrio."),
        "neutral": ("El martes hablamos de {tag} en la sala grande.", "Aquí están mis apuntes sobre {tag}, parte {number}."),
        "negative": ("Estoy harto de {tag}, otra vez no funciona nada.", "Qué pena lo de {tag}, una gran decepción."),
    },
    "fr": {
        "positive": ("J'adore {tag}, je suis vraiment content du résultat.", "Quel plaisir de découvrir {tag} ce matin."),
        "neutral": ("Mardi, nous parlons de {tag} dans la grande salle.", "Voici mes notes sur {tag}, partie {number}."),
        "negative": (
            "Encore une déception avec {tag}, je suis en colère.",
            "Je suis inquiet pour {tag}, c'est un vrai problème.",
        ),
    },
    "ja": {
        "positive": ("{tag} がとても楽しかったです。ありがとうございます。", "今日は {tag} のおかげでうれしい一日でした。"),
        "neutral": ("火曜日に {tag} について話します。", "{tag} のメモ、その{number}。"),
        "negative": ("{tag} にはがっかりしました。残念です。", "また {tag} が壊れて困っています。"),
    },
    "ar": {
        "positive": ("أحب {tag} كثيرا، كان يوما جميلا.", "شكرا للجميع على {tag}، عمل رائع."),
        "neutral": ("نتحدث عن {tag} يوم الثلاثاء في القاعة الكبيرة.", "هذه ملاحظاتي عن {tag}، الجزء {number}."),
        "negative": ("خاب أملي في {tag} مرة أخرى.", "أنا قلق بشأن {tag}، هذه مشكلة."),
    },
}

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FACES: dict[Mood, tuple[str, ...]] = {
    "positive": ("😊", "🎉", "❤️", "👍🏽"),
    "neutral": ("📌", "🗓️"),
    "negative": ("😡", "😢", "👎"),
}
SHORTCODES = ("sparkle", "blobwave", "coffeecup")
WARNINGS = ("long post", "food", "politics, mild", "spoilers for the talk")
LINK_HOSTS = ("blog.example", "news.example", "wiki.example", "docs.example")
ALT_TEXTS = ("A desk with a lamp & a notebook", "Two people at a window", "A chart with one rising line", "")
