"""Telegram beyond what the contract suite proves for every platform. Its pages are those of examples/telegram."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.bookmark import Step
from monitor.crawl.address import address
from monitor.errors import PostError, RefusedError, ReplyError
from monitor.page import Asked, Reply
from monitor.post import Media
from monitor.source import Source
from spiders.telegram import Telegram

CHANNEL = Source(platform="telegram", kind="account", parameters={"account": "NestNews"})
URL = "https://t.me/s/NestNews"


def reply(html, status=200):
    return Reply(status, {}, html.encode(), URL, datetime(2026, 11, 22, 8, tzinfo=UTC))


PAGE = reply(
    json.loads((Path(__file__).parent / "examples/telegram/channel.json").read_text(encoding="utf-8"))["reply"]["body"]
)


def read(answer=PAGE, step=None):
    return Telegram().read(answer, Asked(CHANNEL, step or Step()))


def post(number):
    (row,) = [row for row in read().rows if row["post"] == f"NestNews/{number}"]
    return Telegram().post(row, PAGE)


@pytest.mark.parametrize(
    ("given", "step", "url"),
    [
        ("telegram", Step(), "https://t.me/s/telegram"),
        ("https://t.me/s/telegram", Step(after=419), "https://t.me/s/telegram?after=419"),
        ("t.me/telegram/", Step(cursor="419"), "https://t.me/s/telegram?before=419"),
        ("telegram", Step(until=419), "https://t.me/s/telegram?before=419"),
    ],
)
def test_ask__after_an_id_or_before_one(given, step, url):
    asked = Source(platform="telegram", kind="account", parameters={"account": given})
    assert address(Telegram().ask(asked, step), base=Telegram.base_url, parameters={}, instead=None) == url


@pytest.mark.parametrize("given", ["a", "no channel", "t.me/+invite", "../telegram", "x" * 40])
def test_ask__no_name_of_a_channel__is_said(given):
    with pytest.raises(RefusedError, match="no name of a Telegram channel"):
        Telegram().ask(Source(platform="telegram", kind="account", parameters={"account": given}), Step())


def test_read__service_messages_are_no_posts__and_the_newest_comes_first():
    page = read()
    assert page.marks == [18, 17, 16, 14, 13, 11]
    assert (page.cursor, page.end) == ("11", False)


def test_read__forward__leads_on_by_ids_alone():
    assert read(step=Step(after=10)).cursor is None
    assert not read(step=Step(after=10)).end


def test_read__no_older_messages__is_the_end_of_the_way_back():
    assert read(reply(PAGE.body.decode().replace("data-before", "data-else"))).end


def test_read__page_without_messages__is_told_from_a_page_of_somebody_else():
    with pytest.raises(RefusedError, match=r"no messages of NestNews.*preview off"):
        read(
            reply(
                '<html><body><div class="tgme_page"><a class="tgme_action_button_new">View in Telegram</a></div></body></html>'
            )
        )
    with pytest.raises(ReplyError, match="another site"):
        read(reply("<html><body>Please sign in to the hotel's network</body></html>"))


def test_refusal__redirect_away_from_the_preview__is_the_same_sentence():
    assert isinstance(Telegram().refusal(reply("", 302)), RefusedError)
    assert Telegram().refusal(PAGE) is None


def test_post__text_keeps_emoji_and_paragraphs__links_are_those_of_text_and_card():
    made = post(11)
    assert made.text == "Tea 🫖 & toast\n\nSee the atlas, #tea"
    assert made.links == ("https://atlas.example/a", "https://atlas.example/tea")


def test_post__views_reactions_and_subscribers__are_expanded():
    made = post(11)
    assert (made.counts.views, made.counts.likes, made.author.followers) == (2_380_000, 1_203, 10_700)
    assert (post(13).counts.views, post(13).counts.likes) == (943, None)


def test_post__film__its_length_is_no_date_and_its_caption_is_said_once():
    made = post(13)
    assert (made.created_at, made.text) == (datetime(2026, 11, 20, 8, tzinfo=UTC), "A film.")
    assert made.media == (Media(kind="video", url="https://cdn.example/file/13.mp4"),)


def test_post__album__is_one_message_with_its_pictures():
    assert [media.url for media in post(14).media] == [
        "https://cdn.example/file/14?single.jpg",
        "https://cdn.example/file/15?single.jpg",
    ]


def test_post__answer__says_what_it_answers_but_not_its_words():
    made = post(16)
    assert (made.kind, made.reply_to, made.text) == ("reply", "https://t.me/NestNews/11", "An answer.")


def test_post__forwarded__is_a_repost_of_the_original():
    made = post(17)
    assert (made.kind, made.repost_of, made.author.id) == ("repost", "https://t.me/rooks/5", "nestnews")


def test_post__shown_in_the_app_alone__is_a_file():
    assert post(18).media == (Media(kind="file"),)


def test_post__says_nothing__is_refused():
    with pytest.raises(PostError, match="says nothing"):
        Telegram().post({"post": "NestNews/1", "html": "<div></div>", "channel": {}}, PAGE)


def test_post__recorded_message(recording):
    answer = recording("telegram/web-preview-telegram.json")
    page = read(answer)
    made = Telegram().post(page.rows[1], answer)
    assert (page.cursor, made.id, made.author.followers) == ("419", "https://t.me/telegram/419", 10_700_000)
    assert made.text.endswith("1 • 2 • 3 • More")
