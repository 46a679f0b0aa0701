"""A text with parts of it replaced, and where what was elsewhere in it stands now. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """`text[start:end]` becomes `by`."""

    start: int
    end: int
    by: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """`text` is the new one; `edits`, of the old one, are disjoint and in order."""

    text: str
    edits: tuple[Edit, ...]

    def spans(self, old: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
        """Spans of the old text in the new one. One that touches what was replaced covers all that stands there now.

        Disjoint, in order.
        """
        starts, shifts = [edit.start for edit in self.edits], [0]
        for edit in self.edits:
            shifts.append(shifts[-1] + len(edit.by) - (edit.end - edit.start))
        moved: list[tuple[int, int]] = []
        for start, end in old:
            span = self._moved(start, starts, shifts, last=False), self._moved(end, starts, shifts, last=True)
            if moved and span[0] < moved[-1][1]:
                span = moved[-1][0], max(span[1], moved.pop()[1])
            moved.append(span)
        return tuple(moved)

    def _moved(self, place: int, starts: Sequence[int], shifts: Sequence[int], *, last: bool) -> int:
        number = bisect_right(starts, place - last) - 1
        if number >= 0 and place - last < self.edits[number].end:
            edit = self.edits[number]
            return edit.start + shifts[number] + (len(edit.by) if last else 0)
        return place + shifts[number + 1]


def replaced(text: str, edits: Iterable[Edit]) -> Replaced:
    """Apply edits; of those that overlap the first counts, and of two that begin together the longer one, grown over the others."""
    chosen: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
        if chosen and edit.start < chosen[-1].end:
            if edit.end > chosen[-1].end:  # nothing of what was to go may stay
                chosen[-1] = Edit(chosen[-1].start, edit.end, chosen[-1].by)
            continue
        chosen.append(edit)
    if not chosen:
        return Replaced(text, ())
    parts, place = list[str](), 0
    for edit in chosen:
        parts += [text[place : edit.start], edit.by]
        place = edit.end
    return Replaced("".join([*parts, text[place:]]), tuple(chosen))
