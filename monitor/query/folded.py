"""Text as the matcher compares it, with the way back to the offsets of the original.

Two texts that a reader takes for the same fold to the same: compatibility forms and case (NFKC, full case folding), white
space (spaces, zero-width ones too), variation selectors, skin tones and soft hyphens (gone). Addresses are no words: they become
characters that no term can hold. Marks above and below letters are kept or removed by the caller. A run of white space, and an
address, may be one character or several: whoever looks for a phrase allows for both.

NFKC may join characters (a letter and its accent, two halves of a Hangul syllable), and folding may split them (ß to ss). So a
text is cut into clusters that no normal form joins with each other, each is folded alone, and every folded character remembers
the cluster that it came from. Linear in the length of the text.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache, lru_cache

from monitor.text.addresses import address_spans

ADDRESS = "\x00"  # never in a stored text, and no term can hold it

# Normal forms sort a run of marks, in quadratic time; UAX #15 (stream-safe text) allows 30 in a row, languages need 5.
_LONGEST_CLUSTER = 32

# White space and its zero-width kin; a run of several is one space, so it cannot keep its place.
_SPACE = "\\s\u200b"
_WIDE_SPACE = re.compile(rf"[{_SPACE}]{{2,}}")
_PIECE = re.compile(rf"(?P<space>[{_SPACE}]+)|(?P<plain>[!-~]+(?: [!-~]+)*)|.", re.DOTALL)
# U+00AD soft hyphen, U+2060 word joiner, U+FEFF; variation selectors; skin tones.
_UNSEEN_SIGNS = "\u00ad\u2060\ufeff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff"
_UNSEEN = re.compile(f"[{_UNSEEN_SIGNS}]")
_SHARP_S = "ß"  # alone among the common letters it becomes two
_SHARP = re.compile(_SHARP_S)
_NOT_FOLDED = b"A"  # a capital, so nothing that was folded holds it
# One sign, typed in several ways: keyboards of phones set the curly apostrophe; and every single space.
_SAME_SIGN = {ord(sign): "'" for sign in "‘’ʼ"} | {ord("‐"): "-"}
_SAME_SIGN |= {code: " " for code in (*range(0x3001), 0x200B) if chr(code).isspace() or code == 0x200B}
_OTHER_SIGNS = "".join(map(chr, sorted(_SAME_SIGN.keys() - {ord(" ")})))
_OTHER_SIGN = re.compile(f"[{_OTHER_SIGNS}]")
_ODD = re.compile(f"[{_OTHER_SIGNS}{_UNSEEN_SIGNS}]")  # one look for both: most texts have neither
_ASCII_FOLDED = bytes(ord(" ") if chr(code).isspace() else ord(chr(code).lower()) for code in range(128)) + bytes(128)
# Marks that people leave out when they type a search word: European, Hebrew points, Arabic vowels. Vowel signs of Indian
# scripts and the sound marks of Japanese make other words and stay.
_OPTIONAL_MARK = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u0652\u0670\u1ab0-\u1aff\u1dc0-\u1dff]"
)
_SHORT_I = "\u0439"  # й decomposes into и and a breve, but is a letter of its own


class Folded:
    """Folded text; character i of it came from `original[starts[i]:ends[i]]`. None: each from the one at its own place.

    No dataclass, since each post makes some: one that is frozen takes three times as long to make.
    """

    __slots__ = ("ends", "starts", "text")

    def __init__(self, text: str, starts: list[int] | None = None, ends: list[int] | None = None) -> None:
        self.text = text
        self.starts = starts
        self.ends = ends

    def __repr__(self) -> str:
        return f"<Folded {len(self.text)} chars>"

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original of the folded characters from `start` to before `end` (at least one)."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]

    def rewritten(self, text: str) -> "Folded":
        """The same with other characters at the same places."""
        return Folded(text, self.starts, self.ends)


class _Doubled(Folded):
    """Folded in place, but that each ß became two characters. Where those are is not asked before something was found."""

    __slots__ = ("_original", "_seconds")

    def __init__(self, text: str, original: str) -> None:
        super().__init__(text)
        self._original = original
        self._seconds: list[int] | None = None

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        if self._seconds is None:
            self._seconds = [found.start() + number for number, found in enumerate(_SHARP.finditer(self._original), 1)]
        return start - bisect_right(self._seconds, start), end - bisect_right(self._seconds, end - 1)

    def rewritten(self, text: str) -> Folded:
        return _Doubled(text, self._original)


def fold(text: str) -> Folded:
    """Fold a text of a post, with all marks kept and each address as a run of one character."""
    addresses = address_spans(text)
    blanked = _blanked(text, addresses) if addresses else text
    if (whole := _folded_in_place(blanked)) is None:
        return _fold(text, addresses)
    return Folded(whole) if len(whole) == len(blanked) else _Doubled(whole, blanked)


def fold_term(text: str) -> Folded:
    """Fold what is looked for: all of it is words, and any white space one space."""
    if not _WIDE_SPACE.search(text) and (whole := _folded_in_place(text)) is not None and len(whole) == len(text):
        return Folded(whole)
    return _fold(text, ())


def with_capitals(text: str) -> str:
    """The text in the same forms as when it is folded, capitals kept: what tells NASA from nasa."""
    return unicodedata.normalize("NFKC", _UNSEEN.sub("", unicodedata.normalize("NFKC", text))).translate(_SAME_SIGN)


def without_marks(folded: Folded) -> Folded:
    """The same with marks removed that are often not typed; the very same object where there is none."""
    if folded.text.isascii():
        return folded
    raw = folded.text.encode("latin-1", "ignore")
    if len(raw) == len(folded.text):
        text = raw.translate(_latin()[1]).decode("latin-1")
        return folded if text == folded.text else folded.rewritten(text)
    bare, marked = _without_mark()
    if marked.search(folded.text) is None:
        return folded
    text = marked.sub(lambda found: bare[ord(found[0])], folded.text)
    if len(text) == len(folded.text):
        return folded.rewritten(text)
    kept = [place for place, character in enumerate(folded.text) if bare.get(ord(character)) != ""]
    spans = [folded.original_span(place, place + 1) for place in kept]
    return Folded(text, [start for start, _ in spans], [end for _, end in spans])


def continues(character: str) -> bool:
    """Whether folding may join this character to the one before it, or the next one across it.

    Marks, Hangul vowels and finals, half-width signs, and what nobody sees.
    """
    return (
        unicodedata.category(character)[0] == "M"
        or "\u1160" <= character <= "\u11ff"
        or "\ud7b0" <= character <= "\ud7fb"
        or character in "\uff9e\uff9f"
        or "\uffc2" <= character <= "\uffdc"
        or _UNSEEN.match(character) is not None
    )


def _fold(text: str, addresses: Sequence[tuple[int, int]]) -> Folded:
    builder = _Builder(text)
    place = 0
    for start, end in addresses:
        builder.take(place, start)
        builder.put(ADDRESS, start, end)
        place = end
    builder.take(place, len(text))
    return Folded("".join(builder.folded), builder.starts, builder.ends)


def _same_sign(found: re.Match[str]) -> str:
    return _SAME_SIGN[ord(found[0])]


def _blanked(text: str, addresses: Sequence[tuple[int, int]]) -> str:
    if len(addresses) == 1:
        ((start, end),) = addresses
        return f"{text[:start]}{ADDRESS * (end - start)}{text[end:]}"
    told: list[str] = []
    place = 0
    for start, end in addresses:
        told += (text[place:start], ADDRESS * (end - start))
        place = end
    return "".join((*told, text[place:]))


def _folded_in_place(text: str) -> str | None:
    """The text folded in one go, each character at its own place or, behind a ß, which becomes two, at a later one; None where that
    may not be. By tables of bytes where they hold all of its characters, which takes a third of the time.
    """
    if text.isascii():
        return text.encode("ascii").translate(_ASCII_FOLDED).decode("ascii")
    raw = text.encode("latin-1", "ignore")
    if len(raw) == len(text):
        raw = raw.translate(_latin()[0])
        if _NOT_FOLDED not in raw:
            return raw.decode("latin-1").replace(_SHARP_S, "ss")
    if _ODD.search(text) is not None:
        text = text.replace("’", "'").replace("\n", " ")  # most odd ones are these
        if _ODD.search(text) is not None:
            text = _OTHER_SIGN.sub(_same_sign, text)
            if _UNSEEN.search(text):
                return None
    folded = text.casefold()
    if len(folded) != len(text) and len(folded) != len(text) + text.count(_SHARP_S):
        return None
    return folded if unicodedata.is_normalized("NFKC", folded) else None


@lru_cache(maxsize=65_536)
def _folded_cluster(cluster: str) -> str:
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", _UNSEEN.sub("", cluster)).casefold())
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", once.casefold()).translate(_SAME_SIGN))


@cache
def _latin() -> tuple[bytes, bytes]:
    """Tables for texts that ISO 8859-1 can hold: folded, ß as it is; and what was folded without marks."""
    folded = bytearray()
    for code in range(256):
        sign = _SAME_SIGN.get(code, chr(code)).casefold()
        kept = len(sign) == 1 and ord(sign) < 256 and unicodedata.is_normalized("NFKC", sign) and not _UNSEEN.match(sign)
        folded.append(ord(sign) if kept else ord(_SHARP_S) if chr(code) == _SHARP_S else ord(_NOT_FOLDED))
    bare = _without_mark()[0]
    return bytes(folded), bytes(ord(bare.get(code, chr(code))) for code in range(256))


@cache
def _without_mark() -> tuple[dict[int, str], re.Pattern[str]]:
    """Each optional mark as nothing, each letter that has some in its one code (all lie below U+2000) as the bare letter.

    And what finds them.
    """
    bare = {}
    for code in range(0x80, 0x2000):
        character = chr(code)
        parts = unicodedata.normalize("NFD", character)
        if character != _SHORT_I and (rest := _OPTIONAL_MARK.sub("", parts)) != parts:
            bare[code] = unicodedata.normalize("NFC", rest)
    return bare, re.compile(f"[{''.join(map(chr, bare))}]")


class _Builder:
    """Collects folded characters with their sources."""

    __slots__ = ("ends", "folded", "original", "starts")

    def __init__(self, original: str) -> None:
        self.original = original
        self.folded: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []

    def put(self, folded: str, start: int, end: int) -> None:
        """Add what one stretch of the original became; what became nothing belongs to the character before it."""
        if folded.startswith(" ") and self.folded and self.folded[-1].endswith(" "):
            folded = folded[1:]  # spaces that a compatibility form brings along, such as that of a lone accent
        if folded:
            self.folded.append(folded)
            self.starts.extend([start] * len(folded))
            self.ends.extend([end] * len(folded))
        elif self.ends and self.ends[-1] == start:
            self.ends[-1] = end

    def take(self, start: int, end: int) -> None:
        """Fold one stretch of the original, in place what lies between wide spaces, else cluster by cluster."""
        for wide in _WIDE_SPACE.finditer(self.original, start, end):
            self._take_narrow(start, wide.start())
            self.put(" ", wide.start(), wide.end())
            start = wide.end()
        self._take_narrow(start, end)

    def _take_narrow(self, start: int, end: int) -> None:
        whole = _folded_in_place(self.original[start:end])
        if whole is None or len(whole) != end - start:
            self._take_clusters(start, end)
        else:
            self._put_in_place(whole, start, end)

    def _take_clusters(self, start: int, end: int) -> None:
        place = start
        while place < end:
            piece = _PIECE.match(self.original, place, end)
            assert piece is not None  # the last alternative takes anything
            stop = piece.end()
            if piece.lastgroup == "space":
                self.put(" ", place, stop)
            elif piece.lastgroup == "plain" and not (stop < end and continues(self.original[stop])):
                self._put_in_place(self.original[place:stop].lower(), place, stop)
            else:
                first = stop - 1  # the last character of a plain run belongs to the marks that follow it
                self._put_in_place(self.original[place:first].lower(), place, first)
                place, stop = first, self._cluster_end(stop, end)
                self.put(_folded_cluster(self.original[place:stop]), place, stop)
            place = stop

    def _put_in_place(self, folded: str, start: int, end: int) -> None:
        if folded.startswith(" ") and self.folded and self.folded[-1].endswith(" "):
            folded, start = folded[1:], start + 1
        if folded:
            self.folded.append(folded)
            self.starts.extend(range(start, end))
            self.ends.extend(range(start + 1, end + 1))

    def _cluster_end(self, place: int, end: int) -> int:
        limit = min(end, place + _LONGEST_CLUSTER - 1)
        while place < limit and continues(self.original[place]):
            place += 1
        return place
