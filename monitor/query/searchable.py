"""A post as queries look into it: its texts folded, cut into pieces and counted into words, each at most once and when asked."""

from typing import Any

from monitor.post import Post
from monitor.query.folded import Folded, fold, without_marks
from monitor.query.script import pieces, unspaced, word_starts


class Part:
    """One text, folded with its marks (`marked`) and without. `found`: where needles were found in it.

    What is None yet is made when asked for first. That is all that `__getattr__` does: unlike a property it costs nothing afterwards.
    """

    __slots__ = ("_marked_starts", "_unmarked_starts", "found", "marked", "spaced", "text", "unmarked")

    marked: Folded
    unmarked: Folded
    spaced: bool  # whether all of its scripts write spaces between words
    _marked_starts: list[int]
    _unmarked_starts: list[int]

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: dict[object, tuple[tuple[int, int], ...]] = {}

    def __getattr__(self, name: str) -> Any:
        made: Any
        if name == "marked":
            made = fold(self.text)
        elif name == "unmarked":
            made = self.marked if self.marked.text.isascii() else without_marks(self.marked)
        elif name == "spaced":
            made = self.marked.text.isascii() or unspaced(self.marked.text) is None
        elif name == "_marked_starts":
            made = word_starts(self.marked.text)
        elif name == "_unmarked_starts":
            made = word_starts(self.unmarked.text)
        else:
            raise AttributeError(name)
        setattr(self, name, made)
        return made

    def word_starts(self, *, has_marks: bool) -> list[int]:
        """Where the words of the folded text begin, with its marks or without, as distances are counted."""
        return self._marked_starts if has_marks else self._unmarked_starts


class Searchable:
    """The parts of a post as terms are looked for in them; `alt`: descriptions of media; `other_parts`: all but text and tags."""

    __slots__ = ("_said", "alt", "other_parts", "post", "summary", "tags", "text", "title")

    def __init__(self, post: Post) -> None:
        self.post = post
        self.text = Part(post.text)
        self.title = (Part(post.title),) if post.title else ()
        self.summary = (Part(post.summary),) if post.summary else ()
        self.alt = tuple(Part(media.alt) for media in post.media if media.alt) if post.media else ()
        self.other_parts = (*self.title, *self.summary, *self.alt)
        self.tags = tuple(map(Part, post.tags)) if post.tags else ()
        self._said: str | None = None

    @property
    def said(self) -> str:
        """All parts, tags and mentions without marks, with a space between them: what the index of topics looks into."""
        if self._said is None:
            told = [self.text.unmarked.text]
            if self.other_parts:
                told += [part.unmarked.text for part in self.other_parts]
            if self.tags:
                told += [tag.text.lower() if tag.text.isascii() else tag.unmarked.text for tag in self.tags]
            told += map(str.lower, self.post.mentions)
            self._said = " ".join(told)
        return self._said

    @property
    def pieces(self) -> set[str]:
        """The pieces of all that."""
        return set(pieces(self.said))
