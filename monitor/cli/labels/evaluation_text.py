"""An evaluation as it is shown: one JSON object, or tables on the terminal."""

from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.analysis.interval import Estimate, Hits, Interval
from monitor.cli.labels.answer import Answer, Corrected
from monitor.labels.evaluation import FEWEST, Agreement, Evaluation

HOW = (
    "95 % intervals: Wilson (accuracy, precision, recall), Fisher (r), and by drawing anew with seed {seed}: of F1 authors with their "
    "posts and copies, of corrected shares the counts."
)


def document_of(answer: Answer, about: Mapping[str, Any]) -> dict[str, Any]:
    """The object of `--json`."""
    return {
        **about,
        "scorer": answer.teller.name,
        "version": answer.teller.version,
        "held_out": answer.held_out,
        "labelled": len(answer.labelled.posts),
        "fresh": answer.fresh,
        "ties": answer.labelled.ties,
        "gone": answer.labelled.gone,
        "evaluation": None if answer.evaluation is None else _evaluation(answer.evaluation),
        "corrected": None if answer.corrected is None else _corrected(answer.corrected),
    }


def _evaluation(evaluation: Evaluation) -> dict[str, Any]:
    whole = evaluation.agreement
    return {
        **_part(whole),
        "unscored": evaluation.unscored,
        "r": None if evaluation.r is None else evaluation.r.value,
        "r_interval": None if evaluation.r is None else _ends(evaluation.r.interval),
        "r_of": evaluation.r_of,
        "labels": list(whole.confusion.labels),
        "confusion": [list(row) for row in whole.confusion.counts],
        "by_label": [
            {
                "label": one.label,
                **_hits("precision", one.precision),
                **_hits("recall", one.recall),
                "f1": one.f1.value,
                "f1_interval": _ends(one.f1.interval),
            }
            for one in whole.by_label
        ],
        "by_language": [{"language": key, **_part(part)} for key, part in evaluation.by_language.items()],
        "by_platform": [{"platform": key, **_part(part)} for key, part in evaluation.by_platform.items()],
    }


def _part(part: Agreement) -> dict[str, Any]:
    few = part.posts < FEWEST
    return {
        "posts": part.posts,
        **_hits("accuracy", part.confusion.accuracy),
        "macro_f1": None if few else part.macro_f1.value,
        "macro_f1_interval": None if few else _ends(part.macro_f1.interval),
    }


def _corrected(corrected: Corrected) -> dict[str, Any]:
    return {
        "scope": corrected.scope,
        "posts": corrected.posts,
        "left_out": corrected.left_out,
        "labelled": corrected.labelled,
        "shares": [
            {"label": one.label, "counted": one.counted, "share": one.share, "share_interval": _ends(one.interval)}
            for one in corrected.shares
        ],
    }


def _hits(name: str, hits: Hits | None) -> dict[str, Any]:
    return {
        name: None if hits is None else hits.share,
        f"{name}_interval": None if hits is None else _ends(hits.interval),
    }


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


# ---- on the terminal


def print_evaluation(answer: Answer, about: Mapping[str, Any]) -> None:
    """Print it as tables."""
    console = Console()
    if answer.evaluation is not None:
        _print_figures(console, answer, answer.evaluation, about["set"])
    if answer.corrected is not None:
        _print_corrected(console, answer, answer.corrected)
    click.echo(HOW.format(seed=about["seed"]))


def _print_figures(console: Console, answer: Answer, evaluation: Evaluation, set_name: str) -> None:
    whole = evaluation.agreement
    apart = [
        (evaluation.unscored, f"without a label by {answer.teller.name}"),
        (answer.labelled.ties, "on which raters are evenly divided"),
        (len(answer.labelled.posts) - answer.fresh, "that it was trained on, or like such"),
        (answer.labelled.gone, "deleted since"),
    ]
    left = ", ".join(f"{count:,} {what}" for count, what in apart if count)
    click.echo(f"{answer.teller.name} {answer.teller.version} on {whole.posts:,} posts labelled in {set_name}")
    if left:
        click.echo(f"not among them: {left}")
    click.echo(f"\naccuracy {_shown(whole.confusion.accuracy)}   macro F1 {_estimate(whole.macro_f1)}")
    if evaluation.r is not None:
        of = "ratings" if evaluation.r_of == "ratings" else "labels as -1, 0, 1"
        click.echo(f"Pearson's r {_estimate(evaluation.r)} of compound and {of}, {evaluation.r.posts:,} posts")
    console.print(_matrix(whole))
    console.print(_labels(whole))
    for heading, parts in (("language", evaluation.by_language), ("platform", evaluation.by_platform)):
        console.print(_parts(heading, parts))


def _matrix(whole: Agreement) -> Table:
    labels = whole.confusion.labels
    table = _table("people \\ scorer", *labels)
    for label, row in zip(labels, whole.confusion.counts, strict=True):
        table.add_row(Text(label), *(f"{count:,}" for count in row))
    return table


def _labels(whole: Agreement) -> Table:
    table = _table("label", "precision", "recall", "F1")
    for one in whole.by_label:
        table.add_row(Text(one.label), _shown(one.precision), _shown(one.recall), _estimate(one.f1))
    return table


def _parts(heading: str, parts: Mapping[str, Agreement]) -> Table:
    table = _table(heading, "posts", "accuracy", "macro F1")
    for key, part in parts.items():
        f1 = "few" if part.posts < FEWEST else _estimate(part.macro_f1)
        shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in key)
        table.add_row(Text(shown), f"{part.posts:,}", _shown(part.confusion.accuracy), f1)
    return table


def _print_corrected(console: Console, answer: Answer, corrected: Corrected) -> None:
    click.echo(
        f"\nShares of {corrected.posts:,} posts of {corrected.scope} ({corrected.left_out:,} without a label by "
        f"{answer.teller.name} {answer.teller.version} are left out),\n"
        f"corrected for the errors measured on {corrected.labelled:,} labelled posts"
    )
    table = _table("label", "as scored", "corrected")
    for one in corrected.shares:
        told = f"{one.share:.1%} ({one.interval.low:.1%} to {one.interval.high:.1%})"
        table.add_row(Text(one.label), f"{one.counted:.1%}", told)
    console.print(table)
    click.echo("This holds as far as the scorer errs on these posts as it does on those that were labelled.")


def _table(first: str, *headings: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(Text(first))
    for heading in headings:
        table.add_column(Text(heading), justify="right", no_wrap=True)
    return table


def _shown(hits: Hits | None) -> str:
    return "-" if hits is None else f"{hits.share:.2f} ({hits.interval.low:.2f} to {hits.interval.high:.2f})"


def _estimate(estimate: Estimate) -> str:
    interval = estimate.interval
    return f"{estimate.value:.2f}" + (" (few)" if interval is None else f" ({interval.low:.2f} to {interval.high:.2f})")
