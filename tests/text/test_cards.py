"""Numbers of payment cards: those that issuers name for tests, and what only looks like one."""

import pytest

from monitor.text.cards import card_spans, checks

CARDS = [
    "4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "5555555555554444", "2223003122003222", "378282246310005",
    "3782 822463 10005", "6011111111111117", "3530111333300000", "30569309025904", "38520000023237", "6200000000000005",
    "4222222222222", "6759649826438453",
]  # fmt: skip
NONE = [
    "4111111111111112", "1234567812345670", "1589012345678901234", "0000000000000000", "4111 1111 1111", "978-3-16-148410-0",
    "4111111111111111x", "x4111111111111111", "1,4111111111111111", "4111111111111111.5", "9999 9999 9999 9995", "1764400000000",
]  # fmt: skip


@pytest.mark.parametrize("card", CARDS)
def test_a_card_is_found_whole(card: str) -> None:
    text = f"My card: {card}, thanks"
    assert [text[start:end] for start, end in card_spans(text)] == [card]


@pytest.mark.parametrize("text", NONE)
def test_a_wrong_check_digit_another_issuer_or_part_of_a_longer_number_is_none(text: str) -> None:
    assert card_spans(text) == []


def test_of_ten_last_digits_one_checks() -> None:
    assert [digit for digit in "0123456789" if checks(f"411111111111111{digit}")] == ["1"]


def test_few_random_numbers_of_sixteen_digits_are_taken_for_cards() -> None:
    """One in ten checks, and few begin as cards do; all that begin with 4 do."""
    numbers = [str(1_000_000_000_000_000 + 7_919_191_919_191 * step) for step in range(1000)]
    taken = sum(bool(card_spans(number)) for number in numbers)
    print(f"of {len(numbers)} numbers of 16 digits, {taken} look like cards")
    assert taken < 60


def test_long_rows_of_digits_take_linear_time() -> None:
    assert card_spans("4 1-" * 50_000) == []
    assert card_spans("4" * 200_000) == []
