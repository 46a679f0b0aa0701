"""Whom a plain text names."""

from time import process_time

import pytest

from monitor.text.mentions import mentions_in


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("", ()),
        ("nobody", ()),
        ("@ann and @Ben, @ann again", ("ann", "Ben")),
        ("鳥@annです", ("ann",)),
        ("＠ann (@ben) .@cleo", ("ann", "ben", "cleo")),
        ("RT@ann: rt @ben", ("ann", "ben")),
        ("art@ann Xrt@ben", ()),
        ("ann@atlas.org", ()),
        ("@ann@atlas.org, @ben@birds.atlas.org.", ("ann@atlas.org", "ben@birds.atlas.org")),
        ("@ann@ben @_@ @ann@localhost", ()),
        ("@ann-lee @ann- @-ann @ann--lee", ("ann-lee", "ann", "ann--lee")),
        ("@ann.", ("ann",)),
        ("@annés @annü", ()),
        ("@ann/friends @atlas/birds @ann/ @ann/2", ("ann",)),
        ("https://atlas.org/@ann a/@ben", ()),
        ("@https://atlas.org !@ann &@ben", ()),
        ("@" + "a" * 321, ()),
    ],
)
def test_mentions_in(text, mentions):
    assert mentions_in(text) == mentions


@pytest.mark.parametrize("unit", ["@", "@a", "@a ", "@a-", "a@b.", "@a@b.", "@a@b.cd/", "rt@", "a-", "a.", "http://@"])
def test_mentions_in__one_megabyte__takes_time_in_proportion(unit):
    begun = process_time()
    mentions_in("@a@" + unit * (1_000_000 // len(unit)))
    assert process_time() - begun < 5  # measured: 0.01 to 0.2 s; with a square in it, minutes
