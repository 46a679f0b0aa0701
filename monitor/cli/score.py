"""`monitor score`: the scoring stage, once over what waits or for as long as it is let."""

import sys

import click

from monitor.cli.follow import follow as follow_on
from monitor.cli.follow import following
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.trained import scorer_named
from monitor.sentiment.scorer import Scorer
from monitor.sentiment.vader import NAME
from monitor.stages.scoring import Tally, score_waiting
from monitor.store.scores import Scores, Work

_PARTIAL = 6  # the exit code for "done, but not all of it"


@click.command()
@click.option("--scorer", "scorer_name", metavar="NAME", default=NAME, show_default=True, help="Which scorer works.")
@click.option("--rescore", is_flag=True, help="Also posts that another scorer scored, and those set aside.")
@click.option("--follow", is_flag=True, help="Go on until Ctrl-C: score what comes in.")
def score(scorer_name: str, rescore: bool, follow: bool) -> None:
    """Score stored posts that have no score yet, or one by another version of the scorer.

    May be stopped and run again at any moment, and in several processes at once. A post on which the scorer fails five times is
    set aside: it has no label then, and its sentiment.reason says why. Exit code: 0 all were scored, 6 some were set aside.
    """
    scorer = scorer_named(scorer_name)
    work = Work.everything(scorer) if rescore else Work.outstanding(scorer)
    if follow:
        run(_follow(scorer, work, rescore=rescore))
    elif run(_once(scorer, work, rescore=rescore)).set_aside:
        sys.exit(_PARTIAL)


async def _once(scorer: Scorer, work: Work, *, rescore: bool) -> Tally:
    async with opened() as store:
        await say_if_simulated(store, scorer.name)
        scores = Scores(store.database, store.dirty)
        if rescore:
            await scores.forget_set_aside(scorer)
        tally = await score_waiting(scores, scorer, work)
        click.echo(_told(tally))
        if kept := await scores.count_set_aside(scorer):
            click.echo(
                f"Set aside in all by {scorer.name} {scorer.version}: {kept}; their sentiment.reason says why. "
                f"Another try: monitor score --scorer {scorer.name} --rescore",
                err=True,
            )
        return tally


async def _follow(scorer: Scorer, work: Work, *, rescore: bool) -> None:
    """Score whatever comes in; a scorer or MongoDB that is away is waited for. Ends by Ctrl-C alone."""
    async with opened() as store:
        await say_if_simulated(store, scorer.name)
        scores = Scores(store.database, store.dirty)
        if rescore:
            await scores.forget_set_aside(scorer)
        async with following(store, "score") as pulse:

            def counted(tally: Tally) -> None:
                for outcome in ("labelled", "unlabelled", "set_aside", "edited"):
                    pulse.count("scored_posts", getattr(tally, outcome), outcome=outcome)

            await follow_on(lambda: score_waiting(scores, scorer, work), told=_told, nothing=Tally(), counted=counted)


def _told(tally: Tally) -> str:
    return (
        f"scored {tally.labelled + tally.unlabelled:,} ({tally.unlabelled:,} without a label), "
        f"set aside {tally.set_aside:,}, edited meanwhile {tally.edited:,}"
    )
