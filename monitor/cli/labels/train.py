"""`monitor labels train`: a model of labels that people gave, tested on posts that it was not trained on."""

import click

from monitor import __version__, clock
from monitor.analysis.interval import Estimate
from monitor.cli.labels.labelled import Labelled, labelled
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.trained import models
from monitor.crawl.exported import moment
from monitor.errors import UsageError
from monitor.labels.held_out import HeldOut, sentence
from monitor.labels.judgement import SENTIMENT, label_set, of_sentiment
from monitor.labels.model import Model
from monitor.labels.training import FEWEST_OF_LABEL, Example, Tested, figure, made_with, trained
from monitor.models import model_name
from monitor.post import Post
from monitor.scope import parse
from monitor.sentiment.scorer import attempt
from monitor.sentiment.vader import Vader
from monitor.store.labels import Labels
from monitor.text.utterance import utterance


@click.command()
@click.option("--set", "set_name", metavar="NAME", default=SENTIMENT, show_default=True, help="From which set of labels.")
@click.option("--name", metavar="MODEL", help="What to call the model; trained- and the name of the set without it.")
@click.option("--language", metavar="CODE", help="Only posts of this language, such as de.")
@click.option("--seed", type=int, default=0, show_default=True, help="By which posts are dealt to the parts of the test.")
def train(set_name: str, name: str | None, language: str | None, seed: int) -> None:
    """Train a model from the labels of a set, of any language and any labels, and say how good it is on held-out posts.

    It is tested by cross-validation in five parts, posts of one author and copies of a text in one part, beside VADER on the same
    posts. Needs scikit-learn (the extra ml); to use the model does not.
    """
    chosen = label_set(set_name)
    called = model_name(name or f"trained-{chosen.replace('_', '-')}"[:40])
    there, digest = run(_labelled(chosen, language))
    examples = _examples(there)
    tested = trained(examples, name=called, label_set=chosen, languages=_languages(there), seed=seed)

    def evaluation(model: Model) -> HeldOut:
        return _held_out(tested, model, examples, digest=digest, seed=seed)

    model, held_out, path = models().add(tested.model, evaluation)
    click.echo(sentence(held_out, outdated=False))
    for label, each in held_out.f1.items():
        click.echo(f"  {label}: F1 {each}")
    click.echo(f"The model is in {path}", err=True)
    use = f"monitor score --scorer {called} --rescore" if held_out.of_sentiment else f"monitor labels predict --model {called}"
    click.echo(
        f"It knows posts in {', '.join(model.languages) if model.languages else 'any language'}. To use it: {use}", err=True
    )


async def _labelled(name: str, language: str | None) -> tuple[Labelled, str]:
    now = clock.now()
    scope = parse("" if language is None else f"lang={language}", now=now)
    async with opened() as store:
        await say_if_simulated(store)
        digest = await Labels(store.database).digest(name)
        return await labelled(store, name, scope=scope, now=now), digest


def _examples(there: Labelled) -> list[Example]:
    found = [_example(post, there) for post in _posts(there)]
    if not found:
        raise UsageError("None of these posts has a label that its raters agree on: there is nothing to learn from.")
    return found


def _posts(there: Labelled) -> list[Post]:
    return [post for post in there.posts if post.id in there.verdict.labels and utterance(post).strip()]


def _example(post: Post, there: Labelled) -> Example:
    text = utterance(post)
    return Example(
        post=post.id,
        text=text,
        label=there.verdict.labels[post.id],
        group=there.kin[post.id],
        vader=attempt(Vader(), text, post.language).label,
    )


def _languages(there: Labelled) -> list[str] | None:
    """Those that enough posts are in; None, any, where no language is known of most."""
    posts = _posts(there)
    told = [post.language for post in posts if post.language is not None]
    if len(told) < len(posts) / 2:
        return None
    common = sorted({language for language in told if told.count(language) >= FEWEST_OF_LABEL})
    return common or sorted(set(told))


def _held_out(tested: Tested, model: Model, examples: list[Example], *, digest: str, seed: int) -> HeldOut:
    whole = tested.agreement
    accuracy = whole.confusion.accuracy
    return HeldOut(
        model=model.name,
        version=model.version,
        label_set=model.label_set,
        of_sentiment=of_sentiment(model.labels),
        labels=whole.confusion.labels,
        posts=whole.posts,
        groups=len({example.group for example in examples}),
        folds=tested.folds,
        seed=seed,
        confusion=whole.confusion.counts,
        accuracy=figure(Estimate(value=accuracy.share, posts=whole.posts, interval=accuracy.interval)),
        macro_f1=figure(whole.macro_f1),
        f1={one.label: figure(one.f1) for one in whole.by_label},
        beside=tested.beside,
        trained_at=moment(clock.now()),
        made_with=f"Social Monitor {__version__}, {made_with()}",
        digest=digest,
        trained_on=tuple(example.post for example in examples),
    )
