"""Scrapy log lines without what does not belong into logs: whole items, and addresses per request at INFO."""

from typing import Any

from scrapy import Spider
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from twisted.python.failure import Failure


class QuietLogFormatter(LogFormatter):
    """One line per failed page with its error in words; a traceback only for what nobody expected."""

    def item_error(
        self, item: Any, exception: BaseException, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        told = super().item_error(item, exception, response, spider)
        told["msg"] = "event=page_failed page=%(item)r error=%(error)s"
        told["args"] = {"item": item, "error": type(exception).__name__}
        return told
