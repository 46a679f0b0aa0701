"""`monitor labels evaluate`: how well a scorer agrees with people, and shares corrected for its errors."""

import json
from collections import Counter
from datetime import datetime

import click

from monitor import clock
from monitor.analysis.agreement import Confusion
from monitor.analysis.correction import corrected_shares
from monitor.cli.labels.answer import Answer, Corrected
from monitor.cli.labels.evaluation_text import document_of, print_evaluation
from monitor.cli.labels.labelled import labelled
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.scoped import scope_of
from monitor.cli.trained import models, scorer_named, told
from monitor.errors import UsageError
from monitor.labels.evaluation import FEWEST, Evaluation, evaluated
from monitor.labels.judgement import SENTIMENT
from monitor.labels.teller import Teller, is_sentiment
from monitor.scope import Scope
from monitor.sentiment.vader import NAME
from monitor.store.connection import Store
from monitor.store.search import Search


@click.command()
@click.argument("scope_text", metavar="[SCOPE]", default="")
@click.option("--set", "set_name", metavar="NAME", default=SENTIMENT, show_default=True, help="Which set of labels.")
@click.option("--scorer", "scorer_name", metavar="NAME", default=NAME, show_default=True, help="Which scorer or trained model.")
@click.option("--correct", "correct_text", metavar="SCOPE", help="Also the shares of the posts of this scope, corrected.")
@click.option("--seed", type=int, default=0, show_default=True, help="By which intervals of F1 and of shares are drawn.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def evaluate(scope_text: str, set_name: str, scorer_name: str, correct_text: str | None, seed: int, as_json: bool) -> None:
    """Compare what a scorer says of the labelled posts of SCOPE with what people say: confusion matrix, F1, Pearson's r.

    Every figure has a 95 % interval. Of several raters the majority counts. A trained model is measured on posts alone that it was
    not trained on; --correct takes its held-out figures.
    """
    now = clock.now()
    scope = scope_of(scope_text, now=now)
    correct = None if correct_text is None else scope_of(correct_text, now=now)
    answer = run(_answer(scope, set_name, scorer_name, correct, seed=seed, now=now))
    about = {"set": set_name, "scope": str(scope), "seed": seed}
    if as_json:
        click.echo(json.dumps(document_of(answer, about), ensure_ascii=False))
        return
    print_evaluation(answer, about)


async def _answer(scope: Scope, name: str, scorer_name: str, correct: Scope | None, *, seed: int, now: datetime) -> Answer:
    teller = teller_named(scorer_name)
    async with opened() as store:
        await say_if_simulated(store, scorer_name)
        there = await labelled(store, name, scope=scope, now=now)
        says = None if teller.held_out is None else await told(store, teller.held_out)
        judged = teller.judged(there.posts, there.verdict, there.kin)
        both = sum(each.people is not None and each.said is not None for each in judged)
        evaluation = None
        if teller.held_out is None or both >= FEWEST:
            evaluation = evaluated(judged, labels=teller.labels, seed=seed)
        elif correct is None:
            raise UsageError(
                f"{says} Besides, {both} labelled posts that it was not trained on, nor posts like them, have a label by it: "
                f"{FEWEST} are needed to evaluate it on those."
            )
        corrected = None
        if correct is not None:
            corrected = await _corrected(store, teller, correct, _measured(teller, evaluation), seed=seed, now=now)
    return Answer(
        teller=teller,
        labelled=there,
        fresh=len(judged),
        evaluation=evaluation,
        corrected=corrected,
        held_out=says,
    )


def teller_named(name: str) -> Teller:
    """The scorer or trained model of that name. Raises UsageError where there is none."""
    here = models()
    if name not in here.newest():
        return Teller(scorer=scorer_named(name), model=None, held_out=None)
    model, held_out = here.model(name), here.held_out(name)
    return Teller(scorer=scorer_named(name) if held_out.of_sentiment else None, model=model, held_out=held_out)


def _measured(teller: Teller, evaluation: Evaluation | None) -> Confusion:
    """By which errors shares are corrected: of a trained model those of its cross-validation, which all labels took part in."""
    if teller.held_out is not None:
        return Confusion(labels=teller.held_out.labels, counts=teller.held_out.confusion)
    assert evaluation is not None  # it is made for every scorer that was not trained here
    return evaluation.agreement.confusion


async def _corrected(store: Store, teller: Teller, scope: Scope, measured: Confusion, *, seed: int, now: datetime) -> Corrected:
    counted: Counter[str] = Counter()
    left_out = 0
    frozen = scope.frozen(now)
    async for post in Search(store.database).posts(frozen.asks(now), stored_by=frozen.stored_by()):
        label: str | None = None
        if not is_sentiment(teller):
            label = None if post.deleted_at is not None else teller.says(post)[0]
        elif (score := post.sentiment) is not None and (score.scorer, score.version) == (teller.name, teller.version):
            label = score.label
        if label is None:
            left_out += 1
        else:
            counted[label] += 1
    if not counted:
        what = f"No post of the scope {str(scope) or 'of all posts'} has a label by {teller.name} {teller.version}"
        raise UsageError(f"{what}. To score them: monitor score --scorer {teller.name} --rescore")
    shares = corrected_shares(counted, measured, seed=seed)
    return Corrected(scope=str(frozen), posts=counted.total(), left_out=left_out, labelled=measured.posts, shares=shares)
