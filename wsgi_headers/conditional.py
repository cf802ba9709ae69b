"""Conditional requests: 304 and 412 from the validators that the application sends.

RFC 9110 section 13, for GET and HEAD. This decides; what becomes of the response is done elsewhere. It does not know
what was asked of a part of a representation (Range, If-Range): that is the application's.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ._part import Part
from ._validators import entity_tag, entity_tags, http_date
from .errors import Problems
from .exchange import NOT_MODIFIED, AfterBody, BodyPhase, answer_in_words

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .exchange import Answer, Line

# RFC 9110 15.5.13
_PRECONDITION_FAILED = answer_in_words(
    "412 Precondition Failed", "A precondition of the request does not hold for what is here now."
)

_ANSWERS: Mapping[int, Answer | None] = {200: None, 304: NOT_MODIFIED, 412: _PRECONDITION_FAILED}

# The keys of environ for the preconditions of RFC 9110 13.1 that any response may be judged by.
_IF_MATCH, _IF_NONE_MATCH = "HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"
_IF_UNMODIFIED_SINCE, _IF_MODIFIED_SINCE = "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_MODIFIED_SINCE"

# Octets of the digest that a made entity tag is; two bodies of one resource do not share it by accident.
_DIGEST_OCTETS = 16

# Stands for a tag until the body is known; as long as one.
_TAG_TO_COME = ("ETag", f'W/"{"-" * _DIGEST_OCTETS * 2}"')

# Fields with which the body is not the whole representation (RFC 9110 14.4), or not what is sent (conventions of nginx,
# Apache and lighttpd).
_OTHER_CONTENT = frozenset({"content-range", "x-accel-redirect", "x-sendfile"})


class Conditional(Part):
    """Answers conditional GET and HEAD requests: 304 where the client has what the application sends, 412 where not.

    RFC 9110 section 13: If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since, in the order of 13.2.2, by
    the ETag and the Last-Modified of the application's own head, where that is a 2xx. The application runs as ever; it
    is its body that is left unsent. With other methods it has acted already, so they pass.

    etag       "weak": where the application sent no ETag and no Last-Modified, an exact list or tuple with the whole
               body of a 200 or 201 gets a weak entity tag made of its octets. It goes out on full responses too. None:
               none is made
    max_body   octets of the largest body that gets one

    A 304 has the lines of the 200 that it stands for, what the policy does to them included, but those that describe
    content (15.4.5), and Last-Modified only where there is no ETag; rules on status and media type hold for it as for
    the 200. A 412 is a short text of the policy's own: such rules hold for it as for any response of status 412 and
    type text/plain. It keeps the application's other lines, cookies among them, and is never stored.

    An empty body gets no tag, since the one of HEAD often is empty where that of GET is not, and neither does one of
    another length than Content-Length says. A body in pieces that are made while it is sent passes as it is, and so
    does that of a framework that returns an object of its own. No tag is made either where an operation speaks of ETag,
    of the policy or of this response alone. A POST gets one too, for what it made or found (RFC 9110 15.3.2); it is
    never answered by it, since it has acted already. No other method does: PUT must not, where the octets are not those
    that it sent (9.3.4), and what PATCH or DELETE tell is no representation.

    What cannot be read counts as absent: a date, one entity tag of a list, a list without any. A date that lies in the
    future is no If-Modified-Since.

    Of several parts that hold the last declared speaks.

    >>> Conditional(etag="weak", max_body=65_536)
    Conditional(etag='weak', max_body=65536)

    Raises PolicyError for another kind of tag, and for what is no number of octets.
    """

    etag: str | None
    max_body: int

    last_speaks = True

    def __init__(self, *, etag: str | None = None, max_body: int = 1_048_576) -> None:
        problems = Problems()
        if etag == "strong":
            fix = "write 'weak': what changes the octets on the way, as compression does, would keep a strong one"
            problems.add("conditional.etag.strong", "Conditional.etag", etag, "is not made", fix, "RFC 9110 8.8.1")
        elif etag is not None and etag != "weak":
            problems.add("conditional.etag", "Conditional.etag", etag, "is no kind of tag", "'weak' or None")
        if type(max_body) is not int or max_body < 0:
            fix = "a whole number of octets"
            problems.add("conditional.max_body", "Conditional.max_body", max_body, "is no largest body", fix)
        problems.raise_any()
        self._keep(etag=etag, max_body=max_body)

    @property
    def body(self) -> Callable[[Sequence[Any]], BodyPhase]:
        """What judges responses; the last part speaks."""
        return compile_conditionals


class Preconditions(NamedTuple):
    """The preconditions of a request as its fields were sent (RFC 9110 13.1), None for those that were not."""

    if_match: str | None = None
    if_unmodified_since: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None


_UNCONDITIONAL = Preconditions()


def evaluate(
    preconditions: Preconditions, etag: str | None, last_modified: str | None, now: float | None = None
) -> int:
    """Return what a GET or HEAD with these preconditions is answered with: 200, 304 or 412.

    RFC 9110 13.2.2, for a resource that has a current representation.

    etag            the value of that field of the representation, None where it has none or several
    last_modified   the same
    now             seconds since the epoch, the clock's unless given
    """
    if_match, if_unmodified_since, if_none_match, if_modified_since = preconditions
    if if_match is not None:
        if not _matches_strongly(if_match, etag):
            return 412
    elif if_unmodified_since is not None and last_modified is not None:
        date, modified = http_date(if_unmodified_since, now), http_date(last_modified, now)
        if date is not None and modified is not None and modified > date:
            return 412
    if if_none_match is not None:
        return 304 if _matches_weakly(if_none_match, etag) else 200
    if if_modified_since is not None and last_modified is not None:
        date, modified = http_date(if_modified_since, now), http_date(last_modified, now)
        if date is not None and modified is not None and modified <= date <= (time.time() if now is None else now):
            return 304
    return 200


def _matches_strongly(field: str, etag: str | None) -> bool:
    """Whether If-Match holds (RFC 9110 13.1.1): weak tags match nothing, a list that has no tag holds."""
    if field.strip(" \t") == "*":
        return True
    current = None if etag is None else entity_tag(etag)
    readable = False
    for tag in entity_tags(field):
        if tag == current and not tag.weak:
            return True
        readable = True
    return not readable


def _matches_weakly(field: str, etag: str | None) -> bool:
    """Whether If-None-Match names the tag, weak or not (RFC 9110 13.1.2)."""
    if field.strip(" \t") == "*":
        return True
    current = None if etag is None else entity_tag(etag)
    if current is None or current.opaque not in field:
        return False
    return field == etag or any(tag.opaque == current.opaque for tag in entity_tags(field))


def weak_tag(chunks: Sequence[bytes], max_body: int) -> str | None:
    """Return the entity tag for a whole body, the same however it is cut into pieces; None where it gets none."""
    digest = hashlib.blake2b(digest_size=_DIGEST_OCTETS)
    try:
        if not 0 < sum(map(len, chunks)) <= max_body:
            return None
        for chunk in chunks:
            digest.update(chunk)
    except TypeError:
        return None  # not octets; the server says so
    return f'W/"{digest.hexdigest()}"'


def compile_conditionals(parts: Sequence[Conditional]) -> BodyPhase:
    """Return what judges responses for the last of the parts; it reads what any of them may need of a request."""
    any_makes = any(part.etag is not None for part in parts)
    makes, max_body = parts[-1].etag is not None, parts[-1].max_body

    def read(environ: WSGIEnvironment) -> Preconditions | None:
        if (
            any_makes
            or _IF_NONE_MATCH in environ
            or _IF_MODIFIED_SINCE in environ
            or _IF_MATCH in environ
            or _IF_UNMODIFIED_SINCE in environ
        ):
            get = environ.get
            method = get("REQUEST_METHOD")
            if method in ("GET", "HEAD"):
                return Preconditions(
                    get(_IF_MATCH), get(_IF_UNMODIFIED_SINCE), get(_IF_NONE_MATCH), get(_IF_MODIFIED_SINCE)
                )
            if any_makes and method == "POST":
                return _UNCONDITIONAL
        return None

    def judge(preconditions: Preconditions, status: str, sent: Sequence[Line]) -> Answer | AfterBody | None:
        if not status.startswith("2"):
            return None  # RFC 9110 13.2.1
        etags, dates = [], []
        for name, value in sent:
            # By length first, since this is done for every line of every conditional request.
            if len(name) == 4 and name.lower() == "etag":
                etags.append(value)
            elif len(name) == 13 and name.lower() == "last-modified":
                dates.append(value)
        answer = _answer(preconditions, etags, dates)
        if answer is not None or not makes or etags or dates or status[:3] not in ("200", "201"):
            return answer
        if any(name.lower() in _OTHER_CONTENT for name, _ in sent):
            return None
        return AfterBody(_TAG_TO_COME, partial(_tagged, preconditions, sent, max_body))

    return BodyPhase(read, any_given, judge)


def any_given(preconditions: Preconditions) -> bool:
    """Whether a request has a precondition at all."""
    return preconditions != _UNCONDITIONAL


def _answer(preconditions: Preconditions, etags: Sequence[str], dates: Sequence[str]) -> Answer | None:
    """Return what goes out instead of a representation with these validators; repeated ones cannot be read."""
    etag = etags[0] if len(etags) == 1 else None
    return _ANSWERS[evaluate(preconditions, etag, dates[0] if len(dates) == 1 else None)]


def _tagged(
    preconditions: Preconditions, sent: Sequence[Line], max_body: int, chunks: Sequence[bytes]
) -> tuple[str, bool] | None:
    """Return the entity tag of a body and whether the client has it, None where it gets no tag.

    An If-Match that a weak tag does not meet was answered before: no tag meets it either.
    """
    tag = weak_tag(chunks, max_body)
    if tag is None:
        return None
    length = str(sum(map(len, chunks)))
    if any(name.lower() == "content-length" and value.strip(" \t") != length for name, value in sent):
        return None
    return tag, _answer(preconditions, (tag,), ()) is NOT_MODIFIED
