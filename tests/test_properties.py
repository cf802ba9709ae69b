"""What holds for every policy, every head and every request."""

from __future__ import annotations

import pickle
import random
from typing import Any

import pytest
from assertions import by_field, meaning
from hypothesis import given, settings
from hypothesis import strategies as st
from interpreter import expected, parts_of, refused
from strategies import heads, lines, literal_policies, operations, policies, requests, statuses, tokens, wild
from wsgi import Line, Response, call, environ_for, responding

from wsgi_headers import HeadError, HeadersMiddleware, Policy, explain

pytestmark = pytest.mark.usefixtures("each_loop")

Exchange = tuple[dict[str, Any], str, list[Line]]

exchanges = st.tuples(requests, statuses, heads)


def respond(policy: Policy, exchange: Exchange) -> Response:
    """Return the response of a middleware that has seen nothing before."""
    request, status, head = exchange
    return call(HeadersMiddleware(responding(*head, status=status), policy), validate=False, **request)


@settings(max_examples=2 * settings().max_examples)  # on each loop
@given(policies, st.lists(exchanges, min_size=1, max_size=4))
def test_plan_does_what_the_interpreter_does(policy: Policy, several: list[Exchange]) -> None:
    """Whatever was sent before through the same middleware, a head becomes what the policy says, line by line."""
    sending: list[Any] = []
    middleware = HeadersMiddleware(lambda environ, start: sending[0](environ, start), policy)
    for request, status, head in [*several, *several]:
        sending[:] = [responding(*head, status=status)]
        response = call(middleware, validate=False, **request)
        wanted = expected(policy, environ_for(**request), status, head)
        assert response.status == status
        assert by_field(response.lines) == by_field(wanted)


@given(policies, exchanges)
def test_explanation_tells_what_happens(policy: Policy, exchange: Exchange) -> None:
    """The head that `explain` tells is the one that goes out, and each line that stayed as it was has no part."""
    request, status, head = exchange
    told = explain(policy, environ_for(**request), status, head)
    assert by_field(told.head) == by_field(respond(policy, exchange).lines)
    assert [line.before for line in told.lines if line.before is not None] == head
    assert all(line.parts for line in told.lines if line.before != line.after)


@given(policies, exchanges)
def test_twice_is_once(policy: Policy, exchange: Exchange) -> None:
    """An equal policy nested in itself, also one from another process, does what one does."""
    request, status, head = exchange
    inner = HeadersMiddleware(responding(*head, status=status), pickle.loads(pickle.dumps(policy)))
    outer = HeadersMiddleware(inner, policy)
    assert call(outer, validate=False, **request).lines == respond(policy, exchange).lines


@given(literal_policies, exchanges)
def test_again_changes_nothing(policy: Policy, exchange: Exchange) -> None:
    """Set, Default, Merge and Remove on what they made themselves, in another process, say, leave it as it is."""
    request, status, _ = exchange
    once = respond(policy, exchange).lines
    assert by_field(respond(policy, (request, status, once)).lines) == by_field(once)


@given(policies, exchanges)
def test_untouched_lines(policy: Policy, exchange: Exchange) -> None:
    """Lines of fields that no part names keep their order, and are the very texts that the application sent."""
    named = {"vary", *(part.name.lower() for _, part in parts_of(policy))}
    untouched = [line for line in exchange[2] if line[0].lower() not in named]
    passed = [line for line in respond(policy, exchange).lines if line[0].lower() not in named]
    assert passed == untouched
    assert all(now[0] is then[0] and now[1] is then[1] for now, then in zip(passed, untouched, strict=True))


@given(heads, statuses, requests)
def test_empty_policy_is_the_identity(head: list[Line], status: str, request: dict[str, Any]) -> None:
    """A policy without parts, or of parts without parts, leaves every head as it is."""
    for policy in (Policy(), Policy(Policy(), Policy(Policy()))):
        response = respond(policy, (request, status, head))
        assert (response.status, response.lines) == (status, head)


@given(st.lists(operations, max_size=8), exchanges, st.randoms(use_true_random=False))
def test_operations_on_different_fields_commute(parts: list[Any], exchange: Exchange, chance: random.Random) -> None:
    """Only the order of the operations on one field means something."""
    of_field: dict[str, list[Any]] = {}
    for part in parts:
        of_field.setdefault(part.name.lower(), []).append(part)
    # The same sequences, interleaved in another way.
    turns = [name for name, sequence in of_field.items() for _ in sequence]
    chance.shuffle(turns)
    remaining = {name: iter(sequence) for name, sequence in of_field.items()}
    other = Policy(*(next(remaining[name]) for name in turns))
    assert meaning(respond(other, exchange).lines) == meaning(respond(Policy(*parts), exchange).lines)
    assert by_field(respond(other, exchange).lines) == by_field(respond(Policy(*parts), exchange).lines)


@given(policies, exchanges)
def test_nesting_without_matches_means_nothing(policy: Policy, exchange: Exchange) -> None:
    """A policy in a policy is its parts in their place."""
    assert respond(Policy(Policy(*policy.parts)), exchange).lines == respond(policy, exchange).lines


@given(policies, policies, exchanges)
def test_nested_different_policies(inner: Policy, outer: Policy, exchange: Exchange) -> None:
    """Of two different policies the outer one acts on the head that the inner one made."""
    request, status, head = exchange
    if inner == outer:
        return
    nested = HeadersMiddleware(HeadersMiddleware(responding(*head, status=status), inner), outer)
    between = respond(inner, exchange).lines
    assert by_field(call(nested, validate=False, **request).lines) == by_field(
        respond(outer, (request, status, between)).lines
    )


@given(policies, exchanges)
def test_list_of_the_application_is_not_changed(policy: Policy, exchange: Exchange) -> None:
    """Neither the list that the application sent nor a line of it is changed, and another list goes on."""
    request, status, head = exchange
    given_list = list(head)

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response(status, given_list)
        return [b""]

    middleware = HeadersMiddleware(app, policy)
    for _ in range(3):
        response = call(middleware, validate=False, **request)
        assert given_list == head
        assert all(now is then for now, then in zip(given_list, head, strict=True))
        assert response.calls[0].lines is not given_list


@given(policies, exchanges)
def test_what_goes_out_may_be_sent(policy: Policy, exchange: Exchange) -> None:
    """Whatever policy and head, the server gets an exact list of exact pairs of exact texts that may be sent."""
    given_to_server = respond(policy, exchange).calls[0].lines
    assert type(given_to_server) is list
    assert {type(line) for line in given_to_server} <= {tuple}
    assert {type(text) for line in given_to_server for text in line} <= {str}
    assert not refused(given_to_server)


@given(
    policies,
    exchanges,
    st.lists(st.one_of(st.tuples(wild, wild), st.tuples(tokens, wild), lines), min_size=1, max_size=4),
)
def test_refused_is_what_must_not_be_sent(policy: Policy, exchange: Exchange, more: list[Line]) -> None:
    """A head is refused just where it has a name or value that must not be sent, whatever was sent before it."""
    request, status, head = exchange
    sending: list[Any] = []
    middleware = HeadersMiddleware(lambda environ, start: sending[0](environ, start), policy)
    for sent in (head, [*head, *more], [*more, *head], head):
        sending[:] = [responding(*sent, status=status)]
        raised = False
        try:
            call(middleware, validate=False, **request)
        except HeadError:
            raised = True
        assert raised is refused(sent)
