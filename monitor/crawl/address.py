"""The address of a request: where an Ask goes, and how `base_url=` sends it to another server. Pure."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

from monitor.errors import RefusedError
from monitor.page import Ask


def address(ask: Ask, *, base: str, parameters: Mapping[str, str], instead: str | None) -> str:
    """The whole address of `ask`: its path on `base` (whose `{instance}` comes from the source), or on server `instead`.

    Raises RefusedError for what is none; platforms also ask for addresses that they read from replies.
    """
    url = ask.path if "://" in ask.path else base.format_map(parameters) + ask.path
    try:
        scheme, host, path, query, _ = urlsplit(url)
    except ValueError as error:
        raise RefusedError(f"An address to ask is none: {error}.") from None
    prefix = ""
    if instead is not None:
        other = urlsplit(instead)
        scheme, host, prefix = other.scheme, other.netloc, other.path.rstrip("/")
    pairs = [(name, value) for name, value in ask.parameters.items() if value is not None]
    added = urlencode(pairs, doseq=True)
    return urlunsplit((scheme, host, prefix + path, "&".join(part for part in (query, added) if part), ""))
