"""Cashtags in plain text: "$" and the sign of a share, for platforms that do not list them themselves.

They follow the public conformance cases of twitter-text.
"""

import re

# Up to six letters, and after a dot or underscore up to two for the exchange or class. What follows is no letter or digit.
_CASHTAG = re.compile(r"(?<![^\s\u200e\u200f\u202a-\u202e\u2066-\u2069])\$([A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?)(?![^\W_])")


def cashtags_in(text: str) -> tuple[str, ...]:
    """The signs of shares without their "$", as written, each once, in order."""
    return tuple(dict.fromkeys(_CASHTAG.findall(text))) if "$" in text else ()


def cashtags_as_tags(text: str) -> tuple[str, ...]:
    """The cashtags of a text among its tags: lower case, with "$", so that #ibm and $IBM stay apart.

    Only those in capitals, as shares are written: `$this` and `$name` are variables of programs.
    """
    return tuple(dict.fromkeys(f"${tag.lower()}" for tag in cashtags_in(text) if tag.isupper()))
