"""What is taken out of texts: mail addresses, numbers, and a person's own patterns."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.text.redaction import LONGEST_PATTERN, link_redactions, redactions, rules
from monitor.text.replaced import replaced


def told(text: str, *wanted: str) -> str:
    return replaced(text, redactions(text, rules(wanted))).text


MAILS = [
    "ann@example.org", "Ann.Lee+news@mail.example.co.uk", "o'neil@example.ie", "ann_lee@example.museum", "jürgen@müller.de",
    "a@b.io", "ann[at]example[dot]org", "ann (at) example (dot) org", "ann [at] example.org", "ANN@EXAMPLE.ORG", "x%40example.org",
]  # fmt: skip
NO_MAILS = ["@ann@example.org", "ann@", "@ann", "a @ b", "5@3.2", "user@host", "meet at example.org", "C@T.", "@a.b"]


@pytest.mark.parametrize("mail", MAILS)
def test_a_mail_address_is_taken_out_whole(mail: str) -> None:
    assert told(f"Write to {mail}, please.", "email") == "Write to [email], please."
    assert told(f"<{mail}>", "email") == "<[email]>"


@pytest.mark.parametrize("text", NO_MAILS)
def test_accounts_and_other_uses_of_the_sign_are_no_mail_addresses(text: str) -> None:
    assert told(text, "email") == text


def test_each_kind_is_replaced_by_its_name_and_only_what_is_asked_for() -> None:
    text = "ann@example.org, 030 1234567, 4111 1111 1111 1111"
    assert told(text, "email", "phone", "card") == "[email], [phone], [card]"
    assert told(text, "phone") == "ann@example.org, [phone], 4111 1111 1111 1111"
    assert told(text) == text


@pytest.mark.parametrize(
    ("pattern", "text", "kept"),
    [
        ("case=AB-######", "AB-123456, ab-654321, AB-1234567, XAB-123456.", "[case], [case], AB-1234567, XAB-123456."),
        ("plate=??-?? ###", "B-XY 123 parked, b-xy  123 too", "B-XY 123 parked, b-xy  123 too"),
        ("plate=?-?? ###", "B-XY 123 parked, b-xy  123 too", "[plate] parked, [plate] too"),
        ("name=Jane Doe", "jane   doe, JANE\nDOE, Jane Doering", "[name], [name], Jane Doering"),
        ("client=Miller*", "Miller, Millers and MILLERSTOWN; Muller, xMiller", "[client], [client] and [client]; Muller, xMiller"),
        ("secret", "top Secret secrets", "top [redacted] secrets"),
        ("a.c", "abc a.c", "abc [redacted]"),
        ("kennung=ÄB-##", "äb-12", "[kennung]"),
    ],
)  # fmt: skip
def test_patterns_are_words_phrases_beginnings_and_templates(pattern: str, text: str, kept: str) -> None:
    assert told(text, pattern) == kept


def test_no_sign_of_a_pattern_is_a_regular_expression() -> None:
    assert told("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "evil=(a+)+b") == "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"
    assert told("say (a+)+b now", "evil=(a+)+b") == "say [evil] now"


@pytest.mark.parametrize("wrong", ["", "  ", "x=", "x=***", "a*b", "x=a**", "##", "?", "x" * (LONGEST_PATTERN + 1), "name=-"])
def test_what_takes_out_nothing_or_nearly_all_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError):
        rules([wrong])


def test_too_many_patterns_are_refused() -> None:
    with pytest.raises(UsageError, match="at most 50"):
        rules(f"word{number}" for number in range(51))


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("mailto:ann@example.org", "mailto:[email]"),
        ("https://example.org/?email=ann@example.org&x=1", "https://example.org/?email=[email]&x=1"),
        ("https://example.org/?to=ann%40example.org", "https://example.org/?to=[email]"),
        ("tel:+49301234567", "tel:[phone]"),
        ("https://wa.me/4915112345678", "https://wa.me/[phone]"),
        ("https://example.org/news/0301234567", "https://example.org/news/0301234567"),
        ("https://example.org/4111111111111111", "https://example.org/4111111111111111"),
    ],
)
def test_in_links_addresses_and_what_is_dialled_are_taken_out__and_ids_are_not(link: str, kept: str) -> None:
    assert replaced(link, link_redactions(link, rules(["email", "phone", "card"]))).text == kept


def test_ids_in_the_links_of_a_text_stay() -> None:
    text = "https://example.org/news/0301234567 and 030 1234567"
    assert told(text, "phone") == "https://example.org/news/0301234567 and [phone]"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=100))
def test_done_twice_it_changes_nothing(text: str) -> None:
    wanted = ("email", "phone", "card", "case=AB-##")
    once = told(text, *wanted)
    assert told(once, *wanted) == once


def test_hostile_texts_take_linear_time() -> None:
    for text in (
        "a" * 200_000,
        "a@" * 100_000,
        "a." * 100_000,
        "@" * 200_000,
        "(at)" * 50_000,
        "+1 " * 70_000,
        "ab-1" * 50_000,
    ):
        told(text, "email", "phone", "card", "case=AB-######", "name=ab ab ab", "x=ab*")
