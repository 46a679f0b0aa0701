"""Identities of posts on platforms that no spider reads: one per post, whatever file it comes from and however its author is named."""

from collections.abc import Mapping

# Addresses without the author's name, which may change. Where a platform has none, the platform's name stands before the id.
_ADDRESSES: Mapping[str, str] = {
    "x": "https://x.com/i/web/status/{}",
    "instagram": "https://www.instagram.com/p/{}/",
    "threads": "https://www.threads.com/t/{}",
}
_WHOLE = ("http://", "https://", "at://")


def identity(platform: str, native_id: str) -> str:
    """The `id` of a post, from the platform's own id; what is a whole address already stays as it is."""
    if native_id.startswith(_WHOLE):
        return native_id
    return _ADDRESSES.get(platform, f"{platform}:{{}}").format(native_id)
