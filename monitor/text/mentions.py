"""Mentions in plain text, for platforms that do not list whom a post names themselves.

They follow the public conformance cases of twitter-text; what differs is what other platforms allow: hyphens inside a name, names
of more than 20 signs, and the Fediverse's handles with a host. tests/text/test_conformance.py names the cases.
"""

import re

from monitor.text.addresses import without_addresses

LONGEST_HANDLE = 320  # characters: 64 of a name, which no platform we know allows, @, and 255 of a host

_NAME = r"[A-Za-z0-9_]++(?:-++[A-Za-z0-9_]++)*+"
_HOST = r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(?![A-Za-z0-9_])"
# A letter before the sign makes it a mail address, but for the "RT" of a post that is passed on.
_SIGN = r"[@＠](?:(?<![A-Za-z0-9_!#$%&*@＠/].)|(?<=[^A-Za-z0-9_+~.-]rt.)|(?<=\Art.))"
_ACCENTED = r"\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u036f"
_MENTION = re.compile(rf"{_SIGN}({_NAME})(@{_HOST})?+(?![@＠{_ACCENTED}]|://|/[A-Za-z])", re.IGNORECASE)


def mentions_in(text: str) -> tuple[str, ...]:
    """Whom a text names with @, without that sign, as written, each once, in order: "ann", or "ann@example.org" with a host.

    Names inside addresses are none, nor are mail addresses, lists ("@ann/friends") and packages ("@scope/name").
    """
    if "@" not in text and "＠" not in text:
        return ()
    found = (name + host for name, host in _MENTION.findall(without_addresses(text)))
    return tuple(dict.fromkeys(handle for handle in found if len(handle) <= LONGEST_HANDLE))
