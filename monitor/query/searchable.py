"""A post as queries look into it: its texts folded, cut into pieces and counted into words, each at most once and when asked."""

from monitor.post import Post
from monitor.query.folded import Folded, fold, without_marks
from monitor.query.script import pieces, unspaced, word_starts


class Part:
    """One text, folded with its marks and without. `found`: where needles were found in it."""

    __slots__ = ("_marked", "_marked_starts", "_spaced", "_unmarked", "_unmarked_starts", "found", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: dict[object, tuple[tuple[int, int], ...]] = {}
        self._marked: Folded | None = None
        self._unmarked: Folded | None = None
        self._spaced: bool | None = None
        self._marked_starts: list[int] | None = None
        self._unmarked_starts: list[int] | None = None

    @property
    def marked(self) -> Folded:
        if self._marked is None:
            self._marked = fold(self.text)
        return self._marked

    @property
    def unmarked(self) -> Folded:
        if self._unmarked is None:
            self._unmarked = without_marks(self.marked)
        return self._unmarked

    @property
    def spaced(self) -> bool:
        """Whether all of its scripts write spaces between words."""
        if self._spaced is None:
            folded = self.marked.text
            self._spaced = folded.isascii() or unspaced(folded) is None
        return self._spaced

    def word_starts(self, *, has_marks: bool) -> list[int]:
        """Where the words of the folded text begin, with its marks or without, as distances are counted."""
        if has_marks:
            self._marked_starts = self._marked_starts or word_starts(self.marked.text)
            return self._marked_starts
        self._unmarked_starts = self._unmarked_starts or word_starts(self.unmarked.text)
        return self._unmarked_starts


class Searchable:
    """The parts of a post as terms are looked for in them; `alt`: descriptions of media; `other_parts`: all but text and tags."""

    __slots__ = ("_pieces", "alt", "other_parts", "post", "summary", "tags", "text", "title")

    def __init__(self, post: Post) -> None:
        self.post = post
        self.text = Part(post.text)
        self.title = (Part(post.title),) if post.title else ()
        self.summary = (Part(post.summary),) if post.summary else ()
        self.alt = tuple(Part(media.alt) for media in post.media if media.alt) if post.media else ()
        self.other_parts = (*self.title, *self.summary, *self.alt)
        self.tags = tuple(map(Part, post.tags))
        self._pieces: set[str] | None = None

    @property
    def pieces(self) -> set[str]:
        """The pieces of all parts, tags and mentions, without marks, as the index of topics looks them up."""
        if self._pieces is None:
            found = set(pieces(self.text.unmarked.text))
            for part in self.other_parts:
                found.update(pieces(part.unmarked.text))
            for tag in self.tags:
                found.update(pieces(tag.text.lower() if tag.text.isascii() else tag.unmarked.text))
            for mention in self.post.mentions:
                found.update(pieces(mention.lower()))
            self._pieces = found
        return self._pieces
