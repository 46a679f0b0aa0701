"""Compressed replies are whole or refused: every prefix of a real stream, bombs, stacked encodings."""

import gzip
import random
import resource
import time
import zlib

import pytest

from monitor.crawl.compression import decompressed
from monitor.errors import ReplyError, RetryLater

LIMIT = 16 * 1024 * 1024


def test_gzip__every_prefix_is_refused() -> None:
    rng = random.Random(4)
    whole = gzip.compress(bytes(rng.randrange(32, 127) for _ in range(4096)))
    accepted = 0
    for cut in range(1, len(whole)):
        try:
            decompressed(whole[:cut], encoding="gzip", largest_bytes=LIMIT)
            accepted += 1
        except ReplyError:
            continue
    print(f"{len(whole) - 1} prefixes of a gzip stream, accepted {accepted}")
    assert accepted == 0
    assert len(decompressed(whole, encoding="gzip", largest_bytes=LIMIT)) == 4096


def test_gzip__several_members_and_padding_are_one_body() -> None:
    body = gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0\0"
    assert decompressed(body, encoding="gzip", largest_bytes=LIMIT) == b"one two"


@pytest.mark.parametrize("wbits", [zlib.MAX_WBITS, -zlib.MAX_WBITS])
def test_deflate__with_and_without_the_zlib_wrapper(wbits: int) -> None:
    stream = zlib.compressobj(wbits=wbits)
    body = stream.compress(b"chirp " * 50) + stream.flush()
    assert decompressed(body, encoding="deflate", largest_bytes=LIMIT) == b"chirp " * 50


def test_gzip__bomb__is_refused_soon_and_small() -> None:
    bomb = gzip.compress(b"\0" * (256 * 1024 * 1024))
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(RetryLater, match="larger than"):
        decompressed(bomb, encoding="gzip", largest_bytes=LIMIT)
    growth_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"bomb of 256 MiB refused in {time.monotonic() - began:.2f} s, growth {growth_mib:.0f} MiB")
    assert growth_mib < 40


def test_gzip__not_a_stream__is_refused() -> None:
    with pytest.raises(ReplyError, match="broken"):
        decompressed(b"plain text", encoding="gzip", largest_bytes=LIMIT)


def test_gzip__of_very_many_members__is_refused_before_it_costs_time() -> None:
    with pytest.raises(RetryLater, match="members"):
        decompressed(gzip.compress(b"x") * 5000, encoding="gzip", largest_bytes=LIMIT)
