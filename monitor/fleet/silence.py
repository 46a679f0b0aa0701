"""Why a topic brings nothing, in plain words with what to do. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.store.fleet_view import FleetView, SourceView, TopicView

# A topic whose newest post is older is asked why.
QUIET_S = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """`cause`: one word or two that stay the same, for programs; `says` and `do` are for people."""

    topic: str
    cause: str
    says: str
    do: str


def silences(view: FleetView, *, quiet_s: float = QUIET_S) -> list[Silence]:
    """One for each topic without a post of the last `quiet_s` seconds."""
    return [
        why_silent(topic, [source for source in view.sources if topic.id in source.topics], collecting=is_collecting(view))
        for topic in view.topics
        if topic.newest_s is None or topic.newest_s > quiet_s
    ]


def is_collecting(view: FleetView) -> bool:
    """Whether anybody would poll what is due: a node that lives, or a crawl at work."""
    return view.crawls > 0 or any(node.state == "alive" for node in view.nodes)


def why_silent(topic: TopicView, sources: Sequence[SourceView], *, collecting: bool) -> Silence:
    """The first cause, in the order in which a person would have to remove them."""
    if not sources:
        return Silence(
            topic=topic.id,
            cause="no sources",
            says="no source serves it",
            do=f"give it platforms or feeds: monitor topics edit {topic.id} --platform NAME, or monitor track",
        )
    active = [source for source in sources if source.word != "paused"]
    if not active:
        return Silence(
            topic=topic.id,
            cause="paused",
            says=f"all of its {len(sources)} sources are paused{_because(sources)}",
            do=f"monitor sources resume '{sources[0].id}'",
        )
    return _hindered(topic, active, collecting=collecting) or _nothing_found(topic, active)


def _hindered(topic: TopicView, active: Sequence[SourceView], *, collecting: bool) -> Silence | None:
    """What keeps every one of its sources from being read; None where some are."""
    words = {source.word for source in active}
    waiting = [source for source in active if source.waits_s > 0]
    if not collecting and waiting and words <= {"never ran", "late", "ok"} and len(waiting) == len(active):
        return Silence(
            topic=topic.id,
            cause="nobody collects",
            says=f"its {len(active)} sources are due, and no node or crawl is at work",
            do="start one: monitor up, or on each machine of a fleet monitor fleet node",
        )
    if "ok" in words:
        return None
    says = {
        "needs credentials": (f"no source has credentials{_because(active)}", "set or renew them, then: monitor doctor"),
        "failing": (f"all that could be read fail{_because(active)}", "see each: monitor sources"),
        "rate-limited": ("its platforms asked to be left alone for now", "nothing: it goes on by itself when they allow"),
        "never ran": (
            "its sources wait for their first poll",
            "nothing: a node takes them soon; monitor status tells how long",
        ),
        "late": (f"its sources wait for {_longest(active)} already", "collect more: another node, or more shifts (--most)"),
    }
    for word, (why, act) in says.items():
        if word in words:
            return Silence(topic=topic.id, cause=word, says=why, do=act)
    return None


def _nothing_found(topic: TopicView, active: Sequence[SourceView]) -> Silence:
    """Its sources are read, at least some, and it has nothing of them."""
    well = [source for source in active if source.word == "ok"]
    others = len(active) - len(well)
    besides = f"; {others} of its {len(active)} sources do not do well, see monitor sources" if others else ""
    per_hour = sum(source.per_hour or 0.0 for source in well)
    if per_hour >= 1:
        return Silence(
            topic=topic.id,
            cause="nothing matches",
            says=f"its sources bring about {per_hour:,.0f} new posts an hour, and its query matches none of them{besides}",
            do=f"look what nearly matched: monitor topics test {topic.id}",
        )
    return Silence(
        topic=topic.id,
        cause="nothing new",
        says=f"its sources are read and bring nothing new{besides}",
        do=f"see what was read: monitor coverage topic={topic.id}",
    )


def _because(sources: Sequence[SourceView]) -> str:
    reason = next((source.reason for source in sources if source.reason), None)
    return f" ({reason.rstrip('.')})" if reason else ""


def _longest(sources: Sequence[SourceView]) -> str:
    return f"{max(source.waits_s for source in sources) / 60:,.0f} minutes"
