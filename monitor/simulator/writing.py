"""Composed text: a post as paragraphs of pieces, and its rendering as plain words or as each platform's HTML.

The plain rendering is the ground truth that the monitored text is compared with. It is made from the pieces, never by
reading the HTML back.
"""

import random
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from monitor.simulator.people import LOCAL_HOST, Person
from monitor.simulator.phrases import DAYS, FACES, FOREIGN_SENTENCES, LINK_HOSTS, SENTENCES, SHORTCODES, Mood, Subject


@dataclass(frozen=True, slots=True)
class Tag:
    name: str  # as typed, with capitals


@dataclass(frozen=True, slots=True)
class Mention:
    person: Person


@dataclass(frozen=True, slots=True)
class Link:
    url: str


@dataclass(frozen=True, slots=True)
class Stress:
    words: str  # shown in italics where a platform has them


Piece = str | Tag | Mention | Link | Stress
Paragraph = tuple[Piece, ...]
Text = tuple[Paragraph, ...]


def plain(text: Text) -> str:
    """Paragraphs apart by one blank line; a link is its whole address, a mention `@name`, a tag `#name`."""
    return "\n\n".join("".join(_plain_piece(piece) for piece in paragraph) for paragraph in text)


def _plain_piece(piece: Piece) -> str:
    match piece:
        case Tag(name):
            return f"#{name}"
        case Mention(person):
            return f"@{person.username}"
        case Link(url):
            return url
        case Stress(words):
            return words
    return piece


def mastodon_html(text: Text) -> str:
    """HTML as Mastodon serves it: `<p>`, `<br>`, addresses cut into invisible and shown parts, anchors for # and @."""
    return "".join(f"<p>{''.join(_mastodon_piece(piece) for piece in paragraph)}</p>" for paragraph in text)


def _mastodon_piece(piece: Piece) -> str:
    match piece:
        case Tag(name):
            href = f"https://{LOCAL_HOST}/tags/{quote(name)}"
            return f'<a href="{href}" class="mention hashtag" rel="tag">#<span>{escape(name)}</span></a>'
        case Mention(person):
            href = f"https://{person.host}/@{person.username}"
            return (
                f'<span class="h-card" translate="no"><a href="{href}" class="u-url mention">'
                f"@<span>{person.username}</span></a></span>"
            )
        case Link(url):
            return _shortened_link(url)
        case Stress(words):
            return _escaped(words)
    return _escaped(piece).replace("\n", "<br>")


def _shortened_link(url: str) -> str:
    """Mastodon hides the scheme, and what goes beyond 30 characters of the rest."""
    shown = url.removeprefix("https://")
    css_class = "ellipsis" if len(shown) > 30 else ""
    return (
        f'<a href="{escape(url)}" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">https://</span>'
        f'<span class="{css_class}">{escape(shown[:30])}</span><span class="invisible">{escape(shown[30:])}</span></a>'
    )


def _escaped(words: str) -> str:
    return escape(words).replace("&#x27;", "&#39;")


def hackernews_html(text: Text) -> str:
    """HTML as Hacker News serves it: a bare `<p>` between paragraphs, entities for quotes and slashes, shortened links."""
    return "<p>".join("".join(_hackernews_piece(piece) for piece in paragraph) for paragraph in text)


def _hackernews_piece(piece: Piece) -> str:
    match piece:
        case Link(url):
            shown = url if len(url) <= 60 else url[:60] + "..."
            return f'<a href="{_slashed(url)}" rel="nofollow">{_slashed(shown)}</a>'
        case Stress(words):
            return f"<i>{_slashed(words)}</i>"
        case str():
            return _slashed(piece)
    return _slashed(_plain_piece(piece))


def _slashed(words: str) -> str:
    return escape(words).replace("/", "&#x2F;")


def feed_html(text: Text) -> str:
    """HTML as a blog's feed holds it."""
    return "\n".join(f"<p>{''.join(_feed_piece(piece) for piece in paragraph)}</p>" for paragraph in text)


