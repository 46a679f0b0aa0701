"""Name resolution of crawls: a typed host is connected to at an address that was judged, whatever its DNS says by then.

`monitor.outbound` judges what a host resolves to. A host whose DNS answers otherwise the second time (rebinding) would still lead
the connection into a private network, so what was judged is pinned here. Only the address is: TLS and the Host header keep the name.
"""

from collections.abc import Sequence

from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred, succeed

from monitor.outbound import Address

# One entry per typed host. The crawls of a process share its reactor, and so these. None is ever dropped: a host without its pin
# would be resolved anew.
_pins: dict[str, str] = {}


def pin(host: str, addresses: Sequence[Address]) -> None:
    """From now on connect to `host` at one of these judged addresses (IPv4 first, as Scrapy would), until it is pinned anew."""
    _pins[_canonical(host)] = str(min(addresses, key=lambda address: address.version))


def _canonical(host: str) -> str:
    return host.lower().removesuffix(".")


class PinnedResolver(CachingThreadedResolver):
    """Scrapy's own resolver for every host that is not pinned; the setting TWISTED_DNS_RESOLVER names this class."""

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:  # noqa: N802 - Twisted's name
        address = _pins.get(_canonical(name))
        return super().getHostByName(name, timeout) if address is None else succeed(address)
