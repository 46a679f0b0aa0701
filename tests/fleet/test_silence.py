"""Why a topic is silent, cause by cause."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitor.fleet.silence import QUIET_S, silences
from monitor.store.fleet_view import FleetView, NodeView, SourceView, TopicView

NODE = NodeView(name="a", version="1", egg=None, running=1, max_proc=2, draining=False, silent_s=1)
TOPIC = TopicView(id="tea", name="Tea", newest_s=None)
WELL = SourceView(
    id="mastodon/tag?tag=tea", platform="mastodon", topics=("tea",), word="ok", reason=None, polled_s=60, waits_s=-600,
    worked_on=False, gaps=0, per_hour=0.0, interval_s=600,
)  # fmt: skip


def view(*sources: SourceView, topic: TopicView = TOPIC, nodes: tuple[NodeView, ...] = (NODE,), crawls: int = 0) -> FleetView:
    return FleetView(
        now=datetime(2026, 11, 20, tzinfo=UTC), jobs={}, sources=sources, topics=[topic], nodes=nodes, crawls=crawls
    )


def source(word: str, reason: str | None = None, *, waits_s: float = -600.0, per_hour: float = 0.0) -> SourceView:
    return replace(WELL, word=word, reason=reason, waits_s=waits_s, per_hour=per_hour)


@pytest.mark.parametrize(
    ("sources", "cause", "says"),
    [
        ((), "no sources", "no source serves it"),
        ((source("paused", "too dear"),), "paused", "all of its 1 sources are paused (too dear)"),
        ((source("needs credentials", "No token."),), "needs credentials", "no source has credentials (No token)"),
        ((source("paused"), source("failing", "503")), "failing", "all that could be read fail (503)"),
        ((source("rate-limited"),), "rate-limited", "its platforms asked to be left alone for now"),
        ((source("never ran", waits_s=3),), "never ran", "its sources wait for their first poll"),
        ((source("late", waits_s=1200),), "late", "its sources wait for 20 minutes already"),
        ((source("ok"),), "nothing new", "its sources are read and bring nothing new"),
        (
            (source("ok", per_hour=40), source("failing", "503")),
            "nothing matches",
            (
                "its sources bring about 40 new posts an hour, and its query matches none of them; 1 of its 2 sources do not do well, "
                "see monitor sources"
            ),
        ),
    ],
)
def test_silence__the_first_cause_that_a_person_would_have_to_remove(
    sources: tuple[SourceView, ...], cause: str, says: str
) -> None:
    (found,) = silences(view(*sources))
    assert (found.topic, found.cause, found.says) == ("tea", cause, says)
    assert found.do


def test_silence__nobody_collects__goes_before_being_late() -> None:
    (found,) = silences(view(source("late", waits_s=1200), nodes=()))
    assert found.cause == "nobody collects"
    silent = replace(NODE, silent_s=120.0)
    assert silences(view(source("never ran", waits_s=9), nodes=(silent,)))[0].cause == "nobody collects"
    assert silences(view(source("late", waits_s=1200), nodes=(), crawls=1))[0].cause == "late"


def test_silence__a_topic_with_posts_of_today_is_not_asked() -> None:
    assert silences(view(topic=replace(TOPIC, newest_s=QUIET_S - 1))) == []
    assert len(silences(view(topic=replace(TOPIC, newest_s=QUIET_S + 1)))) == 1


def test_silence__sources_of_other_topics_do_not_count() -> None:
    assert silences(view(replace(WELL, topics=("milk",))))[0].cause == "no sources"
