"""Scorers: what one has to offer, how those of other packages are found, and which run while posts are collected.

VADER comes with the program and is always there, wherever it runs from; other packages offer scorers by an entry point of the
group `social_monitor.scorers` (docs/adding-a-scorer.md); models that were trained from labels are handed in (docs/labels.md). The
invariant: whatever such a scorer does, a page goes its way.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from monitor.errors import ConfigurationError, UsageError
from monitor.post import Post, Score
from monitor.sentiment.vader import Vader
from monitor.text.utterance import utterance

logger = logging.getLogger(__name__)

GROUP = "social_monitor.scorers"
# Every reason for "no label" that another scorer may do better at begins so; see `Scorer.score`.
LANGUAGE_REASON = "language "


class Scorer(Protocol):
    """What an entry point names: a class, called without arguments once per process.

    `version` changes with every change of the scores: posts scored by another one are scored again. `fast`: well below a
    millisecond per post, so that it may run while posts are collected; the others work on stored posts (`monitor score`).
    `languages`: primary subtags ("de") of what it can score, None for any.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def fast(self) -> bool: ...

    @property
    def languages(self) -> frozenset[str] | None: ...

    def score(self, text: str, language: str | None) -> Score:
        """Score one text of a language, None where that is unknown.

        What it cannot score has label None and a reason, which for a language it does not know is "language de". Raises
        RetryLater where the fault is not the text's, such as a model that cannot be reached; anything else counts against
        the text.
        """
        ...


@runtime_checkable
class Explaining(Protocol):
    """What a scorer may offer besides: an account of its score."""

    def why(self, text: str, language: str | None) -> Sequence[tuple[str, float]]:
        """The words that drove the score of a text, each with what it contributed, in the order of the text.

        The unit is the scorer's own; above zero is positive. Empty where nothing in the text carries sentiment.
        """
        ...


def reasons(scorer: Scorer, text: str, language: str | None) -> list[tuple[str, float]] | None:
    """What drove a scorer's score of a text; None where the scorer gives no account. Raises whatever the scorer raises."""
    if not isinstance(scorer, Explaining):
        return None
    return [(str(word), float(contribution)) for word, contribution in scorer.why(text, language)]


def covers(scorer: Scorer, language: str | None) -> bool:
    """Tell whether a scorer is for texts of a language (a primary subtag, None where it is unknown)."""
    return scorer.languages is None or language in scorer.languages


def names() -> list[str]:
    """The names of the scorers that are installed."""
    return sorted({Vader.name, *_offers()})


def named(name: str, trained: Mapping[str, Callable[[], Scorer]] = MappingProxyType({})) -> Scorer:
    """The scorer of that name: VADER, one that is installed, or one of `trained`, which are made here from labels.

    Raises UsageError where there is none, ConfigurationError where it cannot be loaded.
    """
    if name == Vader.name:
        return Vader()
    offers = _offers()
    if name in offers:
        scorer: Scorer = _loaded(offers[name])()
        return scorer
    if name in trained:
        return trained[name]()
    models = f"; trained here are: {', '.join(sorted(trained))}" if trained else ""
    raise UsageError(f"There is no scorer {name!r}; installed are: {', '.join(names())}{models}. See docs/adding-a-scorer.md.")


@cache
def inline() -> tuple[Scorer, ...]:
    """The fast scorers, VADER first, then by name; one that cannot be loaded is told in the log and left out."""
    found: list[Scorer] = [Vader()]
    for name, offer in sorted(_offers().items()):
        try:
            scorer = _loaded(offer)
            if scorer.fast:  # of the class: a slow one's model is not loaded for this
                found.append(scorer())
        except Exception as error:  # noqa: BLE001 (it is not ours, and no reason to collect nothing)
            logger.warning("event=scorer_left_out scorer=%s reason=%s: %s", name, type(error).__name__, error)
    return tuple(found)


def scored(post: Post, scorers: Sequence[Scorer]) -> Post:
    """The post with its score by the first of `scorers` that gives a label, else with the first one's reason for none.

    Where the only scorers for its language fail, it has no score, and `monitor score` tries it with more patience.
    """
    reasons: list[Score] = []
    text = utterance(post)
    for scorer in scorers:
        if reasons and not covers(scorer, post.language):
            continue
        try:
            score = attempt(scorer, text, post.language)
        except Exception as error:  # noqa: BLE001 (one post's bad luck with one scorer; the class tells enough)
            logger.warning("event=score_failed scorer=%s post=%s reason=%s", scorer.name, post.id, type(error).__name__)
            continue
        if score.label is not None:
            return post.filled(sentiment=score)
        reasons.append(score)
    return post.filled(sentiment=reasons[0] if reasons else None)


def attempt(scorer: Scorer, text: str, language: str | None) -> Score:
    """Score one text and refuse what is no score. Raises TypeError or ValueError for that, and whatever the scorer raises.

    A scorer that refuses a language which it is for has that in its own words, so that no other takes it for its turn.
    """
    score = scorer.score(text, language)
    if not isinstance(score, Score):
        raise TypeError(f"the scorer returned a {type(score).__name__}, not a Score")
    if (score.scorer, score.version) != (scorer.name, scorer.version):
        raise ValueError("the score names another scorer or version than the one that made it")
    if score.label is None:
        if not score.reason:
            raise ValueError("the score has neither a label nor a reason")
        if score.reason.startswith(LANGUAGE_REASON) and covers(scorer, language):
            return replace(score, reason=f"refused: {score.reason}")
    elif score.compound is None or not -1 <= score.compound <= 1:
        raise ValueError("the score has a label, but no compound from -1 to 1")
    return score


@cache
def _offers() -> Mapping[str, EntryPoint]:
    return {offer.name: offer for offer in entry_points(group=GROUP) if offer.name != Vader.name}


def _loaded(offer: EntryPoint) -> Any:
    """The class that an entry point names, checked; nothing is known of its type before."""
    try:
        scorer = offer.load()
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"The scorer {offer.name} ({offer.value}) cannot be loaded: {error}. Install it anew, or remove its package."
        ) from error
    lacking = [name for name in ("name", "version", "fast", "languages", "score") if not hasattr(scorer, name)]
    if lacking or scorer.name != offer.name:
        why = f"it lacks {', '.join(lacking)}" if lacking else f"it calls itself {scorer.name}"
        raise ConfigurationError(f"The entry point {offer.name} ({offer.value}) of {GROUP} is no scorer of that name: {why}.")
    return scorer
