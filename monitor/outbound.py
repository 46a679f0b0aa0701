"""The guard of addresses that users typed: a server of ours never fetches from inside its own network.

Feeds, webhooks and redirects lead wherever a stranger likes. `check` resolves the host once and gives back the addresses
that were judged; whoever connects must connect to one of those, since a second resolution may answer otherwise (DNS
rebinding). Hosts of the configuration's `private_hosts` are let through: an intranet's own feeds, or the simulator.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from monitor.errors import RefusedError, RetryLater

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]

RESOLVE_TIMEOUT_S = 10.0
# Below 1024 only the two ports of the web: behind the others are mail, shells and directories, which a request could talk to.
WEB_PORTS = frozenset({80, 443})
FIRST_FREE_PORT = 1024

# `is_global` of Python 3.11 calls some of these public; all are listed so that the answer does not depend on its version.
_DENIED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier NAT; 100.100.100.200 is a cloud's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's host agent, on a public address
        "169.254.0.0/16",  # link-local; 169.254.169.254 is most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; 192.0.0.192 is a cloud's metadata
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved and broadcast
    )
)
_PUBLIC_V6 = IPv6Network("2000::/3")  # all that was ever given out; NAT64, mapped, local and multicast lie outside
_DENIED_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",
        "2002::/16",  # 6to4: carries any IPv4 address, loopback too
        "3fff::/20",
    )
)

_CONTROL_OR_BLANK = re.compile(r"[\x00-\x20\x7f\\]")
_LOOKS_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*", re.ASCII)


def allowed(ip: Address) -> bool:
    """Whether `ip` lies in the public internet. An IPv4 address written as IPv6 (`::ffff:1.2.3.4`) is judged as IPv4."""
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return allowed(ip.ipv4_mapped)
        return ip in _PUBLIC_V6 and ip.is_global and not any(ip in network for network in _DENIED_V6)
    return ip.is_global and not any(ip in network for network in _DENIED_V4)


async def system_resolve(host: str, port: int) -> list[str]:
    """The addresses of `host` as this machine's resolver gives them. Raises OSError where there is none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def check(url: str, *, private_hosts: Collection[str], resolve: Resolve = system_resolve) -> list[Address]:
    """The addresses that may be connected to for `url`, never empty.

    `private_hosts` holds lower-case host names or addresses, with or without a port. Raises RefusedError where `url` must
    not be fetched, RetryLater where its host cannot be found now.
    """
    parts = _split(url)
    host, port = _host(parts, url), _port(parts, url)
    if not private_hosts or not {host, f"{host}:{port}"} & set(private_hosts):
        _refuse_odd(host, port)
        private = False
    else:
        private = True
    addresses = await _resolved(host, port, resolve)
    inside = [] if private else [address for address in addresses if not allowed(address)]
    if inside:
        raise RefusedError(
            f"{host} lies at {inside[0]}, which is not in the public internet. If it is a server of your own, "
            f"add {host} to MONITOR_PRIVATE_HOSTS."
        )
    return addresses


def _split(url: str) -> SplitResult:
    # Parsers disagree on blanks, controls and backslashes: what they might read differently is read by none of them.
    if _CONTROL_OR_BLANK.search(url):
        raise RefusedError("The address holds a blank, control character or backslash: write it percent-encoded.")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise RefusedError(f"{url} is no address: {error}.") from None
    if parts.scheme not in {"http", "https"}:
        raise RefusedError(f"Only http and https addresses are fetched, not {parts.scheme or 'one without a scheme'}:.")
    if "@" in parts.netloc:
        raise RefusedError("The address holds a user name or password before its host: such addresses are not fetched.")
    return parts


def _host(parts: SplitResult, url: str) -> str:
    """The host as the resolver is asked for it: lower case, IDNA, without brackets and trailing dot."""
    host = (parts.hostname or "").lower()
    try:
        if ":" not in host:
            host = host.encode("idna").decode("ascii")
    except UnicodeError:
        raise RefusedError(f"{url} has no host name that exists in the DNS.") from None
    host = host.removesuffix(".")
    if not host or "%" in host:
        raise RefusedError(f"{url} names no host that can be fetched from.")
    return host


def _port(parts: SplitResult, url: str) -> int:
    try:
        port = parts.port
    except ValueError:
        raise RefusedError(f"{url} has no usable port: it must lie in 1 to 65535.") from None
    return (443 if parts.scheme == "https" else 80) if port is None else port


def _refuse_odd(host: str, port: int) -> None:
    """Refuse ports of other services, and hosts that are numbers in a way that only some resolvers read as addresses."""
    if port < FIRST_FREE_PORT and port not in WEB_PORTS:
        raise RefusedError(f"Port {port} of {host} belongs to another service: only 80, 443 and those from 1024 are fetched.")
    if _LOOKS_NUMERIC.fullmatch(host):
        try:
            ip_address(host)
        except ValueError:
            raise RefusedError(f"{host} is an address in an unusual notation: write it as four numbers.") from None


async def _resolved(host: str, port: int, resolve: Resolve) -> list[Address]:
    try:
        async with asyncio.timeout(RESOLVE_TIMEOUT_S):
            found = await resolve(host, port)
    except TimeoutError:
        raise RetryLater(f"The name {host} was not resolved within {RESOLVE_TIMEOUT_S:.0f} s.") from None
    except OSError as error:
        raise RetryLater(f"The host {host} was not found: {error.strerror or type(error).__name__}.") from None
    if not found:
        raise RetryLater(f"The host {host} has no address.")
    return [ip_address(address) for address in found]
