"""What the author said, in one piece."""

from datetime import UTC, datetime

import pytest

from monitor.post import Author, Post
from monitor.text.utterance import utterance


@pytest.mark.parametrize(
    ("title", "text", "whole"),
    [
        (None, "text", "text"),
        ("Title", "text", "Title\n\ntext"),
        ("Title", "", "Title"),
        ("The beginning", "The beginning of the text", "The beginning of the text"),
        ("", "text", "text"),
    ],
)
def test_utterance(title, text, whole):
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    post = Post(
        id="a",
        platform="a",
        native_id="1",
        url=None,
        created_at=moment,
        author=Author(id="1"),
        title=title,
        text=text,
        summary="cw",
    )
    assert utterance(post) == whole
