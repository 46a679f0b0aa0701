"""GraphQL over HTTP: how a query is asked, and what of its answer is an error although the status is 200.

Source: the GraphQL specification of October 2021, section 7; the types of errors are GitHub's. Checked 2026-11-22.
"""

import json
from collections.abc import Mapping
from typing import Any

from monitor.errors import GoneError, RateLimitedError, RefusedError, ReplyError
from monitor.page import Ask


def graphql_ask(path: str, query: str, variables: Mapping[str, Any]) -> Ask:
    """The request for `query`; variables, which may be a person's words, stay apart from it."""
    body = json.dumps({"query": query, "variables": dict(variables)}).encode()
    return Ask(path, method="POST", headers={"Content-Type": "application/json"}, body=body)


def graphql_data(answer: Any, *, platform: str) -> Mapping[str, Any]:
    """The data of an answer that has no errors; half of the data is none.

    Raises RateLimitedError, GoneError, ReplyError (ask again) or RefusedError as the first error says.
    """
    errors = answer.get("errors") if isinstance(answer, Mapping) else None
    if not errors:
        data = answer.get("data") if isinstance(answer, Mapping) else None
        if not isinstance(data, Mapping):
            raise ReplyError(f"{platform} sent no answer to a GraphQL query.")
        return data
    kind = str(errors[0].get("type") or "an error without a type")
    if kind == "RATE_LIMITED":
        raise RateLimitedError(f"{platform} answered a query with {kind}: too many requests.")
    if kind == "NOT_FOUND":
        raise GoneError(f"{platform} says that what was asked for does not exist, or is not shown to this token ({kind}).")
    if kind in {"SERVICE_UNAVAILABLE", "TIMEOUT", "INTERNAL"}:
        raise ReplyError(f"{platform} did not get through with a query ({kind}).")
    raise RefusedError(f"{platform} refused a query ({kind}).")
