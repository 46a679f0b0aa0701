"""The signs of shares in plain text."""

from time import process_time

import pytest

from monitor.text.cashtags import cashtags_as_tags, cashtags_in


@pytest.mark.parametrize(
    ("text", "cashtags"),
    [
        ("", ()),
        ("no share", ()),
        ("$IBM, $ibm and $IBM", ("IBM", "ibm")),
        ("$BRK.A $RDS_B $ABC. $ABC_", ("BRK.A", "RDS_B", "ABC")),
        ("$5 $5M $A1 $SEVENTH US$IBM ($IBM) $$IBM $株", ()),
        ("\u2066$IBM\u2069", ("IBM",)),
    ],
)
def test_cashtags_in(text, cashtags):
    assert cashtags_in(text) == cashtags


def test_cashtags_as_tags__in_capitals_alone__with_their_sign():
    assert cashtags_as_tags("$IBM $BRK.A $this $Name") == ("$ibm", "$brk.a")


@pytest.mark.parametrize("unit", ["$", "$A", "$A ", " $A.", " $ABCDEF_"])
def test_cashtags_in__one_megabyte__takes_time_in_proportion(unit):
    begun = process_time()
    cashtags_in(unit * (1_000_000 // len(unit)))
    assert process_time() - begun < 5  # measured: 0.02 to 0.1 s
