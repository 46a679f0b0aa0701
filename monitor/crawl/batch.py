"""The frames of a stream that are committed together, as a page of it. No I/O."""

from dataclasses import dataclass, field, replace

from monitor.bookmark import Mark
from monitor.crawl.frame import Frame
from monitor.errors import MonitorError

# Measured: larger batches gain nothing in the store, and what is in memory at once stays small.
MOST_FRAMES = 500
MOST_BYTES = 4 * 1024 * 1024
LONGEST_S = 0.5  # from a batch's first frame: how late a post may be stored for the sake of company


@dataclass(slots=True, kw_only=True)
class Batch:
    """`rows` are what becomes posts, each with the number of frames up to it. `error`: why the connection gave no more after
    these; `broken`: rows that were kept although they cannot be read, for quarantine."""

    marks: list[Mark | None] = field(default_factory=list)
    rows: list[tuple[int, Frame]] = field(default_factory=list)
    size_bytes: int = 0
    broken: int = 0
    error: MonitorError | None = None

    def __len__(self) -> int:
        return len(self.marks)

    @property
    def full(self) -> bool:
        return len(self.marks) >= MOST_FRAMES or self.size_bytes >= MOST_BYTES

    def heard(self, frame: Frame, *, size_bytes: int) -> None:
        """Count a frame, whatever it tells."""
        self.marks.append(frame.mark)
        self.size_bytes += size_bytes

    def keep(self, frame: Frame) -> None:
        """Take the row of the frame that was heard last."""
        self.rows.append((len(self.marks), frame))

    def first(self, most_rows: int) -> "Batch":
        """This batch up to its row of that number, so that the next one begins behind it."""
        if most_rows >= len(self.rows):
            return self
        frames = self.rows[most_rows - 1][0] if most_rows else 0
        return replace(self, marks=self.marks[:frames], rows=self.rows[:most_rows])

    @property
    def known_marks(self) -> list[int]:
        """The marks in the order in which they came."""
        return [int(mark) for mark in self.marks if mark is not None]
