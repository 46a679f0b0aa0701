"""What is taken out of texts before they are kept: mail addresses, telephone numbers, payment cards, and a person's own patterns.

Patterns are words, phrases, beginnings of words (`Miller*`) and templates (`AB-######`: # a digit, ? a letter), never regular
expressions of a stranger's. Every search is linear in the text: all repetitions are bounded, and a pattern is short. Pure.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from monitor.errors import UsageError
from monitor.text.addresses import address_spans
from monitor.text.cards import card_spans
from monitor.text.links import link_spans
from monitor.text.phones import phone_spans
from monitor.text.replaced import Edit

KINDS = ("email", "phone", "card")
UNNAMED = "redacted"
LONGEST_PATTERN = 100
MOST_PATTERNS = 50
_LONGEST_REST = 60  # letters that a `*` stands for

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
# Before it neither a sign of an address nor @: "@ann@example.org" is an account and no mail address.
_EMAIL = re.compile(
    r"(?<![\w.+@-])\w[\w.+'~-]{0,63}"
    r"(?:@|\s?[\[(]\s?at\s?[\])]\s?|%40)"
    r"[\w-]{1,63}(?:(?:\.|\s?[\[(]\s?dot\s?[\])]\s?)[\w-]{1,63}){0,8}(?:\.|\s?[\[(]\s?dot\s?[\])]\s?)[^\W\d_]{2,24}(?![\w@])",
    re.IGNORECASE,
)
_DIALLED = re.compile(r"(?:tel:|sms:|wa\.me/|phone=|%2b|(?=\+))(\+?[0-9][0-9()-]{6,20})", re.IGNORECASE)
_HAS_AT = re.compile(r"@|%40|[\[(]\s?at\s?[\])]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing to take out: a kind of KINDS, or a pattern, and the name that is written in its place."""

    name: str
    pattern: str | None = None


def rule(text: str) -> Rule:
    """Read `email`, `phone`, `card`, `NAME=PATTERN` or a bare pattern. Raises UsageError."""
    if text in KINDS:
        return Rule(text)
    head, equals, rest = text.partition("=")
    name, pattern = (head, rest.strip()) if equals and _NAME.fullmatch(head) else (UNNAMED, text.strip())
    if not any(sign.isalnum() or sign in "#?" for sign in pattern) or len(pattern) > LONGEST_PATTERN:
        raise UsageError(
            f"Nothing can be taken out for {text[:50]!r}: give {', '.join(KINDS)}, or NAME=PATTERN with words, a phrase, a "
            f"beginning such as Miller*, or a template such as AB-######, at most {LONGEST_PATTERN} characters."
        )
    if len(pattern.replace("*", "")) < len(pattern) - 1 or ("*" in pattern and not pattern.endswith("*")):
        raise UsageError(f"In {text[:50]!r}, * may only stand at the end, for the rest of a word.")
    if pattern.rstrip("*").strip("?# ") == "" and len(pattern) < 4:
        raise UsageError(f"The template {pattern!r} is too short: it would take out most numbers or words.")
    return Rule(name, pattern)


def rules(texts: Iterable[str]) -> tuple[Rule, ...]:
    """Read the rules of a topic, each once, in order. Raises UsageError."""
    made = tuple(dict.fromkeys(rule(text) for text in texts))
    if len(made) > MOST_PATTERNS:
        raise UsageError(f"{len(made)} things to take out are too many: at most {MOST_PATTERNS}.")
    return made


def redactions(text: str, wanted: Sequence[Rule]) -> list[Edit]:
    """What is to be replaced in a text, by `[name]`; it may overlap. Web addresses in it go by `link_redactions`."""
    edits = [Edit(start, end, f"[{each.name}]") for each in wanted for start, end in _spans(text, each)]
    links = [*address_spans(text), *link_spans(text)]  # with hosts that no registry knows, and without "http://"
    if not links:
        return edits
    numbers = {f"[{name}]" for name in KINDS[1:] if Rule(name) in wanted}
    edits = [edit for edit in edits if edit.by not in numbers or not _within(edit.start, links)]
    for start, end in links:
        edits += [Edit(start + edit.start, start + edit.end, edit.by) for edit in link_redactions(text[start:end], wanted)]
    return edits


def link_redactions(link: str, wanted: Sequence[Rule]) -> list[Edit]:
    """The same for one web address, in which numbers are mostly ids: only what an address says is dialled is a telephone's."""
    apt = [each for each in wanted if each.pattern is not None or each.name == "email"]
    edits = [Edit(start, end, f"[{each.name}]") for each in apt for start, end in _spans(link, each)]
    if Rule("phone") in wanted:
        edits += [Edit(found.start(1), found.end(1), "[phone]") for found in _DIALLED.finditer(link)]
    return edits


def _within(place: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in spans)


def _spans(text: str, wanted: Rule) -> Iterator[tuple[int, int]]:
    if wanted.pattern is not None:
        return (found.span() for found in _matcher(wanted.pattern).finditer(text))
    if wanted.name == "email":
        return (found.span() for found in _EMAIL.finditer(text)) if _HAS_AT.search(text) else iter(())
    return iter(phone_spans(text) if wanted.name == "phone" else card_spans(text))


@lru_cache(256)
def _matcher(pattern: str) -> re.Pattern[str]:
    """Made of escaped signs, classes of one sign and bounded repetitions alone: nothing of it can be slow."""
    open_end = pattern.endswith("*")
    signs = {"#": "[0-9]", "?": r"[^\W\d_]"}
    words = ("".join(signs.get(sign) or re.escape(sign) for sign in word) for word in pattern.removesuffix("*").split())
    rest = rf"\w{{0,{_LONGEST_REST}}}" if open_end else ""
    phrase = r"\s{1,5}".join(words)
    return re.compile(rf"(?<!\w){phrase}{rest}(?!\w)", re.IGNORECASE)