def _feed_piece(piece: Piece) -> str:
    match piece:
        case Link(url):
            return f'<a href="{escape(url)}">{escape(url)}</a>'
        case Stress(words):
            return f"<em>{escape(words)}</em>"
    return escape(_plain_piece(piece), quote=False)


def tags_of(text: Text) -> tuple[str, ...]:
    """Tags in order of appearance, in lower case, each once."""
    return tuple(dict.fromkeys(piece.name.lower() for paragraph in text for piece in paragraph if isinstance(piece, Tag)))


def mentions_of(text: Text) -> tuple[Person, ...]:
    return tuple(dict.fromkeys(piece.person for paragraph in text for piece in paragraph if isinstance(piece, Mention)))


def links_of(text: Text) -> tuple[str, ...]:
    return tuple(dict.fromkeys(piece.url for paragraph in text for piece in paragraph if isinstance(piece, Link)))


def sentence(rng: random.Random, subject: Subject, mood: Mood) -> str:
    """One English sentence about `subject` in `mood`."""
    thing = rng.choice(subject.things)
    number = rng.randrange(2, 60)
    return rng.choice(SENTENCES[mood]).format(
        thing=thing,
        Thing=thing[0].upper() + thing[1:],
        day=rng.choice(DAYS),
        number=number,
        larger=number + rng.randrange(10, 300),
    )


def compose(rng: random.Random, subject: Subject, mood: Mood, *, language: str, social: bool) -> Text:
    """Text of one to three paragraphs. `social`: with tags and emoji as on a microblog, else sober prose."""
    size = rng.choices((1, 2, 3), (70, 22, 8))[0]
    paragraphs = [_body(rng, subject, mood, language=language) for _ in range(size)]
    if social and rng.random() < 0.15:
        face = rng.choice(FACES[mood]) if rng.random() < 0.7 else f":{rng.choice(SHORTCODES)}:"
        paragraphs[-1] = (*paragraphs[-1], f" {face}")
    if rng.random() < 0.18:
        paragraphs[-1] = (*paragraphs[-1], " " if rng.random() < 0.6 else "\n" if social else " ", Link(link(rng, subject)))
    if social and language == "en" and rng.random() < 0.9:
        paragraphs.append(_tag_line(rng, subject))
    return tuple(paragraphs)


def _body(rng: random.Random, subject: Subject, mood: Mood, *, language: str) -> Paragraph:
    if language != "en":
        before, _, after = rng.choice(FOREIGN_SENTENCES[language][mood]).partition("{tag}")
        number = rng.randrange(2, 60)
        return (before.format(number=number), Tag(_typed(rng, subject.tags[0])), after.format(number=number))
    sentences = [sentence(rng, subject, mood) for _ in range(rng.choices((1, 2), (65, 35))[0])]
    if rng.random() < 0.04:
        return (*sentences[:-1], " " if len(sentences) > 1 else "", Stress(sentences[-1]))
    return (" ".join(sentences),)


def _tag_line(rng: random.Random, subject: Subject) -> Paragraph:
    names = [subject.tags[0], *rng.sample(subject.tags[1:], rng.randrange(len(subject.tags)))]
    pieces: list[Piece] = []
    for name in names:
        pieces += [" ", Tag(_typed(rng, name))] if pieces else [Tag(_typed(rng, name))]
    return tuple(pieces)


def _typed(rng: random.Random, tag: str) -> str:
    return tag.capitalize() if rng.random() < 0.4 else tag


def link(rng: random.Random, subject: Subject) -> str:
    """An address on an invented host; some are long enough to be shortened when shown, some have a query."""
    path = f"{subject.tags[0]}/{rng.randrange(2020, 2027)}/{rng.randrange(1, 9999)}"
    query = f"?ref={rng.choice(('feed', 'home'))}&page={rng.randrange(1, 9)}" if rng.random() < 0.2 else ""
    return f"https://{rng.choice(LINK_HOSTS)}/{path}{query}"


def title(rng: random.Random, subject: Subject, mood: Mood) -> str:
    """A headline: one sentence without its last stop."""
    return sentence(rng, subject, mood).rstrip(".")
