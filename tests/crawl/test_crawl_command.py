"""Exit codes of `scrapy crawl`."""

import pytest

from monitor.crawl.commands.crawl import exit_code
from monitor.errors import CredentialsError, GoneError, MonitorError, RateLimitedError, UsageError


@pytest.mark.parametrize(
    ("failures", "finished", "reason", "code"),
    [
        ([], 1, "finished", 0),
        ([], 0, "finished", 0),
        ([], 0, "start_error", 1),
        ([], 3, "memusage_exceeded", 1),
        ([], 3, "shutdown", 130),
        ([GoneError("x")], 0, "finished", 1),
        ([GoneError("x")], 2, "finished", 6),
        ([CredentialsError("x")], 0, "finished", 4),
        ([RateLimitedError("x"), RateLimitedError("y")], 0, "finished", 5),
        ([RateLimitedError("x"), GoneError("y")], 0, "finished", 1),
        ([UsageError("x")], 0, "finished", 2),
    ],
)
def test_exit_code(failures: list[MonitorError], finished: int, reason: str, code: int) -> None:
    named = {str(number): error for number, error in enumerate(failures)}
    assert exit_code(named, finished=finished, reason=reason) == code
