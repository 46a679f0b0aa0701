"""The sentence that a person reads to see whether a query says what was meant."""

import pytest

from monitor.query.english import english
from monitor.query.fields import FIELDS
from monitor.query.parse import parse_search


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("tea", 'posts that say "tea"'),
        ('"green tea"', 'posts that say "green tea"'),
        ("#tea", "posts that have the tag #tea"),
        ("#tea*", "posts that have a tag that begins with #tea"),
        ("tag~:tea", "posts that have a tag with the words of tea"),
        ("@ann", "posts that mention @ann"),
        ("tea*", 'posts that say "tea" and any ending'),
        ("=NASA", 'posts that say "NASA" in exactly these capitals'),
        ("title:tea", 'posts that say "tea" in the title'),
        ('"green tea"~1', 'posts that say the words of "green tea" with at most 1 other word among them'),
        ("tea milk", 'posts that say "tea" and "milk"'),
        ("tea OR milk OR cream", 'posts that say "tea" or "milk" or "cream"'),
        ("tea -milk", 'posts that say "tea" and do not say "milk"'),
        ("tea lang:en", 'posts that say "tea" and are in the language en'),
        ("tea (milk OR #cream)", 'posts that say "tea" and (say "milk" or have the tag #cream)'),
        ("NOT (tea OR lang:en)", 'posts that are none of those that say "tea" or are in the language en'),
        ("-lang:en", "posts that are not in the language en"),
        ("-is:repost", "posts that are not reposts"),
        ("-lang:en OR -lang:de", "posts that are not in the language en or are not in the language de"),
        ("-lang:en -lang:de", "posts that are not in the language en and are not in the language de"),
        ("-tea OR -milk", 'posts that do not say "tea" or do not say "milk"'),
        ("tea -(cup OR pot) milk", 'posts that say "tea" and (are none of those that say "cup" or "pot") and say "milk"'),
        ("tea NOT NOT is:bot #cup", 'posts that say "tea" and (are none of those that are not by bots) and have the tag #cup'),
        ("NOT NOT tea", 'posts that are none of those that do not say "tea"'),
        ("tea OR title:milk", 'posts that say "tea" or say "milk" in the title'),
        ("tea milk*", 'posts that say "tea" and say "milk" and any ending'),
        ("tea OR =NASA", 'posts that say "tea" or say "NASA" in exactly these capitals'),
        ("tea NEAR/5 milk OR cream", 'posts that say "tea" at most 5 words from "milk" or say "cream"'),
        ("#tea OR #cup*", "posts that have the tag #tea or a tag that begins with #cup"),
        ("NOT NOT is:bot", "posts that are none of those that are not by bots"),
        ("tea NEAR/5 milk", 'posts that say "tea" at most 5 words from "milk"'),
        ("(tea OR #chai) NEAR/1f milk", 'posts that say ("tea" or the tag #chai) at most 1 word before "milk"'),
        ("min_likes:1000", "posts that have at least 1,000 likes"),
        ("score:<-0.5", "posts that have less than -0.5 as score of sentiment"),
        ("since:2026-11-01 until:2026-12-01", "posts that are from 2026-11-01 or later and from before 2026-12-01"),
        ("domain:example.org OR url:x/y", "posts that link to example.org or to an address with x/y in it"),
        ("from:ann to:bob", "posts that are by ann and replies that mention @bob"),
    ],
)
def test_english(query, sentence):
    assert english(parse_search(query)) == sentence


VALUES = {
    "platform": "mastodon", "lang": "und", "from": "ann", "to": "ann", "domain": "a.org", "url": "a", "community": "rust", "is": "bot",
    "has": "alt", "since": "2026-11-01", "until": "2026-11-01", "sentiment": "neg", "score": ">0.1", "reach": ">=5", "topic": "x",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_english__every_field__has_words_of_its_own(name):
    assert len(english(parse_search(f"{name}:{VALUES.get(name, '>=2')}"))) > len("posts that are in")
