"""The public conformance cases of twitter-text: our readers of plain text answer all that apply, but for the exceptions below.

The cases (Apache-2.0) are read from the recordings beside the repository. Hashtags are compared in lower case and each once, as we
keep them; cases of linking are compared by what they link.
"""

import html
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.text.cashtags import cashtags_in
from monitor.text.links import link_spans
from monitor.text.mentions import mentions_in
from monitor.text.tags import is_tag, tags_in

CASES = Path(__file__).parents[2] / ".." / "shared" / "recordings" / "text-extraction"

# What we read differently, and why; docs/text.md tells the same to users.
EXCEPTIONS = {
    ("extract mentions", "@username email me @test@example.com"): "@test@example.com is a person of the Fediverse",
    ("autolink usernames", "@username9012345678901"): "names of more than 20 signs exist on all platforms but X",
    ("validate usernames", "@example-name"): "names on GitHub, Hacker News and Discourse hold hyphens",
    (
        "validate urls",
        "http://user:PASSW0RD@example.com:8080/login.php",
    ): "an address with a password in it is not collected",
}
# Sections that ask for something else than hashtags, cashtags, mentions and addresses.
ELSEWHERE = {
    "extract replies": "which post is answered is told by platforms, not guessed from text",
    "autolink json": "the entities are given, nothing is read from the text",
    "validate lists": "lists of people exist on X alone, and are no mentions",
    "validate tweets": "the length that X allows",
    "validate WeightedTweetsCounterTest": "the length that X allows",
    "validate WeightedTweetsWithDiscountedEmojiCounterTest": "the length that X allows",
    "validate UnicodeDirectionalMarkerCounterTest": "the length that X allows",
    "hit_highlighting plain_text": "marking of search results, in monitor.query",
    "hit_highlighting with_links": "marking of search results, in monitor.query",
    "tlds country": "a list of words; the endings are those of the public suffix list",
    "tlds generic": "a list of words; the endings are those of the public suffix list",
}

Read = Callable[[str], object]


def cases() -> Iterator[tuple[str, str, Any]]:
    """Section, text and what is expected of it, as the files have them."""
    for name in ("extract", "autolink", "validate", "hit_highlighting", "tlds"):
        for section, listed in json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))["tests"].items():
            for case in listed:
                yield f"{name} {section}", case["text"] if isinstance(case, dict) else case, case


def once(found: list[str]) -> list[str]:
    return list(dict.fromkeys(found))


def lowered(found: list[str]) -> list[str]:
    return once([tag.lower() for tag in found])


def addresses(text: str) -> list[str]:
    return [text[start:end] for start, end in link_spans(text)]


def linked(expected: str, kind: str) -> list[str]:
    """What stands in the links of a kind (a class, or "" for addresses) in expected HTML."""
    found = []
    for attributes, shown in re.findall(r"<a ([^>]*)>([^<]*)</a>", expected):
        told = dict(re.findall(r'([a-z]+)="([^"]*)"', attributes))
        if kind in told.get("class", "").split() if kind else "class" not in told:
            found.append(html.unescape(shown if kind else told["href"]))
    return found


def with_scheme(found: list[str]) -> list[str]:
    """Those that linking concerns: X links addresses without http:// only where they are given."""
    return [address for address in found if address.startswith("http")]


def spans(expected: list[dict[str, Any]]) -> list[tuple[int, int]]:
    return [tuple(each["indices"]) for each in expected]


def entities(text: str) -> list[list[str]]:
    return [list(tags_in(text)), list(mentions_in(text)), list(cashtags_in(text)), with_scheme(addresses(text))]


def linked_entities(expected: str) -> list[list[str]]:
    tags, names, shares = (linked(expected, kind) for kind in ("hashtag", "username", "cashtag"))
    return [lowered([tag[1:] for tag in tags]), once(names), [share[1:] for share in shares], linked(expected, "")]


# Per section: our reading of the text, and what the expectation says in the same words.
SECTIONS: dict[str, tuple[Read, Read]] = {
    "extract mentions": (mentions_in, tuple),
    "extract mentions_with_indices": (mentions_in, lambda expected: tuple(each["screen_name"] for each in expected)),
    "extract mentions_or_lists_with_indices": (
        mentions_in,
        lambda expected: tuple(each["screen_name"] for each in expected if not each["list_slug"]),
    ),
    "extract urls": (addresses, list),
    "extract tco_urls_with_params": (addresses, list),
    "extract urls_with_indices": (link_spans, spans),
    "extract urls_with_directional_markers": (link_spans, spans),
    "extract hashtags": (lambda text: list(tags_in(text)), lowered),
    "extract hashtags_from_astral": (lambda text: list(tags_in(text)), lowered),
    "extract hashtags_with_indices": (
        lambda text: list(tags_in(text)),
        lambda expected: lowered([each["hashtag"] for each in expected]),
    ),
    "extract cashtags": (lambda text: list(cashtags_in(text)), once),
    "extract cashtags_with_indices": (
        lambda text: list(cashtags_in(text)),
        lambda expected: [each["cashtag"] for each in expected],
    ),
    "autolink usernames": (lambda text: list(mentions_in(text)), lambda expected: once(linked(expected, "username"))),
    "autolink lists": (lambda text: list(mentions_in(text)), lambda expected: once(linked(expected, "username"))),
    "autolink hashtags": (entities, linked_entities),
    "autolink cashtags": (entities, linked_entities),
    "autolink all": (entities, linked_entities),
    "autolink urls": (lambda text: with_scheme(addresses(text)), lambda expected: linked(expected, "")),
    "validate hashtags": (lambda text: is_tag(text[1:]), bool),
    "validate usernames": (lambda text: mentions_in(text) == (text[1:],), bool),
    "validate urls": (lambda text: addresses(text) == [text], bool),
    "validate urls_without_protocol": (lambda text: addresses(text) == [text], bool),
}


@pytest.fixture(scope="module")
def all_cases() -> list[tuple[str, str, Any]]:
    if not CASES.is_dir():
        pytest.skip(f"the conformance cases are not there: {CASES}")
    return list(cases())


def test_every_case_that_applies_is_answered_as_expected(all_cases):
    applicable = [(section, text, case["expected"]) for section, text, case in all_cases if section in SECTIONS]
    different = {}
    for section, text, expected in applicable:
        read, told = SECTIONS[section]
        if read(text) != told(expected):
            different[section, text] = (read(text), told(expected))
    per_section = {section: sum(found == section for found, _, _ in applicable) for section in SECTIONS}
    print(f"conformance: {len(applicable)} cases apply, {len(applicable) - len(different)} as expected,")
    print(f"  {len(EXCEPTIONS)} exceptions; {', '.join(f'{name} {count}' for name, count in per_section.items())}")
    assert different.keys() == EXCEPTIONS.keys(), {case: both for case, both in different.items() if case not in EXCEPTIONS}
    assert all(per_section.values())
    told = " ".join((Path(__file__).parents[2] / "docs" / "text.md").read_text(encoding="utf-8").split())
    assert f"{len(applicable)} of them are about" in told
    assert f"and {len(applicable) - len(different)} are answered as expected" in told
    assert all(text.rpartition(" ")[2] in told for _, text in EXCEPTIONS)


def test_every_section_is_either_answered_or_explained(all_cases):
    sections = {section for section, _, _ in all_cases}
    assert sections == SECTIONS.keys() | ELSEWHERE.keys()
    assert not SECTIONS.keys() & ELSEWHERE.keys()
