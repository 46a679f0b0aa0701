"""The scoring stage: scorers that are slow, new or changed work on stored posts, beside the collecting and never in its way.

Posts are claimed in batches and scored in a thread, so that the loop stays free. A text on which the scorer fails is tried
`MOST_ATTEMPTS` times and then set aside: the post stays, without a label and with the reason. A text that ends the process
itself is found because posts tried before are scored few at a time, and in the end alone. The invariant: whenever this is
killed, the next run goes on, and no post has a score of another text than its own.
"""

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.errors import RetryLater
from monitor.post import Score
from monitor.sentiment.scorer import Scorer, attempt
from monitor.store.scores import LEASE_S, SET_ASIDE, Claimed, Scores, Work
from monitor.text.utterance import utterance

MOST_ATTEMPTS = 5
# Enough to make a claim worth its three commands, few enough that a batch of a slow scorer is shared among processes.
BATCH = 200
# How much work of a slow scorer a kill may cost; the lease is renewed as often.
SLICE_S = 1.0
# How often to look whether posts in other hands are scored, or free again.
LOOK_S = 0.5
_ENDED = "the process that scored it ended each time"

_Attempt = tuple[Claimed, Score | str]  # a score, or why there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a run did: posts with a label, without one for a reason, set aside, and given back as they were edited meanwhile.

    A post whose lease ran out, so that two processes scored it, is in the tallies of both.
    """

    labelled: int = 0
    unlabelled: int = 0
    set_aside: int = 0
    edited: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            labelled=self.labelled + other.labelled,
            unlabelled=self.unlabelled + other.unlabelled,
            set_aside=self.set_aside + other.set_aside,
            edited=self.edited + other.edited,
        )


async def score_waiting(scores: Scores, scorer: Scorer, work: Work, *, lease_s: float = LEASE_S) -> Tally:
    """Score until nothing of `work` is left, here or in the hands of other processes; those that died are waited for.

    Raises RetryLater from the scorer and StoreUnavailableError; what was scored before stays so, and the rest is given back.
    """
    tally = Tally()
    while True:
        owner = uuid.uuid4().hex
        batch = await scores.claim(work, owner=owner, limit=BATCH, lease_s=lease_s)
        batch = batch or await scores.claim_again(work, owner=owner, lease_s=lease_s)
        if batch:
            tally += await _score_batch(scores, scorer, batch, owner=owner, lease_s=lease_s)
        elif await scores.waiting(work):
            await asyncio.sleep(LOOK_S)
        else:
            return tally


async def _score_batch(scores: Scores, scorer: Scorer, batch: Sequence[Claimed], *, owner: str, lease_s: float) -> Tally:
    tally, left = Tally(), list(batch)
    try:
        while left:
            made = await asyncio.to_thread(_slice, scorer, left)
            tally += await _settle(scores, scorer, made, owner=owner)
            left = left[len(made) :]
            if left:
                await scores.renew([claimed.post.id for claimed in left], owner=owner, lease_s=lease_s)
    finally:
        if left:
            await scores.release([claimed.post.id for claimed in left], owner=owner)
    return tally


async def _settle(scores: Scores, scorer: Scorer, made: Sequence[_Attempt], *, owner: str) -> Tally:
    finished: list[tuple[Claimed, Score]] = []
    failed: list[tuple[Claimed, str]] = []
    given_up: set[str] = set()
    for claimed, outcome in made:
        if isinstance(outcome, Score):
            finished.append((claimed, outcome))
        elif claimed.attempts < MOST_ATTEMPTS:
            failed.append((claimed, outcome))
        else:
            finished.append((claimed, Score(scorer=scorer.name, version=scorer.version, reason=f"{SET_ASIDE}{outcome}")))
            given_up.add(claimed.post.id)
    edited = await scores.write(finished, owner=owner)
    await scores.fail(failed, owner=owner)
    stored = [(claimed.post.id, score) for claimed, score in finished if claimed.post.id not in edited]
    return Tally(
        labelled=sum(score.label is not None for _, score in stored),
        unlabelled=sum(score.label is None and post_id not in given_up for post_id, score in stored),
        set_aside=len(given_up - edited),
        edited=len(edited),
    )


def _slice(scorer: Scorer, batch: Sequence[Claimed]) -> list[_Attempt]:
    """Score as many of a batch, from its first on, as `SLICE_S` allows, and at least one."""
    until = time.monotonic() + SLICE_S
    made: list[_Attempt] = []
    for claimed in batch:
        try:
            made.append((claimed, _outcome(scorer, claimed)))
        except RetryLater:
            if made:
                break  # what is done is stored first
            raise
        if time.monotonic() >= until:
            break
    return made


def _outcome(scorer: Scorer, claimed: Claimed) -> Score | str:
    if claimed.attempts > MOST_ATTEMPTS:  # as only after attempts that no process lived to tell of
        return claimed.reason or _ENDED
    try:
        return attempt(scorer, utterance(claimed.post), claimed.post.language)
    except RetryLater:
        raise
    except Exception as error:  # noqa: BLE001 (the scorer is not ours)
        return f"the scorer failed with {type(error).__name__}"  # no more: its text may quote the post
