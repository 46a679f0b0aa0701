"""What is measured against labels: a scorer of sentiment, or a trained model of other labels; either says a label of a post. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monitor.errors import UsageError
from monitor.labels.evaluation import Judged
from monitor.labels.held_out import HeldOut
from monitor.labels.judgement import SENTIMENTS, Verdict, of_sentiment
from monitor.labels.model import Model
from monitor.post import Post
from monitor.sentiment.scorer import Scorer, attempt
from monitor.text.utterance import utterance


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """`scorer` or `model`; `held_out` of either where it was trained here."""

    scorer: Scorer | None
    model: Model | None
    held_out: HeldOut | None

    @property
    def name(self) -> str:
        return self.scorer.name if self.scorer is not None else self._model.name

    @property
    def version(self) -> str:
        return self.scorer.version if self.scorer is not None else self._model.version

    @property
    def labels(self) -> tuple[str, ...]:
        """All that it can say."""
        if self.held_out is not None:
            return self.held_out.labels
        return SENTIMENTS

    @property
    def _model(self) -> Model:
        assert self.model is not None  # one of the two is there
        return self.model

    def says(self, post: Post) -> tuple[str | None, float | None]:
        """Label and compound; None where it says none, as of a language that it does not know."""
        text = utterance(post)
        if self.scorer is not None:
            score = attempt(self.scorer, text, post.language)
            return score.label, None if score.label is None else score.compound
        languages = self._model.languages
        known = languages is None or post.language in languages
        return (self._model.label(text) if known and text.strip() else None), None

    def judged(self, posts: Iterable[Post], verdict: Verdict, kin: Mapping[str, int]) -> list[Judged]:
        """What people and it say of posts that it was not trained on, nor on their kin. Raises UsageError for labels it never says."""
        learned = {kin[post] for post in self.held_out.trained_on if post in kin} if self.held_out is not None else set()
        fresh = [post for post in posts if kin[post.id] not in learned]
        people = {verdict.labels[post.id] for post in fresh if post.id in verdict.labels}
        if not people <= set(self.labels):
            raise UsageError(
                f"People gave the labels {', '.join(sorted(people))}, and {self.name} says {', '.join(self.labels)}: they cannot be "
                "compared. A model of these labels: monitor labels train --set SET, then monitor labels evaluate --scorer NAME"
            )
        return [self._judged(post, verdict, kin[post.id]) for post in fresh]

    def _judged(self, post: Post, verdict: Verdict, group: int) -> Judged:
        said, compound = self.says(post)
        return Judged(
            post=post.id,
            group=group,
            language=post.language,
            platform=post.platform,
            people=verdict.labels.get(post.id),
            rating=verdict.ratings.get(post.id),
            said=said,
            compound=compound,
        )


def is_sentiment(teller: Teller) -> bool:
    """Whether what it says is stored with the posts as their sentiment."""
    return teller.scorer is not None and of_sentiment(teller.labels)
