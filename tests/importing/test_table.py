"""Tables by a map: cells become fields, dates are read in their zone, and a row that cannot be read says which cell it is."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.crawl.exported import exported
from monitor.crawl.exporters import PostsCsv
from monitor.errors import PostError, UsageError
from monitor.importing.column_map import ColumnMap, read_pairs
from monitor.importing.columns import known_map
from monitor.importing.lines import layout_of, rows
from monitor.importing.table import table
from monitor.page import Reply
from monitor.post import Author, Counts, Post

REPLY = Reply(200, {}, b"", "file:x", datetime(2026, 11, 29, tzinfo=UTC))
PAIRS = "native_id=ID,text=Body,created_at=When,author.handle=Who,platform:=facebook"
ROW = {"ID": "5", "Body": "Tea, please", "When": "2021-07-01 10:00:00", "Who": "@ada"}


def read(pairs: str, row: dict[str, str]) -> Post:
    return table(read_pairs([pairs])).post(row, REPLY)


def test_a_row__by_the_least_that_a_map_can_say() -> None:
    post = read(PAIRS, ROW)
    assert (post.id, post.native_id, post.platform, post.text) == ("facebook:5", "5", "facebook", "Tea, please")
    assert (post.author.id, post.author.handle) == ("ada", "ada")
    assert post.created_at == datetime(2021, 7, 1, 10, tzinfo=UTC)
    assert (post.url, post.tags, post.counts, post.sensitive) == (None, (), Counts(), None)


@pytest.mark.parametrize(
    ("said", "cell", "moment"),
    [
        ("", "2021-07-01T10:00:00+02:00", datetime(2021, 7, 1, 8, tzinfo=UTC)),
        (",zone:=Europe/Berlin", "2021-07-01 10:00", datetime(2021, 7, 1, 8, tzinfo=UTC)),
        (",zone:=Europe/Berlin", "2021-12-01 10:00", datetime(2021, 12, 1, 9, tzinfo=UTC)),
        (",zone:=Europe/Berlin", "2021-07-01T10:00:00Z", datetime(2021, 7, 1, 10, tzinfo=UTC)),
        (",dates:=%d.%m.%Y %H:%M,zone:=Europe/Berlin", "01.07.2021 10:00", datetime(2021, 7, 1, 8, tzinfo=UTC)),
        (",dates:=%d/%m/%Y", "02/07/2021", datetime(2021, 7, 2, tzinfo=UTC)),
        (",dates:=seconds", "1700000000", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (",dates:=milliseconds", "1700000000250", datetime(2023, 11, 14, 22, 13, 20, 250_000, UTC)),
    ],
)
def test_dates__as_the_map_says_and_in_its_zone(said: str, cell: str, moment: datetime) -> None:
    assert read(PAIRS + said, ROW | {"When": cell}).created_at == moment


def test_lists_counts_flags_and_other_posts() -> None:
    more = ",tags=T,counts.likes=L,is_reply=R,reply_to=P,sensitive=S,lists:=;,author.bot=B"
    row = ROW | {"T": "tea; milk ;", "L": "12.0", "R": "yes", "P": "4", "S": "FALSE", "B": ""}
    post = read(PAIRS + more, row)
    assert (post.tags, post.counts.likes, post.kind, post.reply_to) == (("tea", "milk"), 12, "reply", "facebook:4")
    assert (post.sensitive, post.author.bot) == (False, None)


def test_an_id_that_is_mapped__is_taken_as_it_is() -> None:
    assert read(PAIRS.replace("native_id", "id"), ROW | {"ID": "https://a.example/5"}).id == "https://a.example/5"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"When": "1 July"}, "created_at is no date as the map says"),
        ({"When": ""}, "created_at is empty"),
        ({"ID": " "}, "id is empty"),
        ({"L": "many"}, "counts.likes is no whole number"),
        ({"L": "-1"}, "counts.likes is outside"),
        ({"S": "perhaps"}, "sensitive is neither"),
        ({"When": "1999-01-01"}, "before 2004"),
    ],
)
def test_a_cell_that_cannot_be_read__is_named(cells: dict[str, str], reason: str) -> None:
    with pytest.raises(PostError, match=reason):
        read(f"{PAIRS},counts.likes=L,sensitive=S", ROW | {"L": "", "S": ""} | cells)


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        ("native_id=ID", "when it was written"),
        (PAIRS.replace("platform:=facebook", "platfrom:=x"), "Did you mean platform"),
        (PAIRS.replace("text=Body,", ""), "what it says"),
        (f"{PAIRS},zone:=Mars/Base", "no time zone"),
        (f"{PAIRS},dates:=iso", "dates:= takes"),
        (f"{PAIRS},encoding:=klingon", "no encoding"),
        (f"{PAIRS},delimiter:=ab", "one sign"),
        (f"{PAIRS},text=Other", "text twice"),
        ("text", "FIELD=COLUMN"),
    ],
)
def test_a_map_that_makes_no_sense__is_refused_with_what_to_write(pairs: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        read_pairs([pairs])


def test_a_map__comes_back_from_its_text__and_may_stand_in_a_file_with_remarks() -> None:
    made = read_pairs([f"{PAIRS},zone:=Europe/Berlin,delimiter:=tab"])
    assert made.delimiter == "\t"
    assert ColumnMap.of_text(str(made)) == made
    assert read_pairs(["# ours\n\n" + f"{PAIRS},zone:=Europe/Berlin,delimiter:=tab".replace(",", "\n")]) == made


# ---- tables that are known

X = {
    "id": "9", "thread_id": "8", "timestamp": "2023-11-14 22:13:20", "unix_timestamp": "1700000000", "link": "https://x.com/ada/status/9",
    "body": "Tea", "author": "ada", "author_fullname": "Ada", "author_id": "7", "author_followers": "3", "language_guess": "en",
    "possibly_sensitive": "no", "retweet_count": "1", "reply_count": "2", "like_count": "3", "quote_count": "4", "impression_count": "",
    "is_retweet": "no", "is_quote_tweet": "no", "is_reply": "yes", "hashtags": "Tea,Milk",
    "urls": "https://tea.example", "mentions": "",
}  # fmt: skip
TIKTOK = {
    "id": "5", "author": "ada", "author_full": "Ada", "author_followers": "1", "body": "Tea", "unix_timestamp": "1700000000",
    "tiktok_url": "https://www.tiktok.com/@ada/video/5", "likes": "1", "comments": "2", "shares": "3", "plays": "4", "hashtags": "tea",
}  # fmt: skip
INSTAGRAM = {
    "id": "Cw", "url": "https://www.instagram.com/p/Cw", "body": "Tea", "author": "ada", "author_id": "7", "author_fullname": "Ada",
    "media_type": "photo", "num_likes": "1", "num_comments": "2", "play_count": "", "hashtags": "", "unix_timestamp": "1700000000",
}  # fmt: skip
THREADS = {
    "id": "Dx", "url": "https://www.threads.com/@ada/post/Dx", "body": "Tea", "author": "ada", "author_is_verified": "no",
    "likes": "1", "reposts": "2", "replies": "3", "quotes": "4", "hashtags": "", "unix_timestamp": "1700000000",
}  # fmt: skip
BLUESKY = {
    "id": "at://did:plc:a/app.bsky.feed.post/1", "author": "ada.example", "author_id": "did:plc:a", "author_display_name": "Ada",
    "body": "Tea", "link": "https://bsky.app/profile/ada/post/1", "tags": "", "mentions": "", "links": "", "like_count": "1",
    "quote_count": "2", "reply_count": "3", "repost_count": "4", "replied_to_post": "", "timestamp": "1700000000",
}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "identity", "author", "counts"),
    [
        (X, "https://x.com/i/web/status/9", "7", Counts(likes=3, reposts=1, replies=2, quotes=4)),
        (TIKTOK, "tiktok:5", "ada", Counts(likes=1, replies=2, reposts=3, views=4)),
        (INSTAGRAM, "https://www.instagram.com/p/Cw/", "7", Counts(likes=1, replies=2)),
        (THREADS, "https://www.threads.com/t/Dx", "ada", Counts(likes=1, reposts=2, replies=3, quotes=4)),
        (BLUESKY, "at://did:plc:a/app.bsky.feed.post/1", "did:plc:a", Counts(likes=1, quotes=2, replies=3, reposts=4)),
    ],
)
def test_a_table_of_4cat__is_known_by_its_columns(row: dict[str, str], identity: str, author: str, counts: Counts) -> None:
    found = known_map(list(row))
    assert found is not None
    post = table(found).post(row, REPLY)
    assert (post.id, post.author.id, post.counts, post.text) == (identity, author, counts, "Tea")
    assert post.created_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    if row is X:
        assert (post.kind, post.thread, post.tags) == ("reply", "https://x.com/i/web/status/8", ("Tea", "Milk"))
        assert (post.links, post.language, post.sensitive) == (("https://tea.example",), "en", False)


def test_a_table_of_this_program__reads_back() -> None:
    """Texts that look as if they were guarded, and entries with blanks, as categories of feeds have."""
    told = Post(
        id="https://a.example/1",
        platform="feeds",
        native_id="1",
        url=None,
        created_at=datetime(2023, 11, 14, tzinfo=UTC),
        text="'=1+1;=2",
        title="'tis",
        author=Author(id="7", name="''-x"),
        tags=("climate change", "tea", '"so called"', "\tend\t"),
        links=("https://a.example/a b",),
    )
    file = io.BytesIO()
    exporter = PostsCsv(file)
    exporter.start_exporting()
    exporter.export_item(exported(told))
    layout = layout_of(file.getvalue())
    assert layout is not None
    found = known_map(layout.header)
    assert found is not None
    (line,) = rows(io.BytesIO(file.getvalue()), layout)
    post = table(found).post(line.value, REPLY)
    assert (post.text, post.title, post.author.name) == (told.text, told.title, told.author.name)
    assert (post.tags, post.links) == (told.tags, told.links)


def test_an_unknown_table__needs_a_map() -> None:
    assert known_map(["a", "b", "c"]) is None


@pytest.mark.parametrize("row", [None, [], "text", {}, {"ID": None}])
def test_what_is_no_row__is_refused(row: Any) -> None:
    with pytest.raises(PostError):
        table(read_pairs([PAIRS])).post(row, REPLY)
