"""A report as Markdown, to be pasted: no HTML in it, and no text of a stranger that would be read as markup."""

import re
from collections.abc import Iterator

from monitor.report.page import Cell, Page, Section, Table

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~=-])")
_TAGS = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# Renderers make links of bare addresses and of accounts; a zero-width joiner or an entity in the sign keeps them from it.
_BARE = re.compile(r"(?i)\b(https?|ftp|www|mailto|javascript)([:.])|@")


def markdown(page: Page) -> str:
    """The report; charts are told by their captions and tables."""
    return "\n".join(_lines(page))


def escaped(text: str) -> str:
    """A text that stands as it is, whatever renders it."""
    safe = "".join(_TAGS.get(sign, sign) for sign in text)
    safe = _MARKUP.sub(r"\\\1", safe)
    return _BARE.sub(lambda found: "&#64;" if found[0] == "@" else f"{found[1]}{'&#58;' if found[2] == ':' else '&#46;'}", safe)


def _lines(page: Page) -> Iterator[str]:
    yield f"# {escaped(page.title)}"
    yield ""
    for told in (page.warning and f"**{escaped(page.warning)}**", escaped(page.lead), page.note and escaped(page.note)):
        if told:
            yield told
            yield ""
    for section in page.sections:
        yield from _section(section)
    yield escaped(page.foot)
    yield ""


def _section(section: Section) -> Iterator[str]:
    yield f"## {escaped(section.heading)}"
    yield ""
    for sentence in (*section.sentences, *([section.chart.caption] if section.chart else [])):
        yield escaped(sentence)
        yield ""
    for table in section.tables:
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    yield f"{escaped(table.caption)}:"
    yield ""
    yield f"| {' | '.join(escaped(heading) or ' ' for heading in table.headings)} |"
    yield f"|{'|'.join('---:' if number in table.right else '---' for number in range(len(table.headings)))}|"
    for row in table.rows:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"
    yield ""


def _cell(cell: Cell) -> str:
    text = escaped(cell.text)
    if cell.link is None:
        return text
    address = cell.link.replace("(", "%28").replace(")", "%29").replace("|", "%7C").replace("\\", "%5C")
    return f"[{text}](<{address}>)"
