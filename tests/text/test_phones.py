"""Telephone numbers, and what looks like them: prices, dates, ids, results."""

import pytest

from monitor.text.phones import phone_spans

NUMBERS = (
    """
+49 30 1234567|+49 (0)30 123 45 67|+44 20 7946 0958|+1 415 555 2671|+1-415-555-2671|+14155552671|+33 6 12 34 56 78
+91 98765 43210|+81-3-1234-5678|+55 11 91234-5678|+86 138 0013 8000|+7 (495) 123-45-67|+351 912 345 678|+353 1 234 5678
+972 50-123-4567|0049 30 1234567|00 49 30 1234567|0044 20 7946 0958|030 1234567|030/1234567|0171-1234567|0171 123 45 67
(030) 1234567|0221 / 12 34 567|06 12 34 56 78|06.12.34.56.78|01 23 45 67 89|020 7946 0958|07911 123456|07911123456
0161 496 0000|(0161) 496 0000|03-1234-5678|(415) 555-2671|415-555-2671|415.555.2671|415 555 2671|1-415-555-2671
1 415 555 2671|(415)555-2671|02 1234 5678|0412 345 678
""".strip()
    .replace("\n", "|")
    .split("|")
)

SAID = [
    "Tel.: 612 345 678", "call 555-2671", "call me on 5552671 now", "phone: 12 34 56 78", "WhatsApp 98765 43210", "Telefon 2345678",
    "text 4155552671", "Fax: 1234567", "ruf an unter 44 668 18 00",
]  # fmt: skip

NO_NUMBERS = (
    """
It cost $1,234,567.89|€1.234.567,89|1 234 567 people|12,345,678 views|in 2026-11-22|on 22.11.2026|22/11/2026|11-22-2026
1999-2005|2026-11-22 08:15:30|22.11.2026 12:30|01.02.2026 12:30|01/02/2026 1200|08:15:30.123456|score 3-2 4-1 5-0
chapter 10.11.12.13|192.168.100.200|version 10.15.7.1234|ISBN 978-3-16-148410-0|ISBN 9783161484100|id 1234567890
order 4155552671|id=0123456789|#0301234567|tweet 1589012345678901234|unix 1764400000|1764400000000|0.123456789
3.14159265358979|0,123456789|100-200-300|lat 52.5200066, 13.404954|2,718,281,828|10 000 000 000|45 678 901
8 of 10, 20 of 30, 40 of 50|007|911|24/7 365|UTC+02:00|GMT+0200|C++ 20232026 draft|2020 2021 2022 2023|a1b2c3d4e5f6
550e8400-e29b-41d4-a716-446655440000|0x0123456789|00000000001|0000 1111 2222|pp. 1234-1245|DE89 3704 0044 0532 0130 00
1:23:45.678|5,000-10,000|1800-1900 1900-2000|100.000.000|(2019) 2020-2021|9.999.999 €|50% 60% 70%|NGC 1234567|PR 1234 5678
R2D2 12345678|RFC 2616 7230 9110
""".strip()
    .replace("\n", "|")
    .split("|")
)


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in phone_spans(text)]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_is_found_whole__alone_and_in_a_sentence(number: str) -> None:
    assert found(number) == [number]
    assert found(f"Reach Ann ({number}), or write.") == [number]
    assert found(f"my number {number}.") == [number]


@pytest.mark.parametrize("text", SAID)
def test_a_number_that_could_be_anything_counts_behind_a_word_that_says_what_it_is(text: str) -> None:
    assert len(found(text)) == 1


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_prices_dates_ids_versions_and_results_are_no_telephone_numbers(text: str) -> None:
    assert found(text) == []
    assert found(f"He said {text} again") == []


def test_long_rows_of_digits_take_linear_time() -> None:
    assert phone_spans("1 2 " * 50_000) == []
    assert phone_spans("(" * 100_000) == []
    assert phone_spans("+" * 100_000) == []
