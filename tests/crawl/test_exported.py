"""The JSON of a post in exports."""

import json
from datetime import UTC, datetime, timedelta, timezone

from monitor.crawl.exported import exported
from monitor.post import FIELDS, Author, Counts, Match, Media, Post, Revision, Score

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
POST = Post(
    id="https://birds.example/1",
    platform="mastodon",
    native_id="1",
    url=None,
    created_at=AT.replace(microsecond=120_000),
    text="Wrens",
    author=Author(id="7", name="Wren"),
)


def test_exported__unknown_fields_are_left_out_and_lists_are_always_there():
    assert exported(POST) == {
        "id": "https://birds.example/1",
        "platform": "mastodon",
        "native_id": "1",
        "kind": "post",
        "created_at": "2026-11-22T08:00:00.120Z",
        "text": "Wrens",
        "author": {"id": "7", "name": "Wren"},
        "tags": [],
        "mentions": [],
        "links": [],
        "media": [],
        "counts": {},
        "revisions": [],
        "topics": [],
        "link_ids": [],
        "domains": [],
        "seen_on": [],
    }


def test_exported__everything_known__is_json_without_the_raw_row_and_the_signature():
    full = Post(
        **{name: getattr(POST, name) for name in ("id", "platform", "native_id", "text", "author")},
        url="https://birds.example/@wren/1",
        created_at=AT.astimezone(timezone(timedelta(hours=2))),
        media=(Media(kind="image", url="https://a.example/i.png"),),
        counts=Counts(likes=0, score=-3),
        place={"name": "Shore", "at": [1.5, 2]},
        topics=(Match(id="birds", version=2, spans=((0, 5),)),),
        revisions=(Revision(text="Wren", seen_at=AT),),
        sentiment=Score(scorer="vader", label=None, reason="not English"),
        fetched_at=AT,
        signature=b"signature",
        raw=b"row",
    )
    told = json.loads(json.dumps(exported(full)))
    assert list(told) == [name for name in FIELDS if name in told]
    assert not {"raw", "signature"} & told.keys()
    assert told["created_at"] == "2026-11-22T08:00:00.000Z"
    assert told["media"] == [{"kind": "image", "url": "https://a.example/i.png"}]
    assert told["counts"] == {"likes": 0, "score": -3}
    assert told["place"] == {"name": "Shore", "at": [1.5, 2]}
    assert told["topics"] == [{"id": "birds", "version": 2, "spans": [[0, 5]]}]
    assert told["revisions"] == [{"text": "Wren", "seen_at": "2026-11-22T08:00:00.000Z"}]


def test_exported__post_without_a_label__says_so_with_the_reason():
    scored = Score(scorer="vader", label=None, reason="not English")
    fields = {name: getattr(POST, name) for name in FIELDS} | {"sentiment": scored}
    assert exported(Post(**fields))["sentiment"] == {"label": None, "scorer": "vader", "reason": "not English"}
