"""A line of a post for a terminal: the words around what was found, each find in brackets."""

from collections.abc import Sequence

from monitor.cli.plain import plain

WIDEST = 120  # characters of a post that are shown
_BEFORE = 40  # of them at most before the first find

Span = tuple[int, int]


def excerpt(text: str, spans: Sequence[Span]) -> str:
    """One line of a stranger's text, without what would move the cursor or turn the line around."""
    start = max(0, spans[0][0] - _BEFORE) if spans else 0
    end = start + WIDEST
    told, place = ["…" if start else ""], start
    for begin, finish in spans:
        if finish > end:
            break
        told += [plain(text[place:begin]), "[", plain(text[begin:finish]), "]"]
        place = finish
    told += [plain(text[place:end]), "…" if len(text) > end else ""]
    return "".join(told)
