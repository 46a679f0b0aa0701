"""One form for the many addresses of one page, so that links can be counted, and the domain that it belongs to. Pure.

It is an identity, not an address: it need not open. Folded are what differs between copies of a link without leading elsewhere:
http and https, user names, default ports, the case of hosts and of percent-encoding, dots in paths, slashes at the end, the order
of parameters, parameters that tell where a reader came from, hosts and paths for telephones (www., m., mobile., amp.), wrappers of
AMP, and the fragment, but where a page's own program reads its path from it (#! and #/). Kept is all else: the case of paths, what
a parameter is called and says, ports. Nothing is fetched: a shortened link has an identity of its own.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from ipaddress import AddressValueError, IPv6Address
from operator import itemgetter
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import idna

from monitor.text.clean import harmless
from monitor.text.links import LONGEST_HOST

if TYPE_CHECKING:
    from tldextract import TLDExtract

LONGEST_LINK = 4096  # characters; servers take no more than 8,000 bytes, and what is longer is a file put into an address
_HOSTS_REMEMBERED = 8192  # most links lead to few hosts; the look-up of a new one takes 10 times as long

# Parameters that tell where a reader came from or which campaign showed the link: those of Google, Meta, Microsoft, X, TikTok,
# Yandex, LinkedIn, Mailchimp, HubSpot, Marketo, Matomo, Adobe, Alibaba and AMP as their makers document them. "ref", "source" and
# "id" are not here: on some sites they name what is shown.
TRACKING_PREFIXES = ("utm_", "mtm_", "pk_", "piwik_", "hsa_", "_hs", "amp_", "oly_", "vero_")
TRACKING = frozenset(
    "fbclid gclid gclsrc gbraid wbraid dclid _ga _gl srsltid msclkid twclid ttclid yclid ysclid _openstat li_fat_id mc_cid mc_eid "
    "mkt_tok igsh igshid s_kwcid s_cid cmpid ncid ref_src ref_url __twitter_impression fb_action_ids fb_action_types fb_source "
    "fb_ref wt_mc wt_zmc epik rb_clickid ml_subscriber ml_subscriber_hash spm scm amp usqp guccounter guce_referrer "
    "guce_referrer_sig".split()
)
# The same on one site alone, by the host that remains when the folding is done.
SITE_TRACKING = {
    "youtube.com": frozenset({"feature", "si", "pp", "ab_channel"}),
    "open.spotify.com": frozenset({"si"}),
    "x.com": frozenset({"s", "t", "cxt"}),
    "reddit.com": frozenset({"share_id", "rdt"}),
}
# Hosts of one site that show the same page under the same path.
SAME_SITE = {
    "twitter.com": "x.com",
    "old.reddit.com": "reddit.com",
    "np.reddit.com": "reddit.com",
    "new.reddit.com": "reddit.com",
}
_FOLDED_LABELS = frozenset({"www", "m", "mobile", "amp"})
_DEFAULT_PORTS = frozenset({80, 443})
_LARGEST_PORT = 65535

_CUT = str.maketrans("", "", "\t\r\n")  # browsers leave them out wherever they stand
_LINK = re.compile(
    r"https?:[/\\]{2}(?P<authority>[^/\\?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.IGNORECASE | re.DOTALL,
)
# What most links are: nothing in it that is folded but the host. Parts of its path do not begin with a dot.
_PLAIN = re.compile(
    rf"https?://([A-Za-z0-9.-]{{1,{LONGEST_HOST}}}+)((?:/[A-Za-z0-9_~!$&'()*+,;=:@\-][A-Za-z0-9_~!$&'()*+,;=:@.\-]*+)*+)/?"
)
_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>[0-9]{0,9}))?")
_ASCII_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\Z")
_HOST_OF = re.compile(r"https://(\[[^\]]*\]|[^/?#:]*)")
_GOOGLE = re.compile(r"google(?:\.[a-z]{2,3}){1,2}\Z")
_AMP_VIEWER = re.compile(r"/amp/(?:s/)?(?=[^/]*\.)")
_AMP_CACHE = re.compile(r"/[a-z]/(?:s/)?(?=[^/]*\.)")
_AMP_ENDING = re.compile(r"(?<!\.amp)(?:\.amp)++(?=\.html?\Z|\Z)", re.IGNORECASE)

_UNRESERVED = r"A-Za-z0-9._~\-"
# What stands as it is in a path and in a query; all else is percent-encoded, and these never are (RFC 3986, sections 2 and 3).
_IN_PATH = rf"{_UNRESERVED}!$&'()*+,;=:@/"
_IN_QUERY = rf"{_UNRESERVED}!$'()*,;:@/?"
_PATH_ODD = re.compile(rf"%(?P<hex>[0-9A-Fa-f]{{2}})|[^{_IN_PATH}]")
_QUERY_ODD = re.compile(rf"%(?P<hex>[0-9A-Fa-f]{{2}})|[^{_IN_QUERY}=&]")
_PATH_PLAIN = re.compile(rf"[{_IN_PATH.replace('/', '')}]")  # an encoded slash is no border between two parts
_QUERY_PLAIN = re.compile(rf"[{_IN_QUERY}]")


def link_identity(link: str) -> str | None:
    """The form to count a link by, "https://host/path?query" in ASCII; None for what is no web address or too long.

    The identity of an identity is itself. Never raises; linear in the length, which is bounded.
    """
    if (
        (found := _PLAIN.fullmatch(link))
        and (host := _plain_host(found[1], found[2])) is not None
        and len(link) <= LONGEST_LINK
    ):
        return f"https://{host}{found[2]}"
    left: str | None = harmless(link)[0].strip()
    while left is not None and len(left) <= LONGEST_LINK:
        if not (found := _LINK.fullmatch(left.translate(_CUT))) or (host := _host(found["authority"])) is None:
            return None
        parts = _parts(found["path"].replace("\\", "/"))
        path = _without_amp(parts)
        left = None
        if wrapper := _wrapper(host):
            left = _inside(wrapper, "/".join(parts), found["query"]) or _inside(wrapper, path, found["query"])
        if left is None:
            made = _joined(host, path, found["query"] or "", found["fragment"] or "")
            return made if len(made) <= LONGEST_LINK else None
    return None


def link_identities(links: Iterable[str]) -> tuple[str, ...]:
    """The identities of the links, each once, in order, without those that are no web addresses."""
    return tuple(dict.fromkeys(identity for link in links if (identity := link_identity(link)) is not None))


def is_front_page(identity: str) -> bool:
    """Whether it names a whole site: such a link says where, not what."""
    return "/" not in identity.removeprefix("https://") and "?" not in identity and "#" not in identity


def domain(identity: str) -> str:
    """What can be registered of an identity's host ("bbc.co.uk"), by the public suffix list; sites below a host of many people's
    sites ("ada.github.io") are their own. Numbers and names of one word stand as they are.
    """
    found = _HOST_OF.match(identity)
    return _site(found[1])[1] if found else identity


def domains(identities: Iterable[str]) -> tuple[str, ...]:
    """The domains of the identities, each once, in order."""
    return tuple(dict.fromkeys(map(domain, identities)))


def _plain_host(name: str, path: str) -> str | None:
    """The host of a plain link; None where it is none, or where its path is read in a way of its own."""
    host = _site(name.strip(".").lower())[0]
    return host if host and not (path and (host == "youtu.be" or "amp" in path.lower() or _wrapper(host))) else None


def _joined(host: str, path: str, query: str, fragment: str) -> str:
    if host == "youtu.be" and len(path) > 1:  # the same film by its short name
        host, path, query = "youtube.com", "/watch", f"v={path[1:]}&{query}"
    kept = _query(query, SITE_TRACKING.get(host, frozenset()))
    route = _encoded(fragment, _QUERY_ODD, _QUERY_PLAIN) if fragment[:1] in {"!", "/"} else ""
    return f"https://{host}{path}{kept and '?'}{kept}{route and '#'}{route}"


def _host(authority: str) -> str | None:
    """The host as it is counted, with its port where that is none of the usual; None where no host can be called so."""
    found = _PORT.fullmatch(authority.rpartition("@")[2])
    if found is None:
        return None
    name, port = found["host"], int(found["port"] or 0)
    if len(name) > 3 * LONGEST_HOST or port > _LARGEST_PORT:
        return None
    if name.startswith("["):
        host = _numbered(name)
    else:
        name = (unquote(name) if "%" in name else name).strip(".")
        host = _site(name.lower() if name.isascii() else _punycode(name))[0]
    return host if not host or not port or port in _DEFAULT_PORTS else f"{host}:{port}"


def _numbered(name: str) -> str | None:
    try:
        return f"[{IPv6Address(name[1:-1]).compressed}]" if name.endswith("]") and "%" not in name else None
    except AddressValueError:
        return None


def _punycode(name: str) -> str:
    """The name as it is looked up, "" for what is none."""
    try:
        return idna.encode(name, uts46=True).decode()
    except UnicodeError:  # every error of idna is one
        return ""


@lru_cache(_HOSTS_REMEMBERED)
def _site(name: str) -> tuple[str | None, str]:
    """The host that stands for it, None for what is no host, and its domain. `name` is ASCII in lower case."""
    if len(name) > LONGEST_HOST or not _ASCII_HOST.match(name):
        return None, name
    registered = _registered(name)
    below = name[: -len(registered)].split(".")[:-1]
    host = ".".join([*(label for label in below if label not in _FOLDED_LABELS), registered])
    return SAME_SITE.get(host, host), SAME_SITE.get(registered, registered)


def _registered(name: str) -> str:
    found = _suffixes()(name)
    if found.suffix:
        return found.top_domain_under_public_suffix or name
    labels = name.split(".")  # the list's rule for endings that it does not know: a suffix of one label
    return name if labels[-1].isdigit() else ".".join(labels[-2:])


@cache
def _suffixes() -> "TLDExtract":
    import tldextract

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def _parts(path: str) -> list[str]:
    """What stands between the slashes, dots followed, after an empty part that is always there."""
    parts: list[str] = []
    for part in _encoded(path, _PATH_ODD, _PATH_PLAIN).split("/"):
        if part == "..":
            del parts[max(1, len(parts) - 1) :]
        elif part != ".":
            parts.append(part)
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


def _without_amp(parts: Sequence[str]) -> str:
    """The path of the page that an AMP page was made of: without "amp" as its first or last part or as the ending of its name."""
    begin, end, last = 1, len(parts), parts[-1]
    while end > 2:
        while (shorter := _AMP_ENDING.sub("", last)) != last:
            last = shorter
        if last not in {"amp", ""}:
            break
        end -= 1
        last = parts[end - 1]
    while begin < end - 1 and parts[begin] == "amp":
        begin += 1
    return "".join(f"/{part}" for part in (*parts[begin : end - 1], last)).rstrip("/") if end > 1 else ""


def _wrapper(host: str) -> re.Pattern[str] | None:
    """How paths begin on a host that shows AMP pages of others under addresses of its own; None for other hosts."""
    if host.endswith(".cdn.ampproject.org"):
        return _AMP_CACHE
    return _AMP_VIEWER if host.startswith("google.") and _GOOGLE.match(host) else None


def _inside(wrapper: re.Pattern[str], path: str, query: str | None) -> str | None:
    """The link that is shown there."""
    found = wrapper.match(path)
    return f"https://{path[found.end() :]}{f'?{query}' if query else ''}" if found else None


def _query(query: str, site_tracking: frozenset[str]) -> str:
    """The parameters that tell what is shown, by name; those of one name keep their order, which may matter."""
    if not query:
        return ""
    kept: list[tuple[str, str]] = []
    for parameter in _encoded(query.replace("+", "%20"), _QUERY_ODD, _QUERY_PLAIN).split("&"):
        name = parameter.partition("=")[0]
        lower = name.lower()
        if parameter and lower not in TRACKING and lower not in site_tracking and not lower.startswith(TRACKING_PREFIXES):
            kept.append((name, parameter))
    return "&".join(parameter for _, parameter in sorted(kept, key=itemgetter(0)))


def _encoded(text: str, odd: re.Pattern[str], plain: re.Pattern[str]) -> str:
    """Percent-encoded where it must be and nowhere else, in capitals; a sign of percent by itself is encoded, too."""

    def one(found: re.Match[str]) -> str:
        if found["hex"] is None:
            return quote(found[0], safe="")
        letter = chr(int(found["hex"], 16))
        return letter if plain.fullmatch(letter) else found[0].upper()

    return odd.sub(one, text)
