"""Typed hosts are connected to where they were judged to be."""

from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.crawl import resolver
from monitor.crawl.resolver import PinnedResolver, pin


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that Scrapy's own resolver was asked for; no pin is left of another test."""
    names: list[str] = []

    def get(_self: Any, name: str, _timeout: Any = ()) -> Any:
        names.append(name)
        return "theirs"

    monkeypatch.setattr("scrapy.resolver.CachingThreadedResolver.getHostByName", get)
    monkeypatch.setattr(resolver, "_pins", {})
    return names


def resolved(name: str) -> Any:
    reactor: Any = SimpleNamespace()
    found: Any = PinnedResolver(reactor, 10, 1.0).getHostByName(name)
    return getattr(found, "result", found)


def test_pinned_host__is_not_resolved_again(asked: list[str]) -> None:
    pin("example.org", [ip_address("93.184.216.34")])
    assert resolved("example.org") == "93.184.216.34"
    assert asked == []


@pytest.mark.parametrize("name", ["EXAMPLE.org", "example.org.", "Example.ORG."])
def test_pinned_host__however_it_is_written(name: str, asked: list[str]) -> None:
    pin("example.org", [ip_address("93.184.216.34")])
    assert (resolved(name), asked) == ("93.184.216.34", [])


def test_other_host__is_resolved_as_ever(asked: list[str]) -> None:
    pin("example.org", [ip_address("93.184.216.34")])
    assert (resolved("other.example.org"), asked) == ("theirs", ["other.example.org"])


def test_pinned_anew__the_latest_judgement_holds(asked: list[str]) -> None:
    pin("example.org", [ip_address("93.184.216.34")])
    pin("example.org", [ip_address("1.1.1.1")])
    assert resolved("example.org") == "1.1.1.1"


def test_several_addresses__the_first_of_ipv4_is_taken(asked: list[str]) -> None:
    pin("example.org", [ip_address("2606:4700::1111"), ip_address("1.1.1.1"), ip_address("8.8.8.8")])
    assert resolved("example.org") == "1.1.1.1"
    pin("six.example", [ip_address("2606:4700::1111")])
    assert resolved("six.example") == "2606:4700::1111"
