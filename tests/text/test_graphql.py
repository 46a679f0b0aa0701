"""GraphQL over HTTP."""

import json

import pytest

from monitor.errors import GoneError, RateLimitedError, RefusedError, ReplyError
from monitor.text.graphql import graphql_ask, graphql_data


def test_graphql_ask__variables_stay_apart_from_the_query():
    ask = graphql_ask("/graphql", "query($q: String!) { x(q: $q) }", {"q": '") { evil }'})
    assert ask.method == "POST"
    assert ask.body is not None
    assert json.loads(ask.body) == {"query": "query($q: String!) { x(q: $q) }", "variables": {"q": '") { evil }'}}


def test_graphql_data__is_what_was_asked_for():
    assert graphql_data({"data": {"a": 1}}, platform="GitHub") == {"a": 1}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"errors": [{"type": "RATE_LIMITED"}]}, RateLimitedError),
        ({"errors": [{"type": "NOT_FOUND"}], "data": None}, GoneError),
        ({"errors": [{"type": "FORBIDDEN"}], "data": {"a": 1}}, RefusedError),
        ({"errors": [{"message": "a secret thought"}]}, RefusedError),
        ({"errors": [{"type": "SERVICE_UNAVAILABLE"}]}, ReplyError),
        ({"data": None}, ReplyError),
        ([], ReplyError),
        (None, ReplyError),
    ],
    ids=repr,
)
def test_graphql_data__errors_come_with_200(answer, error):
    with pytest.raises(error) as told:
        graphql_data(answer, platform="GitHub")
    assert "secret" not in str(told.value)
