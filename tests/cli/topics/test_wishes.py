"""`--authors`, `--redact` and `--every`, as they are typed when topics are made and edited."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from monitor.errors import UsageError

Type = Callable[..., Result]
MADE = ("topics", "add", "tea", "--platform", "hackernews")


def test_a_topic_is_made_with_them__shown__and_changed_without_a_new_version(
    command: Type, with_store: Callable[..., Any]
) -> None:
    wished = ("--authors", "pseudonymise", "--redact", "email", "--redact", "case=AB-####", "--every", "10m")
    assert command(*MADE, *wished).exit_code == 0
    topic = with_store(lambda store: store.topics.get("tea"))
    assert (topic.authors, topic.redact, topic.every_s) == ("pseudonymise", ("email", "case=AB-####"), 600)
    shown = command("topics", "show", "tea").stdout
    assert "Authors: pseudonyms. Redacted: email, case=AB-####. Polled: at least every 600 s." in shown
    edited = command("topics", "edit", "tea", "--authors", "keep", "--redact", "none", "--every", "none", "--yes")
    assert edited.exit_code == 0, edited.exception
    topic = with_store(lambda store: store.topics.get("tea"))
    assert (topic.authors, topic.redact, topic.every_s, topic.version) == ("keep", (), None, 1)


@pytest.mark.parametrize(
    ("wished", "sentence"),
    [
        (("--redact", "none", "--redact", "email"), "give it alone"),
        (("--redact", "a*b"), "may only stand at the end"),
        (("--redact", "#"), "too short"),
        (("--every", "soon"), "is no length of time"),
        (("--every", "2s"), "from 15s to 168h"),
    ],
)
def test_what_cannot_be_meant__is_refused_and_nothing_is_made(
    command: Type, with_store: Callable[..., Any], wished: tuple[str, ...], sentence: str
) -> None:
    ended = command(*MADE, *wished)
    assert isinstance(ended.exception, UsageError)
    assert sentence in str(ended.exception)
    assert with_store(lambda store: store.topics.list_all()) == []
