"""A report as one HTML page: no script, nothing loaded from elsewhere, every text escaped. Reads its template alone."""

from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from monitor.report.page import Page


def html(page: Page) -> str:
    """The page, to be kept in a file or printed."""
    return _template().render(page=page)


@cache
def _template() -> Template:
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return made.from_string((files(__package__) / "page.html.j2").read_text(encoding="utf-8"))
