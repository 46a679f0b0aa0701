"""Which posts are one story, who had it first, and how sure that is."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from math import comb
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.post import Author, Post
from monitor.stories import LONGEST_SILENCE, MOST_LINKS, Stories, Telling, stories
from monitor.text.signature import signature

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAGE = "https://news.example/wrens"
WRENS = "Forty wrens were found in one nest near the old mill, say the keepers of the park"
BRIDGE = "The city council voted for a new bridge over the river on Monday evening"


def telling(name, *, platform="mastodon", minutes=0.0, links=(), text="", repost_of=None):
    return Telling(
        id=name,
        platform=platform,
        created_at=NOON + timedelta(minutes=minutes),
        links=links,
        signature=signature(text),
        repost_of=repost_of,
    )


def groups(*tellings):
    return [story.posts for story in stories(tellings)]


def test_stories__first_platform_and_lags():
    (story,) = stories(
        [
            telling("c", platform="reddit", minutes=90, links=(PAGE,)),
            telling("b", platform="bluesky", minutes=10, links=(PAGE,)),
            telling("a", platform="mastodon", links=(PAGE,)),
            telling("d", platform="bluesky", minutes=200, links=(PAGE,)),
        ]
    )
    assert (story.posts, story.first_post, story.first_platform, story.began_at) == (
        ("a", "b", "c", "d"),
        "a",
        "mastodon",
        NOON,
    )
    assert list(story.lags.items()) == [
        ("mastodon", timedelta(0)),
        ("bluesky", timedelta(minutes=10)),
        ("reddit", timedelta(minutes=90)),
    ]


def test_stories__of_no_posts__are_none():
    assert stories([]) == ()


def test_stories__nearly_the_same_text__is_one():
    assert groups(telling("a", text=WRENS), telling("b", minutes=1, text=WRENS.replace("Forty", "Fifty"))) == [("a", "b")]


def test_stories__other_texts_and_links__are_others():
    one, other = telling("a", text=WRENS, links=(PAGE,)), telling("b", minutes=1, text=BRIDGE, links=(PAGE + "/2",))
    assert groups(one, other) == [("a",), ("b",)]


def test_stories__repost__belongs_to_its_original_even_if_it_is_seen_before():
    assert groups(telling("b", repost_of="a", minutes=5), telling("a", minutes=9), telling("c", minutes=7)) == [
        ("b", "a"),
        ("c",),
    ]


def test_stories__reposts_of_a_post_that_was_not_collected__are_one():
    assert groups(telling("b", repost_of="a"), telling("c", repost_of="a", minutes=1)) == [("b", "c")]


def test_stories__post_with_the_links_of_two__joins_them():
    one, two = telling("a", links=(PAGE,)), telling("b", minutes=1, links=(PAGE + "/2",))
    assert groups(one, two, telling("c", minutes=2, links=(PAGE, PAGE + "/2"))) == [("a", "b", "c")]


def test_stories__front_page__joins_nothing():
    link = ("https://news.example",)
    assert groups(telling("a", links=link), telling("b", minutes=1, links=link)) == [("a",), ("b",)]


def test_stories__list_of_links__joins_nothing():
    links = tuple(f"{PAGE}/{number}" for number in range(MOST_LINKS + 1))
    assert groups(telling("a", links=links[:1]), telling("b", minutes=1, links=links)) == [("a",), ("b",)]


@pytest.mark.parametrize("what", [{"links": (PAGE,)}, {"text": WRENS}])
def test_stories__told_again_after_a_long_silence__is_another(what):
    month = LONGEST_SILENCE / timedelta(minutes=1)
    tellings = [telling("a", **what), telling("b", minutes=month, **what), telling("c", minutes=2 * month + 1, **what)]
    assert groups(*tellings) == [("a", "b"), ("c",)]


def test_stories__copy_of_what_was_told_all_the_time__is_found():
    """The text lies in a bucket as it was first told, long ago; its equal copies keep it young."""
    days = [telling(f"{day:02}", minutes=day * 24 * 60, text=WRENS) for day in range(45)]
    assert len(groups(*days, telling("x", minutes=45 * 24 * 60, text=WRENS.replace("Forty", "Fifty")))) == 1


def test_add__counts_posts_and_stories_as_they_come():
    grown = Stories()
    told = []
    for each in (telling("a", links=(PAGE,)), telling("b", text=WRENS), telling("b"), telling("c", links=(PAGE,), text=WRENS)):
        grown.add(each)
        told.append((grown.raw, grown.unique))
    assert told == [(1, 1), (2, 2), (2, 2), (3, 1)]


def test_telling__of_a_post__has_what_decides():
    post = Post(
        id="a",
        platform="reddit",
        native_id="1",
        url=None,
        created_at=NOON,
        author=Author(id="7"),
        text=WRENS,
        links=("http://www.news.example/wrens#top",),
        link_ids=(PAGE,),
        signature=signature(WRENS),
        repost_of="b",
    )
    assert Telling.of(post) == telling("a", platform="reddit", links=(PAGE,), text=WRENS, repost_of="b")


# ---- any posts

TELLINGS = st.lists(
    st.builds(
        telling,
        st.sampled_from("abcdefghij"),
        platform=st.sampled_from(["mastodon", "bluesky", "reddit"]),
        minutes=st.integers(0, 100_000),
        links=st.lists(st.sampled_from([PAGE, PAGE + "/2", "https://news.example"]), max_size=2).map(tuple),
        text=st.sampled_from(["", WRENS, BRIDGE, WRENS.replace("Forty", "Fifty")]),
        repost_of=st.none() | st.sampled_from("abcdefghij"),
    ),
    max_size=12,
    unique_by=lambda each: each.id,
)


@given(TELLINGS, st.randoms())
def test_stories__any_order_of_posts__is_the_same(tellings, drawn):
    shuffled = drawn.sample(tellings, len(tellings))
    assert stories(shuffled) == stories(tellings)


@given(TELLINGS)
def test_stories__every_post_is_in_one_and_the_count_is_theirs(tellings):
    grown = Stories()
    for each in tellings:
        grown.add(each)
    found = grown.stories()
    assert sorted(post for story in found for post in story.posts) == sorted(each.id for each in tellings)
    assert (grown.raw, grown.unique) == (len(tellings), len(found))
    assert all(list(story.lags.values()) == sorted(story.lags.values()) for story in found)


# ---- how sure it is

SYLLABLES = [consonant + vowel for consonant in "bcdfglmnprst" for vowel in "aeiou"]
COMMON = "the a of to in and is it that for on with this as at by from are was be has have not but they we you".split()
TOPIC = ["wrens", "park", "city", "nest", "birds", "mill", "keepers", "count"]


def text_of(drawn, vocabulary):
    """A text of 8 to 40 words as the posts of one topic share them: nearly half of them little words, some of the topic."""
    kinds = drawn.choices([COMMON, TOPIC, vocabulary], [45, 10, 45], k=drawn.randint(8, 40))
    return [drawn.choice(kind) for kind in kinds]


def changed(drawn, words, vocabulary):
    """A copy as people make them: a word is replaced, left out or added, something stands before or behind, the end is cut."""
    at = drawn.randrange(len(words))
    return drawn.choice(
        [
            [*words[:at], drawn.choice(vocabulary), *words[at + 1 :]],
            words[:at] + words[at + 1 :],
            [*words[:at], drawn.choice(vocabulary), *words[at:]],
            ["breaking", *words],
            [*words, drawn.choice(vocabulary), "via"],
            words[: max(8, len(words) * 6 // 7)],
        ]
    )


def corpus(*, texts, copies, changes):
    """Tellings and, by the id of each, which text it is a copy of."""
    drawn = random.Random(2026)
    vocabulary = ["".join(drawn.choices(SYLLABLES, k=drawn.randint(2, 4))) for _ in range(500)]
    tellings, origin, number = [], {}, count()
    for text in range(texts):
        words = text_of(drawn, vocabulary)
        for copy in range(copies):
            said = words
            for _ in range(drawn.randint(0, changes) if copy else 0):
                said = changed(drawn, said, vocabulary)
            name = f"{next(number)}"
            origin[name] = text
            tellings.append(telling(name, minutes=drawn.random() * 10_000, text=" ".join(said)))
    return tellings, origin


def pairs(sizes):
    return sum(comb(size, 2) for size in sizes)


def test_stories__of_generated_copies__are_what_they_are_copies_of(capsys):
    tellings, origin = corpus(texts=400, copies=6, changes=2)
    begun = process_time()
    found = stories(tellings)
    each_us = (process_time() - begun) / len(tellings) * 1e6
    joined = pairs(len(story.posts) for story in found)
    right = pairs(size for story in found for size in Counter(origin[post] for post in story.posts).values())
    precision, recall = right / joined, right / pairs(Counter(origin.values()).values())
    with capsys.disabled():
        print(
            f"\nstories: precision {precision:.4f}, recall {recall:.4f} of pairs among {len(tellings)} posts; {each_us:.0f} us each"
        )
    assert precision >= 0.995
    assert recall >= 0.9


def test_stories__of_a_template_with_four_gaps__are_many():
    drawn = random.Random(1)
    text = "It is {} degrees in {} this morning with a light wind from the {} and no rain until {}"
    said = [text.format(*(f"{gap}{drawn.randrange(50)}" for gap in "abcd")) for _ in range(300)]
    assert len(stories(telling(f"{number}", minutes=number, text=each) for number, each in enumerate(said))) > 150


def test_stories__posts_that_all_say_nearly_the_same__take_time_in_proportion():
    drawn = random.Random(1)
    words = WRENS.split()
    tellings = [
        telling(f"{number}", minutes=number / 100, text=" ".join(changed(drawn, words, ["owl"]))) for number in range(3000)
    ]
    begun = process_time()
    assert len(stories(tellings)) == 1
    assert process_time() - begun < 3  # measured: 0.2 s
