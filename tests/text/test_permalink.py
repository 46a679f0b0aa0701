"""What addresses of posts tell."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text.permalink import permalink, status_moment, tid_moment


@pytest.mark.parametrize(
    ("address", "platform", "post_id"),
    [
        ("https://news.ycombinator.com/item?id=8863", "hackernews", "https://news.ycombinator.com/item?id=8863"),
        ("https://harbor.example/@ann/117699024336200953", "mastodon", "https://harbor.example/users/ann/statuses/117699024336200953"),
        ("https://bsky.app/profile/did:plc:abc/post/3lbxyzabcde2k", "bluesky", "at://did:plc:abc/app.bsky.feed.post/3lbxyzabcde2k"),
        ("at://did:plc:abc/app.bsky.feed.post/3lbxyzabcde2k", "bluesky", "at://did:plc:abc/app.bsky.feed.post/3lbxyzabcde2k"),
        ("https://stackoverflow.com/questions/11227809/why-is-it", "stackexchange", "https://stackoverflow.com/q/11227809"),
        ("https://stackoverflow.com/questions/11227809/why/11227902#11227902", "stackexchange", "https://stackoverflow.com/a/11227902"),
        ("https://cooking.stackexchange.com/a/42/7", "stackexchange", "https://cooking.stackexchange.com/a/42"),
        ("https://t.me/s/durov/1", "telegram", "https://t.me/durov/1"),
        ("https://forum.example/t/a-title/12/3", "discourse", "https://forum.example/t/12/3"),
        ("https://forum.example/t/a-title/12", "discourse", "https://forum.example/t/12/1"),
        ("https://github.com/o/r/issues/1#issuecomment-9", "github", "https://github.com/o/r/issues/1#issuecomment-9"),
        ("https://lemmy.world/post/123456", "lemmy", "https://lemmy.world/post/123456"),
        ("http://blog.example/a/", None, "https://blog.example/a"),
        ("https://www.blog.example/a?utm_source=x", None, "https://blog.example/a"),
        ("urn:uuid:1", None, "urn:uuid:1"),
    ],
)  # fmt: skip
def test_an_address_leads_to_the_id_and_the_platform(address: str, platform: str | None, post_id: str) -> None:
    told = permalink(address)
    assert told.platform == platform
    assert post_id in told.ids


def test_ids_that_hold_a_moment_tell_it() -> None:
    at = datetime(2026, 11, 29, 9, 29, 45, tzinfo=UTC)
    assert abs((status_moment(117699024336200953) or at.replace(year=1)) - at).total_seconds() < 2
    told = permalink("https://harbor.example/@ann/117699024336200953").at
    assert told is not None
    assert told.date() == at.date()
    key_at = tid_moment("3jzfcijpj2z2a")  # the example of atproto.com/specs/tid
    assert key_at is not None
    assert key_at.year == 2023
    assert tid_moment("self") is None
    assert status_moment(5) is None


@settings(deadline=None)
@given(st.text(max_size=80))
def test_whatever_is_typed_it_answers(text: str) -> None:
    for typed in (text, f"https://{text}", f"https://a.example/{text}", f"at://{text}"):
        assert permalink(typed).asked == typed.strip()
