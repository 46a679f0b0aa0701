"""Telephone numbers in a text: international ones, and the national forms that are told from prices, dates and ids by themselves.

A number counts when it begins with + or 00 (ITU-T E.164: 7 to 15 digits), or with the 0 that most countries dial first and has 9 to
12 digits, or is grouped as in North America (3-3-4), or when a word such as "tel" or "call" stands before it. Pure.
"""

import re

_SIGN = r"(?:[0-9]|\([0-9]{1,5}\))"
_GAP = r"(?: ?[-/] ?|[ \u00a0.])"
# Digits with a sign or two between them, such as ") ", "-" or " - ".
_CANDIDATE = re.compile(
    r"(?<![\w#$€£¥@/:=.,-])(?:\(\+[0-9]{1,3}\) ?|\+)?"
    rf"{_SIGN}(?:{_GAP}?{_SIGN}){{5,18}}(?![\w%€£$¥]|[:,.][0-9])"
)
_DATE = re.compile(
    r"(?<![0-9])(?:[0-9]{1,2}[./-][0-9]{1,2}[./-](?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}[./-][0-9]{1,2}[./-][0-9]{1,2})(?![0-9])"
)
_NORTH_AMERICAN = re.compile(r"(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}")
_SAID = re.compile(
    r"(?:tel|tél|telefon\w{0,4}|teléfono|telephone|phone|call|ring|text|sms|whats ?app|signal|fax|mobile?|mob|handy|cell|numéro|"
    r"hotline|ruf\w{0,3})\b[.:]{0,2}(?:\s(?:me|us|at|is|on|an|unter|no|nr|number|au|al|:)[.:]?){0,3}\s{0,2}\(?\Z",
    re.IGNORECASE,
)
_LOOK_BACK = 40  # characters before a number in which the word has to stand
_NOT_DIGIT = re.compile(r"[^0-9]")
_COUNTS_OF_NATIONAL = range(9, 13)
_MOST_DIGITS = 15  # E.164
_FEWEST_DIGITS = 7
_FEWEST_INTERNATIONAL = 8
_DIALLED_ABROAD = re.compile(r"00 ?[1-9]")
_FRACTION = re.compile(r"[0-9]+\.[0-9]+")
_UNGROUPED = re.compile(r"[0-9]+")


def phone_spans(text: str) -> list[tuple[int, int]]:
    """Character offsets of telephone numbers, end exclusive, in order."""
    return [found.span() for found in _CANDIDATE.finditer(text) if _is_phone(found[0], text[: found.start()][-_LOOK_BACK:])]


def _is_phone(written: str, before: str) -> bool:
    digits = _NOT_DIGIT.sub("", written)
    international = written.lstrip("(").startswith("+")
    if international or _DIALLED_ABROAD.match(written):
        count = len(digits) - (0 if international else 2)
        return _FEWEST_INTERNATIONAL <= count <= _MOST_DIGITS
    if _DATE.search(written) or _FRACTION.fullmatch(written):
        return False
    if _SAID.search(before):
        return _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS
    if digits.startswith("0"):
        # A lone row of digits with zeros before it is a serial number as often.
        lone = _UNGROUPED.fullmatch(written) is not None
        return len(digits) in (_COUNTS_OF_NATIONAL if not lone else range(10, 12)) and not digits.startswith("00")
    return _NORTH_AMERICAN.fullmatch(written) is not None
