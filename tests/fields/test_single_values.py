"""Fields of one value out of a few: what each takes, and what a browser would ignore."""

from __future__ import annotations

from typing import Any

import pytest

from wsgi_headers import (
    CrossOriginResourcePolicy,
    OriginAgentCluster,
    PolicyError,
    XContentTypeOptions,
    XDNSPrefetchControl,
    XPermittedCrossDomainPolicies,
)
from wsgi_headers.fields import cross_origin_resource_policy, x_permitted_cross_domain_policies
from wsgi_headers.typed_field import TypedField

CORP, OAC = CrossOriginResourcePolicy, OriginAgentCluster
DNS, CROSS_DOMAIN = XDNSPrefetchControl, XPermittedCrossDomainPolicies

# (field, text)
TEXTS: list[tuple[TypedField, str]] = [
    *((CORP(value), value) for value in cross_origin_resource_policy.VALUES),
    (OAC(True), "?1"),
    (OAC(False), "?0"),
    (XContentTypeOptions(), "nosniff"),
    (DNS("on"), "on"),
    (DNS("off"), "off"),
    (DNS("OFF"), "off"),
    *((CROSS_DOMAIN(value), value) for value in x_permitted_cross_domain_policies.VALUES),
]

# (class, argument, what the fix says)
REFUSED: list[tuple[Any, Any, str]] = [
    (CORP, "Same-Origin", "Did you mean 'same-origin'?"),
    (CORP, "same_site", "Did you mean 'same-site'?"),
    (CORP, "foo", "accepted: same-origin, same-site, cross-origin"),
    (CORP, "", "accepted"),
    (CORP, "same-origin, same-origin", ""),
    (CORP, True, "accepted"),
    (CORP, None, "accepted"),
    (OAC, 1, "True or False"),
    (OAC, "?1", "True or False"),
    (OAC, None, "True or False"),
    (DNS, "true", "'on' or 'off'"),
    (DNS, True, "'on' or 'off'"),
    (DNS, "o\ufb00", "'on' or 'off'"),
    (CROSS_DOMAIN, "None", "Did you mean 'none'?"),
    (CROSS_DOMAIN, "masteronly", "Did you mean 'master-only'?"),
    (CROSS_DOMAIN, "by-ftp-filename", "by-content-type"),
    (CROSS_DOMAIN, False, "accepted"),
]

# What browsers make of a text. Observed in Chromium 156: a script served as text/plain, a resource of another origin of
# the same site and of another site; HTML 7.1.2 and RFC 9651 for Origin-Agent-Cluster.
READ: list[tuple[Any, str, TypedField | None]] = [
    (CORP, "same-origin", CORP("same-origin")),
    (CORP, "same-site", CORP("same-site")),
    (CORP, "cross-origin", CORP("cross-origin")),
    (CORP, " same-origin ", CORP("same-origin")),
    (CORP, "Same-Origin", None),
    (CORP, "same-origin, same-origin", None),
    (CORP, "foo", None),
    (CORP, '"same-origin"', None),
    (CORP, "", None),
    (XContentTypeOptions, "nosniff", XContentTypeOptions()),
    (XContentTypeOptions, "NOSNIFF", XContentTypeOptions()),
    (XContentTypeOptions, "nosniff, nosniff", XContentTypeOptions()),
    (XContentTypeOptions, "nosniff, foo", XContentTypeOptions()),
    (XContentTypeOptions, "foo, nosniff", None),
    (XContentTypeOptions, "nosniff;", None),
    (XContentTypeOptions, '"nosniff"', None),
    (XContentTypeOptions, "'nosniff'", None),
    (XContentTypeOptions, ", nosniff", None),
    (XContentTypeOptions, "", None),
    (XContentTypeOptions, "no\u017fniff", None),
    (OAC, "?0", OAC(False)),
    (OAC, " ?1 ", OAC(True)),
    (OAC, "1", None),
    (OAC, "true", None),
    (OAC, "?1, ?1", None),
    (OAC, "?1;a", None),
    (OAC, "?2", None),
    (OAC, "", None),
    (DNS, "Off", DNS("off")),
    (DNS, "0", None),
    (CROSS_DOMAIN, "none", CROSS_DOMAIN("none")),
    (CROSS_DOMAIN, "none;", None),
]


@pytest.mark.parametrize(("field", "text"), TEXTS, ids=repr)
def test_text(field: TypedField, text: str) -> None:
    """The value stands alone, and is read again as the same."""
    assert field.serialize() == text
    assert type(field).parse(text) == field


@pytest.mark.parametrize(("field", "value", "fix"), REFUSED)
def test_refused(field: Any, value: Any, fix: str) -> None:
    """What would be ignored is refused, with what is meant."""
    with pytest.raises(PolicyError) as caught:
        field(value)
    (problem,) = caught.value.problems
    assert problem.where == f"{field.__name__}.value"
    assert problem.code == f"{field.field_name.replace('-', '_').lower()}.value"
    assert fix in problem.fix


@pytest.mark.parametrize(("field", "text", "read"), READ)
def test_read(field: Any, text: str, read: TypedField | None) -> None:
    """A text is read as browsers read it; what they ignore is refused."""
    if read is None:
        with pytest.raises(PolicyError):
            field.parse(text)
    else:
        assert field.parse(text) == read


@pytest.mark.parametrize("field", [CORP, OAC, DNS, CROSS_DOMAIN])
def test_value_is_required(field: Any) -> None:
    """Nothing is decided for the owner of a site."""
    with pytest.raises(PolicyError) as caught:
        field()
    assert [problem.code for problem in caught.value.problems] == ["argument.missing"]


def test_no_value_is_taken() -> None:
    """X-Content-Type-Options has nothing to choose."""
    with pytest.raises(PolicyError, match="a positional argument too many"):
        XContentTypeOptions("nosniff")  # type: ignore[call-arg]


def test_replace() -> None:
    """The value is replaced under its name."""
    assert CORP("same-origin").replace(value="same-site") == CORP("same-site")
    with pytest.raises(PolicyError):
        OAC(True).replace(value=0)
