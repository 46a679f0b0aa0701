"""A typed host whose DNS says a public address to whoever judges it and this machine to whoever connects (rebinding).

A real crawl of a feed; 127.0.0.2 plays the public address, and 127.0.0.1 is the trap. Without the pin the trap is reached, which
shows that the test can fail.
"""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PUBLIC, TRAP, HOST = "127.0.0.2", "127.0.0.1", "rebind.example"
FEED = b"""<rss version="2.0"><channel><title>Tea</title><item><guid>g</guid><title>Tea first.</title></item></channel></rss>"""
UNPINNED = {"TWISTED_DNS_RESOLVER": "scrapy.resolver.CachingThreadedResolver"}


async def answer(_listener, _head, writer):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    writer.write(head % len(FEED) + FEED)


def certified(folder: Path, asked_for: list[str | None]) -> ssl.SSLContext:
    """A server's side of TLS for the host, which notes the name that a client asks for."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "host.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    context.sni_callback = lambda _connection, asked, _context: asked_for.append(asked)
    return context


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_resolver_says_public_first_and_loopback_second__the_trap_is_not_reached(
    scheme, wire, names, databases, crawl, tmp_path
):
    asked_for: list[str | None] = []
    tls = certified(tmp_path, asked_for) if scheme == "https" else None
    (public,) = wire.listen(answer, host=PUBLIC, tls=tls)
    (trap,) = wire.listen(answer, host=TRAP, port=public.port, tls=tls)
    looked_up = names({HOST: [PUBLIC, TRAP]}, public=[PUBLIC])
    # The certificate is our own; that the name is asked for and so would be verified is what is looked at.
    trusting = {"DOWNLOAD_VERIFY_CERTIFICATES": "0"}
    arguments = {"url": f"{scheme}://{HOST.title()}:{public.port}/feed"}

    database = databases("pinned")
    pinned = crawl("pinned", database, platform="feeds", settings=trusting, **arguments)
    code = pinned.ended(within_s=30)
    reached, lookups, stored = (public.connected, trap.connected), looked_up()[HOST], database.count()
    assert asked_for == ([HOST] if tls else [])
    crawl("unpinned", databases("unpinned"), platform="feeds", settings={**trusting, **UNPINNED}, **arguments).ended(
        within_s=30
    )

    print(f"\n{scheme}: {lookups} look-up, connections {reached[0]} public and {reached[1]} trapped; unpinned {trap.connected}")
    assert (code, lookups, reached, stored) == (0, 1, (1, 0), 1), pinned.said()
    assert trap.connected == 1
