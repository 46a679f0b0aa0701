"""What `monitor labels evaluate` found out."""

from dataclasses import dataclass

from monitor.analysis.correction import CorrectedShare
from monitor.cli.labels.labelled import Labelled
from monitor.labels.evaluation import Evaluation
from monitor.labels.teller import Teller


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """Shares of the posts of a scope. `left_out` posts have no label by this version of the scorer; `labelled`: measured on so many."""

    scope: str
    posts: int
    left_out: int
    labelled: int
    shares: tuple[CorrectedShare, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is shown. `evaluation` None: only the held-out figures of a trained model were asked for their correction."""

    teller: Teller
    labelled: Labelled
    fresh: int
    evaluation: Evaluation | None
    corrected: Corrected | None
    held_out: str | None
