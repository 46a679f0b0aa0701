"""Numbers of payment cards in a text: the lengths and beginnings that issuers use (ISO/IEC 7812), and a right check digit. Pure."""

import re

# Digits with at most one space or hyphen between them; no longer number around it, and no letter.
_CANDIDATE = re.compile(r"(?<![\w.,+-])[0-9](?:[ \u00a0-]?[0-9]){11,18}(?![\w-]|[.,][0-9])")
_NOT_DIGIT = re.compile(r"[^0-9]")


def card_spans(text: str) -> list[tuple[int, int]]:
    """Character offsets of card numbers, end exclusive, in order."""
    return [found.span() for found in _CANDIDATE.finditer(text) if is_card(_NOT_DIGIT.sub("", found[0]))]


def is_card(digits: str) -> bool:
    """Whether these digits can be a card's number."""
    return _issued(digits) and len(set(digits)) > 1 and checks(digits)


def checks(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (Luhn; ISO/IEC 7812-1, annex B)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(int(digit) for digit in digits[-1::-2]) + sum(doubled)) % 10 == 0


def _issued(digits: str) -> bool:
    length, head = len(digits), int(digits[:4])
    if digits[0] == "4":
        return length in {13, 16, 19}
    if digits[:2] in {"34", "37"}:
        return length == 15
    if 5100 <= head < 5600 or 2221 <= head <= 2720:
        return length == 16
    if digits[:2] in {"36", "38", "39"} or 3000 <= head < 3060:
        return length in {14, 16, 19}
    # JCB, Discover, UnionPay; Maestro where it is as long as the others.
    return (
        digits[:2] in {"35", "62", "64", "65"} or digits[:4] == "6011" or digits[:2] in {"50", "56", "57", "58", "67"}
    ) and (length in {16, 17, 18, 19})
