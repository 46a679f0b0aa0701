"""Trains a model from labelled posts, and measures it on posts that it was not trained on.

Tf-idf of words and runs of characters, multinomial logistic regression; language and labels are whatever the posts have. It is
tested by cross-validation: five times it learns from four fifths and is tried on the rest, where all kin posts
(`monitor.labels.kin`) are on one side; then it is trained once more on all. This is the one module that needs scikit-learn, the
extra `ml`. The same posts and seed make the same model.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.analysis.bootstrap import bootstrap
from monitor.analysis.interval import Estimate
from monitor.errors import Fatal, UsageError
from monitor.labels.evaluation import Agreement, Judged, agreement, f1_figures
from monitor.labels.held_out import Beside, Figure
from monitor.labels.judgement import SENTIMENTS, of_sentiment
from monitor.labels.model import FORM, Model
from monitor.labels.ngrams import folded, runs, words

FOLDS = 5
FEWEST_OF_LABEL = 20  # posts, in as many groups as there are folds: each fold then holds some
# Rarer terms are met once and never again; more make the file larger and the model no better.
FEWEST_POSTS_OF_TERM, MOST_TERMS = 2, 30_000
_REGULARISATION = 5.0
_MOST_STEPS, _CLOSE_ENOUGH = 2_000, 1e-3  # ten times closer takes twice as long and changes no label
_WORDS, _RUNS = "words", "runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One labelled post: its text, what people say, to which group of kin it belongs, and what VADER says (None: nothing)."""

    post: str
    text: str
    label: str
    group: int
    vader: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A model, how it did on held-out posts in how many folds, and beside VADER where that says anything."""

    model: Model
    agreement: Agreement
    folds: int
    beside: Beside | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """The parts of scikit-learn's pipeline after fitting."""

    terms: Any
    regression: Any

    def predict(self, texts: Sequence[str]) -> list[str]:
        """The likeliest label of each text, by scikit-learn."""
        return [str(label) for label in self.regression.predict(self.terms.transform(texts))]

    def chances(self, texts: Sequence[str]) -> list[list[float]]:
        """The chance of each label in the order of the sorted labels, by scikit-learn."""
        rows: list[list[float]] = self.regression.predict_proba(self.terms.transform(texts)).tolist()
        return rows


def trained(
    examples: Sequence[Example], *, name: str, label_set: str, languages: Sequence[str] | None, seed: int = 0
) -> Tested:
    """Train and test. Raises UsageError for too few posts of a label, Fatal without scikit-learn."""
    _need_scikit_learn()
    labels = _labels(examples)
    said = _held_out(examples, seed=seed)
    judged = [_judged(example, label) for example, label in zip(examples, said, strict=True)]
    fitted = fit([example.text for example in examples], [example.label for example in examples])
    model = model_of(fitted, name=name, label_set=label_set, languages=languages)
    return Tested(
        model=model,
        agreement=agreement(judged, labels=labels, seed=seed),
        folds=FOLDS,
        beside=_beside(examples, said, seed=seed) if of_sentiment(labels) else None,
    )


def fit(texts: Sequence[str], labels: Sequence[str]) -> Fitted:
    """Fit scikit-learn's tf-idf and regression."""
    _need_scikit_learn()
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import FeatureUnion

    seen = Counter(word for text in texts for word in set(words(folded(text))))
    # Posts in a script without spaces may have no word in common, and are told apart by runs alone.
    common = max(seen.values(), default=0) >= FEWEST_POSTS_OF_TERM
    terms = FeatureUnion(
        [
            (
                name,
                TfidfVectorizer(
                    analyzer=_analyzer(parts), sublinear_tf=True, min_df=FEWEST_POSTS_OF_TERM, max_features=MOST_TERMS
                ),
            )
            for name, parts in ((_WORDS, words), (_RUNS, runs))
            if common or name == _RUNS
        ]
    )
    try:
        vectors = terms.fit_transform(texts)
    except ValueError as error:  # there is not a single term
        raise UsageError("No two labelled posts have anything in common: nothing can be learned from them.") from error
    regression = LogisticRegression(C=_REGULARISATION, class_weight="balanced", max_iter=_MOST_STEPS, tol=_CLOSE_ENOUGH)
    regression.fit(vectors, list(labels))
    return Fitted(terms=terms, regression=regression)


