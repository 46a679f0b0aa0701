"""How good the scorers of a selection are: a sentence for each, by the labels that people had given at a moment."""

from collections.abc import Iterable
from datetime import datetime

from monitor.cli.labels.evaluate import teller_named
from monitor.cli.trained import models
from monitor.errors import MonitorError
from monitor.labels.evaluation import FEWEST, evaluated
from monitor.labels.held_out import HeldOut, sentence
from monitor.labels.judgement import SENTIMENT, verdict
from monitor.labels.kin import kin
from monitor.labels.teller import Teller
from monitor.store.connection import Store
from monitor.store.labels import Labels


async def measured(store: Store, scorers: Iterable[tuple[str, str]], *, then: datetime) -> tuple[str, ...]:
    """A sentence for each scorer and version, in order."""
    return tuple([await _measured(store, name, version, then) for name, version in sorted(scorers)])


async def _measured(store: Store, name: str, version: str, then: datetime) -> str:
    called = f"{name} {version}".rstrip()
    trained = _held_out(name, version)
    if trained is not None:
        return sentence(trained, outdated=False)
    try:
        teller = teller_named(name)
    except MonitorError:
        return f"How good {called} is was not measured here: it is not installed."
    if teller.version != version:
        return f"How good {called} is was not measured here: installed is {teller.version}."
    return await _by_labels(store, teller, called, then)


def _held_out(name: str, version: str) -> HeldOut | None:
    """The evaluation of a trained model of this very version; its number stands before the dash."""
    number = version.partition("-")[0]
    here = models()
    if name not in here.newest() or not number.isdecimal():
        return None
    try:
        found = here.held_out(name, int(number))
    except MonitorError:
        return None
    return found if found.version == version else None


async def _by_labels(store: Store, teller: Teller, called: str, then: datetime) -> str:
    labels = Labels(store.database)
    judgements = [each for each in await labels.of_set(SENTIMENT) if each.at <= then]
    posts = [
        post
        async for post in labels.posts({each.post for each in judgements})
        if (post.deleted_at is None or post.deleted_at > then) and (post.first_seen is None or post.first_seen <= then)
    ]
    groups = dict(zip((post.id for post in posts), kin(posts), strict=True))
    judged = teller.judged(posts, verdict(judgements), groups)
    both = sum(each.people is not None and each.said is not None for each in judged)
    if both < FEWEST:
        few = (
            f"{both:,} posts have a label by people and by it, and {FEWEST} are needed"
            if both
            else "there are no labels by people"
        )
        return f"How good {called} is was not measured here: {few}."
    found = evaluated(judged, labels=teller.labels).agreement
    f1 = found.macro_f1
    interval = "" if f1.interval is None else f" (95 % interval {f1.interval.low:.2f} to {f1.interval.high:.2f})"
    return f"Against the labels of people for {found.posts:,} posts stored here, {called} has a macro F1 of {f1.value:.2f}{interval}."
