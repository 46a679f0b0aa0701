"""The guard of typed addresses: what is refused, and that what was judged is what is handed on."""

import socket
from ipaddress import ip_address

import pytest

from monitor.errors import RefusedError, RetryLater
from monitor.outbound import allowed, check

INSIDE = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.254
168.63.129.16 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1
192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
255.255.255.255
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:100.64.0.1 64:ff9b::a9fe:a9fe
64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:10::1 2001:db8::1 2002:7f00:1:: 2002:808:808:: 3fff::1 5f00::1
fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff0e::1 4000::1
""".split()
OUTSIDE = """
1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1 192.88.98.1 198.17.255.255 223.255.255.255
::ffff:8.8.8.8 2001:4860:4860::8888 2606:4700:4700::1111 2a00:1450:4001:830::200e 2620:fe::fe
""".split()


def answering(*addresses: str):
    """A resolver that always gives these addresses and counts how often it was asked."""
    asked = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return list(addresses)

    return resolve, asked


@pytest.mark.parametrize("ip", INSIDE)
def test_allowed__address_that_is_not_in_the_public_internet__is_refused(ip):
    assert not allowed(ip_address(ip))


@pytest.mark.parametrize("ip", OUTSIDE)
def test_allowed__public_address__is_let_through(ip):
    assert allowed(ip_address(ip))


def test_the_table_is_as_long_as_promised():
    assert len(set(INSIDE + OUTSIDE)) >= 60


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/feed",
        "file:///etc/passwd",
        "gopher://example.org/",
        "example.org/feed",
        "//example.org/feed",
        "javascript:alert(1)",
        "http://user@example.org/",
        "http://user:secret@example.org/",
        "http://example.org@127.0.0.1/",
        "http://example.org\\@127.0.0.1/",
        "http://exa mple.org/",
        "http://example.org/\r\nHost: inside",
        "http://example.org:22/",
        "http://example.org:25/",
        "http://example.org:0/",
        "http://example.org:65536/",
        "http://example.org:x/",
        "http:///feed",
        "http://./",
        "http://[::1",
        "http://[fe80::1%25eth0]/",
        "http://2130706433/",
        "http://134744072/",
        "http://0177.0.0.1/",
        "http://0x7f.0.0.1/",
        "http://0x7f000001/",
        "http://127.1/",
        "http://127.1./",
        "http://①②⑦.①/",
        f"http://{'a' * 64}.example/",
    ],
)
async def test_check__address_that_is_never_fetched__is_refused_before_it_is_resolved(url):
    resolve, asked = answering("93.184.216.34")
    with pytest.raises(RefusedError):
        await check(url, private_hosts=(), resolve=resolve)
    assert asked == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://127.0.0.1./", "http://[::1]:8080/", "http://[::ffff:127.0.0.1]/", "http://①②⑦.⓪.⓪.①/"]
)
async def test_check__address_of_this_machine__is_refused_with_the_way_to_allow_it(url):
    with pytest.raises(RefusedError, match="MONITOR_PRIVATE_HOSTS"):
        await check(url, private_hosts=())


async def test_check__one_of_several_addresses_lies_inside__is_refused():
    resolve, _ = answering("93.184.216.34", "10.0.0.1")
    with pytest.raises(RefusedError, match=r"10\.0\.0\.1"):
        await check("https://example.org/feed", private_hosts=(), resolve=resolve)


async def test_check__resolver_answers_otherwise_the_second_time__the_judged_address_is_handed_on():
    """DNS rebinding: the caller connects to what it was given, so the host is asked for once only."""
    answers = [["93.184.216.34"], ["127.0.0.1"]]

    async def rebinding(host: str, port: int) -> list[str]:
        return answers.pop(0)

    assert await check("https://example.org/feed", private_hosts=(), resolve=rebinding) == [ip_address("93.184.216.34")]
    assert answers == [["127.0.0.1"]]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://EXAMPLE.org/feed", "example.org"),
        ("https://example.org./feed", "example.org"),
        ("https://bücher.example/feed", "xn--bcher-kva.example"),
        ("https://example.org:8443/feed?a=b#c", "example.org"),
        ("http://[2606:4700:4700::1111]/", "2606:4700:4700::1111"),
        ("http://8.8.8.8/", "8.8.8.8"),
    ],
)
async def test_check__public_host__is_resolved_under_its_canonical_name(url, host):
    resolve, asked = answering("93.184.216.34")
    await check(url, private_hosts=(), resolve=resolve)
    assert [name for name, _ in asked] == [host]


@pytest.mark.parametrize(
    ("url", "private_hosts"),
    [
        ("http://intranet.example/feed", {"intranet.example"}),
        ("http://INTRANET.example./feed", {"intranet.example"}),
        ("http://intranet.example:8080/feed", {"intranet.example:8080"}),
        ("http://intranet.example:99/feed", {"intranet.example"}),
    ],
)
async def test_check__host_is_listed_as_private__is_let_through(url, private_hosts):
    resolve, _ = answering("10.0.0.1")
    assert await check(url, private_hosts=private_hosts, resolve=resolve) == [ip_address("10.0.0.1")]


@pytest.mark.parametrize(
    "url", ["http://other.example/", "http://intranet.example.evil.example/", "http://intranet.example:81/"]
)
async def test_check__only_another_host_or_port_is_listed__is_refused(url):
    resolve, _ = answering("10.0.0.1")
    with pytest.raises(RefusedError):
        await check(url, private_hosts={"intranet.example:80"}, resolve=resolve)


async def test_check__host_is_unknown_now__is_asked_again_later():
    async def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    with pytest.raises(RetryLater, match=r"example\.org was not found"):
        await check("https://example.org/", private_hosts=(), resolve=unknown)


async def test_check__resolver_gives_nothing__is_asked_again_later():
    resolve, _ = answering()
    with pytest.raises(RetryLater):
        await check("https://example.org/", private_hosts=(), resolve=resolve)
