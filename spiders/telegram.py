"""Telegram: public channels, by the web preview (t.me/s/CHANNEL), which is HTML made for browsers and no documented API.

Source: the preview's pages themselves, checked 2026-11-22 by a recorded one. Some 20 messages a page, oldest first; `after` leads
forward, `before` back. Message ids count up by one, with holes: deletions, service messages, the further pictures of an album,
which is one message here. No limit is stated; one request in three seconds is what browsers of people do.

Views, reactions and subscribers come rounded to three digits ("2.38M"). An edit keeps the id and is told without a time; a deleted
message is absent. Groups, private and unknown channels, and those that switched the preview off show a page without messages.
Forwarded messages are reposts of their original where that is a public channel's. Addresses of media are signed and expire after
some hours. Not collected: answers of polls, comments, service messages, names behind signatures.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import quote, urljoin

from parsel import Selector

from monitor.bookmark import Step
from monitor.crawl.spider import PlatformSpider
from monitor.errors import MonitorError, PostError, RefusedError, ReplyError
from monitor.page import Ask, Asked, Page, Reply
from monitor.post import Author, Counts, Kind, Media, MediaKind, Post
from monitor.source import Source, SourceKind
from monitor.text.dates import utc
from monitor.text.html import text_and_links

SITE = "https://t.me"
ROUNDED = {"": 1, "K": 1_000, "M": 1_000_000, "B": 1_000_000_000}
# Where attachments stand, and what they are.
MEDIA: Mapping[str, MediaKind] = {
    "a.tgme_widget_message_photo_wrap": "image",
    "i.tgme_widget_message_sticker": "image",
    ".tgme_widget_message_video_player": "video",
    ".tgme_widget_message_roundvideo_player": "video",
    ".tgme_widget_message_voice_player, .tgme_widget_message_audio": "audio",
    ".tgme_widget_message_document_wrap:not(.audio_wrap), .message_media_not_supported": "file",
}

_CHANNEL = re.compile(r"(?:(?:https?://)?(?:t|telegram)\.me/(?:s/)?)?([A-Za-z]\w{2,31})/?")
_STYLED = re.compile(r"background-image:\s*url\(['\"]?([^'\")]+)")
_COUNT = re.compile(r"([\d.]+)\s*([KMB]?)")


class Telegram(PlatformSpider):
    name = "telegram"
    base_url = SITE
    accepts = "text/html"
    overlap_s = 3600  # nothing comes late; what is an hour old is read again for its views
    pace_s = 3.0
    probe: ClassVar[Mapping[str, str]] = {"account": "telegram"}
    expects = ("url", "text", "author.name", "author.followers", "counts.views")
    kinds: ClassVar[Mapping[str, SourceKind]] = {"account": SourceKind(needs=("account",), order="oldest")}

    def ask(self, source: Source, step: Step) -> Ask:
        """The messages after an id, or before one; the id itself is left out."""
        name = _CHANNEL.fullmatch(source.parameters["account"])
        if name is None:
            raise RefusedError(f"{source.parameters['account']} is no name of a Telegram channel: use one such as telegram.")
        return Ask(f"/s/{quote(name[1])}", {"after": step.after, "before": step.cursor or step.until})

    def read(self, reply: Reply, asked: Asked) -> Page:
        """Messages as their HTML with what of their channel each needs, marked by their id."""
        page = Selector(text=reply.body.decode("utf-8", "replace"), type="html")
        if not page.css(".tgme_channel_history"):
            raise (
                _no_preview(reply.url) if page.css("[class^=tgme_]") else ReplyError("t.me answered with another site's page.")
            )
        channel = {
            "title": page.css(".tgme_channel_info_header_title").xpath("normalize-space()").get(),
            "subscribers": next((each for each in page.css(".tgme_channel_info_counter") if "subscriber" in each.get()), page)
            .css(".counter_value::text")
            .get(),
        }
        messages = page.css(".tgme_widget_message[data-post]:not(.service_message)")
        rows = [{"post": each.attrib["data-post"], "html": each.get(), "channel": channel} for each in messages]
        older = page.css("a.tme_messages_more[data-before]::attr(data-before)").get()
        back = None if asked.step.after is not None else older
        marks = [_number(row["post"]) for row in rows]
        return Page(rows[::-1], marks[::-1], cursor=back, end=not rows or (asked.step.after is None and older is None))

    def identity(self, row: Mapping[str, Any], reply: Reply) -> str | None:
        return f"{SITE}/{row['post']}"

    def post(self, row: Mapping[str, Any], reply: Reply) -> Post:
        message, channel = Selector(text=row["html"], type="html"), row["channel"]
        name, _, number = row["post"].partition("/")
        if not (name and number.isdecimal()):
            raise PostError("post is not that of a message in a channel")
        written = message.css(".tgme_widget_message_text, .tgme_widget_message_poll_question")
        # Captions of albums are nested twice; the beginning of the message that is answered is not said here.
        texts = [
            text_and_links(each.get())
            for each in written
            if not each.xpath("ancestor::*[contains(@class, 'tgme_widget_message_reply') or contains(@class, 'message_text')]")
        ]
        text, media = "\n\n".join(part for part, _ in texts if part), _media(message)
        card = message.css("a.tgme_widget_message_link_preview::attr(href)").getall()
        forwarded = message.css(".tgme_widget_message_forwarded_from")
        answered = message.css("a.tgme_widget_message_reply::attr(href)").get()
        if not (text or media or card):
            raise PostError("the message says nothing")
        kind: Kind = "repost" if forwarded else "reply" if answered else "post"
        return Post(
            id=f"{SITE}/{row['post']}",
            platform=self.name,
            native_id=row["post"],
            url=f"{SITE}/{row['post']}",
            kind=kind,
            created_at=_created_at(message),
            text=text,
            author=Author(
                id=name.lower(),  # names of channels are the same in capitals
                handle=name,
                name=channel.get("title") or None,
                url=f"{SITE}/{name}",
                followers=_count(channel.get("subscribers")),
            ),
            links=tuple(dict.fromkeys((*(link for _, links in texts for link in links), *card))),
            media=media,
            reply_to=answered,
            repost_of=forwarded.css("a.tgme_widget_message_forwarded_from_name::attr(href)").get(),
            counts=Counts(views=_count(message.css(".tgme_widget_message_views::text").get()), likes=_reactions(message)),
        )

    def refusal(self, reply: Reply) -> MonitorError | None:
        """A redirect to the channel's own page, which is what is shown where there is no preview."""
        return _no_preview(reply.url) if reply.status in {301, 302} else None


