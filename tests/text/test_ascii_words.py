"""Words of ASCII texts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.ascii_words import ascii_words


@given(st.text(st.characters(max_codepoint=127)))
def test_words__are_what_the_regular_expression_finds(text: str) -> None:
    assert ascii_words(text) == re.findall(r"\w+", text.casefold())


def test_words__every_sign_between_two_letters() -> None:
    text = "".join(f"a{chr(code)}B " for code in range(128))
    assert ascii_words(text) == re.findall(r"\w+", text.casefold())


def test_words__of_other_scripts__are_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        ascii_words("größe")