def model_of(fitted: Fitted, *, name: str, label_set: str, languages: Sequence[str] | None) -> Model:
    """The numbers of a fitted pipeline, without the pipeline."""
    weights: list[list[float]] = fitted.regression.coef_.tolist()
    intercepts: list[float] = fitted.regression.intercept_.tolist()
    if len(weights) == 1:  # of two labels scikit-learn keeps only what speaks for the second
        weights, intercepts = [[0.0] * len(weights[0]), weights[0]], [0.0, intercepts[0]]
    found: dict[str, dict[str, tuple[float, ...]]] = {_WORDS: {}, _RUNS: {}}
    start = 0
    for block, seen in fitted.terms.transformer_list:
        end = start + len(seen.vocabulary_)
        found[block] = _terms(seen, [row[start:end] for row in weights])
        start = end
    return Model(
        form=FORM,
        name=name,
        number=1,
        label_set=label_set,
        labels=tuple(str(label) for label in fitted.regression.classes_),
        languages=None if languages is None else tuple(sorted(languages)),
        intercepts=tuple(intercepts),
        words=found[_WORDS],
        runs=found[_RUNS],
    )


def made_with() -> str:
    """By which release of scikit-learn models are trained here."""
    import sklearn

    return f"scikit-learn {sklearn.__version__}"


def _need_scikit_learn() -> None:
    try:
        import sklearn  # noqa: F401 (only whether it is there)
    except ImportError as error:
        raise Fatal(
            "Training needs scikit-learn, which is not installed (the extra ml). Install it into the environment of this program: "
            "pip install 'scikit-learn>=1.6'"
        ) from error


def _labels(examples: Sequence[Example]) -> list[str]:
    posts = Counter(example.label for example in examples)
    groups = Counter(label for label, _ in {(example.label, example.group) for example in examples})
    if len(posts) < 2:
        raise UsageError(f"A model tells labels apart, and the posts have {len(posts)}: label posts of at least two labels.")
    lacking = [
        f"{label} has {count} posts by {groups[label]} independent authors"
        for label, count in sorted(posts.items())
        if count < FEWEST_OF_LABEL or groups[label] < FOLDS
    ]
    if lacking:
        raise UsageError(
            f"Too few labelled posts: {'; '.join(lacking)}. Each label needs {FEWEST_OF_LABEL} posts by {FOLDS} authors who do "
            "not copy each other: label more, or merge rare labels."
        )
    return sorted(posts)


def _held_out(examples: Sequence[Example], *, seed: int) -> list[str]:
    """What a model says of each post that has seen neither the post nor its kin."""
    from sklearn.model_selection import StratifiedGroupKFold

    labels = [example.label for example in examples]
    groups = [example.group for example in examples]
    said = [""] * len(examples)
    for learned, tried in StratifiedGroupKFold(n_splits=FOLDS, shuffle=True, random_state=seed).split(labels, labels, groups):
        if {labels[at] for at in learned} != set(labels):
            raise UsageError("All posts of one label are copies of each other or by one author: label more of other authors.")
        fitted = fit([examples[at].text for at in learned], [labels[at] for at in learned])
        for at, label in zip(tried, fitted.predict([examples[at].text for at in tried]), strict=True):
            said[at] = label
    return said


def _judged(example: Example, said: str) -> Judged:
    return Judged(
        post=example.post,
        group=example.group,
        language=None,
        platform="",
        people=example.label,
        rating=None,
        said=said,
        compound=None,
    )


def _beside(examples: Sequence[Example], said: Sequence[str], *, seed: int) -> Beside | None:
    """Both on the posts that VADER labels; drawn together, so that the difference has an interval of its own."""
    groups: dict[int, list[tuple[str, str, str]]] = {}
    for example, label in zip(examples, said, strict=True):
        if example.vader is not None:
            groups.setdefault(example.group, []).append((example.label, label, example.vader))
    if not groups:
        return None

    def figures(drawn: Mapping[tuple[str, str, str], int]) -> list[float | None]:
        ours, theirs = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for (people, model, vader), times in drawn.items():
            ours[people, model] += times
            theirs[people, vader] += times
        one, other = f1_figures(ours, SENTIMENTS)[0], f1_figures(theirs, SENTIMENTS)[0]
        return [one, other, None if one is None or other is None else one - other]

    seen = Counter(three for group in groups.values() for three in group)
    intervals = bootstrap(list(groups.values()), figures, seed=seed)
    model, vader, difference = (
        figure(Estimate(value=value or 0.0, posts=seen.total(), interval=interval))
        for value, interval in zip(figures(seen), intervals, strict=True)
    )
    return Beside(posts=seen.total(), model=model, vader=vader, difference=difference)


def figure(estimate: Estimate) -> Figure:
    """An estimate in its written form, to four digits."""
    interval = estimate.interval
    return Figure(
        value=round(estimate.value, 4),
        low=None if interval is None else round(interval.low, 4),
        high=None if interval is None else round(interval.high, 4),
    )


def _analyzer(parts: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
    return lambda text: parts(folded(text))


def _terms(block: Any, weights: list[list[float]]) -> dict[str, tuple[float, ...]]:
    idf: list[float] = block.idf_.tolist()
    return {str(term): (idf[at], *(row[at] for row in weights)) for term, at in block.vocabulary_.items()}
