"""A topic as it is exchanged: what is written reads back equal."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.cli.topics.document import Exchanged, document_of, read_topics
from monitor.errors import UsageError
from monitor.source import Source
from monitor.topic import Topic

QUERIES = st.lists(st.sampled_from(["tea", '"green tea"', "tea -game", "日本 OR #tea"]), min_size=1, max_size=4, unique=True)


@settings(max_examples=20, deadline=None)
@given(name=st.text(max_size=20), queries=QUERIES, platforms=st.sampled_from([(), ("hackernews",), ("mastodon", "bluesky")]))
def test_a_topic__reads_back_equal__in_both_forms(name: str, queries: list[str], platforms: tuple[str, ...]) -> None:
    since = datetime(2026, 11, 20, 8, 0, 0, 5000, tzinfo=UTC)
    account = Source(
        platform="mastodon", kind="account", parameters={"instance": "a.example", "account": "ann"}, topics=("x",), since=since
    )
    topic = Topic(id="x", name=name, query=queries[-1], version=len(queries), platforms=platforms)
    exchanged = Exchanged(topic=topic, queries=tuple(queries), sources=(account,))
    told = document_of(exchanged)
    assert read_topics(json.dumps(told, ensure_ascii=False)) == [exchanged]
    assert read_topics(json.dumps([told], indent=2)) == [exchanged]


def test_an_error__says_which_topic_it_is() -> None:
    good = {"id": "x", "name": "X", "queries": ["tea"], "platforms": [], "sources": []}
    with pytest.raises(UsageError, match="In line 3, name is missing"):
        read_topics("\n".join(["", json.dumps(good), json.dumps({"id": "y"})]))
    with pytest.raises(UsageError, match="In topic 2, name is missing"):
        read_topics(json.dumps([good, {"id": "y"}]))
