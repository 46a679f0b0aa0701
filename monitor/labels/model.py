"""A trained model: numbers by which a text gets a label, and their one written form. Pure, and nothing in it can be run.

A text is two vectors (`monitor.labels.ngrams`: words and runs of characters), each tf-idf with 1 + log tf, of length 1; each
label's logit is a weighted sum, and the chances are their softmax: multinomial logistic regression. The tests compare chances with
those of scikit-learn, which is needed for training alone.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from monitor.errors import UsageError
from monitor.labels.ngrams import folded, runs, words
from monitor.post import Label, Score

FORM: Final = 1  # of the file; another one is not read

# By term: its idf, then its weight for each label.
Weights = Mapping[str, tuple[float, ...]]


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """`languages`: primary subtags of the posts it was trained on, None for any; `number` counts the models of one name."""

    form: int
    name: str
    number: int
    label_set: str
    labels: tuple[str, ...]
    languages: tuple[str, ...] | None
    intercepts: tuple[float, ...]
    words: dict[str, tuple[float, ...]]
    runs: dict[str, tuple[float, ...]]

    @property
    def version(self) -> str:
        """Its number, and digits that are others for every other model: two machines may each train a second one."""
        return f"{self.number}-{hashlib.sha256(written(self)).hexdigest()[:8]}"

    def chances(self, text: str) -> dict[str, float]:
        """The chance of each label, adding up to 1."""
        read = folded(text)
        logits = list(self.intercepts)
        for terms, weights in ((words(read), self.words), (runs(read), self.runs)):
            _add(logits, terms, weights)
        highest = max(logits)
        powers = [math.exp(logit - highest) for logit in logits]
        return {label: power / sum(powers) for label, power in zip(self.labels, powers, strict=True)}

    def label(self, text: str) -> str:
        """The likeliest label."""
        chances = self.chances(text)
        return max(chances, key=chances.__getitem__)


class Trained:
    """A model of sentiment as a scorer, by the interface of `monitor.sentiment.scorer`: text and language in, score out."""

    fast: Final = False  # half a millisecond per post; and what runs while posts are collected is not changed by a training

    def __init__(self, model: Model) -> None:
        self.model = model
        self.name = model.name
        self.version = model.version
        self.languages = None if model.languages is None else frozenset(model.languages)

    def score(self, text: str, language: str | None) -> Score:
        """The likeliest label; compound is the chance of positive less that of negative."""
        if self.languages is not None and language not in self.languages:
            return Score(scorer=self.name, version=self.version, reason=f"language {language or 'unknown'}")
        if not text.strip():
            return Score(scorer=self.name, version=self.version, reason="no text")
        chances = self.model.chances(text)
        label = max(chances, key=chances.__getitem__)
        positive, negative = chances.get("positive", 0.0), chances.get("negative", 0.0)
        return Score(
            scorer=self.name,
            version=self.version,
            label=_SENTIMENT[label],
            compound=round(positive - negative, 4),
            positive=round(positive, 3),
            neutral=round(chances.get("neutral", 0.0), 3),
            negative=round(negative, 3),
        )


_SENTIMENT: Mapping[str, Label] = {"positive": "positive", "neutral": "neutral", "negative": "negative"}


def written(model: Model) -> bytes:
    """The model as a JSON object; equal models are written equal."""
    return msgspec.json.encode(model, order="sorted") + b"\n"


def read_model(content: bytes) -> Model:
    """Undo `written`. Raises UsageError for what is no model, or one of another form."""
    try:
        model = msgspec.json.decode(content, type=Model)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"it is no model: {error}") from error
    wide = {len(weights) for block in (model.words, model.runs) for weights in block.values()}
    if model.form != FORM:
        raise UsageError(f"its form is {model.form}, and this program reads form {FORM}")
    if len(model.labels) < 2 or len(set(model.labels)) != len(model.labels) or len(model.intercepts) != len(model.labels):
        raise UsageError("it does not have one intercept for each of two or more labels")
    if wide - {len(model.labels) + 1}:
        raise UsageError("a term in it does not have one weight for each label")
    return model


def _add(logits: list[float], terms: Iterable[str], weights: Weights) -> None:
    """Add what the terms are worth, in all of which only those that the model knows count."""
    known: list[tuple[float, Sequence[float]]] = []
    for term, times in Counter(terms).items():
        if (found := weights.get(term)) is not None:
            known.append(((1 + math.log(times)) * found[0], found))
    length = math.sqrt(sum(value * value for value, _ in known)) or 1.0
    for value, row in known:
        for at in range(len(logits)):
            logits[at] += value / length * row[at + 1]
