"""Pseudonyms: what stands in place of an author, a handle or the id of a post, the same for the same and without a way back.

HMAC-SHA256 with a key that only the collecting machines have (`monitor.crawl.pseudonym_key`). Whoever has the key can tell whether
a pseudonym is of a certain account, by making it again; whoever has the database alone cannot. Pure.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256

SEALED = "private:"  # what the id of a post begins with that was stored without its own
HANDLE = "user-"
_ID_DIGITS = 32  # 128 bits
_HANDLE_DIGITS = 16  # 64 bits: two of a hundred million accounts are the same with a chance of 1 in 3,700


class Pseudonyms:
    """The pseudonyms of one key."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "<Pseudonyms>"

    @property
    def check(self) -> str:
        """What tells this key from others without telling anything of it."""
        return self._made("check", "", digits=_ID_DIGITS)

    def author(self, platform: str, author_id: str) -> str:
        """In place of an author's id."""
        return self._made("author", f"{platform}\0{author_id}", digits=_ID_DIGITS)

    def handle(self, platform: str, handle: str) -> str:
        """In place of a handle, whoever names it: an author, a mention, a text. Handles with a host are the same on all platforms."""
        name = handle.strip().lstrip("@").lower()
        return HANDLE + self._made("handle", name if "." in name else f"{platform}\0{name}", digits=_HANDLE_DIGITS)

    def post(self, post_id: str) -> str:
        """In place of the id of a post, its own or one that it answers, shares or quotes; one that is sealed already stays."""
        return post_id if is_sealed(post_id) else SEALED + self._made("post", post_id, digits=_ID_DIGITS)

    def native(self, platform: str, native_id: str) -> str:
        """In place of the id that a post has within its platform."""
        return self._made("native", f"{platform}\0{native_id}", digits=_ID_DIGITS)

    def salt(self, told: str) -> bytes:
        """A key for digests of what is not kept: without the pseudonym key nobody can try what they are of."""
        return hmac.digest(self._key, f"salt\0{told}".encode("utf-8", "surrogatepass"), sha256)

    def _made(self, kind: str, name: str, *, digits: int) -> str:
        # Every kind in a room of its own, so that no pseudonym of one is ever one of another.
        return hmac.digest(self._key, f"{kind}\0{name}".encode("utf-8", "surrogatepass"), sha256).hex()[:digits]


def is_sealed(post_id: str) -> bool:
    """Whether a post was stored without its own id."""
    return post_id.startswith(SEALED)


def sealed(post_ids: Iterable[str], pseudonyms: Pseudonyms) -> dict[str, str]:
    """Ids of posts with what stands in their place."""
    return {post_id: pseudonyms.post(post_id) for post_id in post_ids}