def _no_preview(url: str) -> RefusedError:
    channel = url.partition("/s/")[2].partition("?")[0]
    return RefusedError(
        f"t.me shows no messages of {channel}: there is no public channel of that name, it is a group, or it has switched its "
        "preview off. Check the name in a browser."
    )


def _number(post: str) -> int | None:
    number = post.partition("/")[2]
    return int(number) if number.isdecimal() else None


def _created_at(message: Selector) -> datetime:
    """Of the message, not the length of its video, which is a `time` as well."""
    return utc(message.css(".tgme_widget_message_date time::attr(datetime)").get())


def _count(told: str | None) -> int | None:
    """`2.38M` as 2,380,000."""
    found = _COUNT.fullmatch(told.strip()) if told else None
    return int(Decimal(found[1]) * ROUNDED[found[2]]) if found else None


def _reactions(message: Selector) -> int | None:
    """How often anybody reacted, with whatever sign; None where nobody did or reactions are off, which looks the same."""
    counts = [_count("".join(each.xpath("./text()").getall())) for each in message.css(".tgme_reaction")]
    return sum(count or 0 for count in counts) if counts else None


def _media(message: Selector) -> tuple[Media, ...]:
    found = []
    for place, kind in MEDIA.items():
        for each in message.css(place):
            styled = _STYLED.search(each.attrib.get("style", ""))
            address = each.css("video::attr(src), audio::attr(src)").get() or (styled and styled[1]) or each.attrib.get("href")
            found.append(Media(kind=kind, url=urljoin(SITE, address) if address else None))
    return tuple(found)
