"""How good a trained model is on posts that it was not trained on, beside VADER on the same posts; and the sentence that says so.

Whoever shows a model, or what it said, shows this sentence with it. Pure.
"""

import msgspec

from monitor.errors import UsageError


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure and its 95 % interval; low and high None: too few posts to tell."""

    value: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        return f"{self.value:.2f}" + (f" ({self.low:.2f} to {self.high:.2f})" if self.low is not None else " (few)")


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """Macro F1 of the model, of VADER, and the first less the second, on the held-out posts that VADER gives a label."""

    posts: int
    model: Figure
    vader: Figure
    difference: Figure


class HeldOut(msgspec.Struct, frozen=True, kw_only=True):
    """The evaluation of a model. `confusion[i][j]`: held-out posts that people called `labels[i]` and the model `labels[j]`.

    `beside`: None where VADER labels none of the posts, or the labels are not those of sentiment (`of_sentiment`). `trained_on`: ids
    of the posts that the model itself was trained on, after it was tested; `digest`: of the labels, by which it is seen that they
    changed.
    """

    model: str
    version: str
    label_set: str
    of_sentiment: bool
    labels: tuple[str, ...]
    posts: int
    groups: int
    folds: int
    seed: int
    confusion: tuple[tuple[int, ...], ...]
    accuracy: Figure
    macro_f1: Figure
    f1: dict[str, Figure]
    beside: Beside | None
    trained_at: str
    made_with: str
    digest: str
    trained_on: tuple[str, ...]


def sentence(held_out: HeldOut, *, outdated: bool) -> str:
    """What has to be said beside the name of a model and beside all that it says. `outdated`: its labels changed since."""
    told = (
        f"{held_out.model} {held_out.version} is trained on {len(held_out.trained_on):,} labels of {held_out.label_set}: "
        f"held-out macro F1 {held_out.macro_f1}; {_beside(held_out)}."
    )
    return told + (f" {_outdated(held_out)}" if outdated else "")


def read_held_out(content: bytes) -> HeldOut:
    """The evaluation that `written_held_out` wrote. Raises UsageError."""
    try:
        return msgspec.json.decode(content, type=HeldOut)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"it is no evaluation of a model: {error}") from error


def written_held_out(held_out: HeldOut) -> bytes:
    """The evaluation as a JSON object."""
    return msgspec.json.format(msgspec.json.encode(held_out), indent=1) + b"\n"


def _beside(held_out: HeldOut) -> str:
    if not held_out.of_sentiment:
        return "VADER gives no such labels"
    if held_out.beside is None:
        return "VADER scores none of these posts"
    beside = held_out.beside
    which = "the same posts" if beside.posts == held_out.posts else f"the {beside.posts:,} of them that it scores"
    model = "" if beside.posts == held_out.posts else f", where the model has {beside.model}"
    low, high = beside.difference.low, beside.difference.high
    if low is None or high is None or low <= 0 <= high:
        judged = "no difference can be told"
    else:
        judged = "the model is better" if low > 0 else "VADER is better"
    return f"VADER's {beside.vader} on {which}{model}: {judged}"


def _outdated(held_out: HeldOut) -> str:
    return (
        f"It is out of date: the labels of {held_out.label_set} changed since. "
        f"To train it anew: monitor labels train --set {held_out.label_set} --name {held_out.model}"
    )
