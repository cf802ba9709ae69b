"""What CORS costs: for a request of an allowed origin, of another, of none, and for preflights.

The lists are of 1, 100 and 10,000 origins; the same figure for all is a cost that is flat. The last of a list asks.
"""

from functools import partial
from wsgiref.types import WSGIApplication, WSGIEnvironment

from flask_cors import CORS as FlaskCORS

from wsgi_headers import CORS, HeadersMiddleware, Merge, Policy

from . import flask_requests, heads, libraries, references
from .contest import BARE, IN_PYTHON, Contestant, Lines, Workload
from .ours import in_python, middleware
from .requests import ENVIRON

OURS = "wsgi_headers, {:,} origins"
COUNTS = (1, 100, 10_000)
ORIGIN = ENVIRON["HTTP_ORIGIN"]
METHODS = ("GET", "HEAD", "POST", "PUT")
ALLOWED = ("Authorization", "Content-Type")

WITHOUT_ORIGIN = {key: value for key, value in ENVIRON.items() if key != "HTTP_ORIGIN"}
OTHER_ORIGIN = ENVIRON | {"HTTP_ORIGIN": "https://evil.example"}
PREFLIGHT = ENVIRON | {
    "REQUEST_METHOD": "OPTIONS",
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "authorization,content-type",
}
REFUSED = PREFLIGHT | {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": ",".join(["authorization"] * 4_681)}
REFUSED["HTTP_ACCESS_CONTROL_REQUEST_HEADERS"] += ",x"


def origins(count: int) -> list[str]:
    """That many origins, the last of which is the one that asks."""
    return [*(f"https://app{number}.example" for number in range(count - 1)), ORIGIN]


def flask_cors(application: WSGIApplication) -> WSGIApplication:
    """flask-cors for two origins with credentials."""
    FlaskCORS(application, origins=origins(2), supports_credentials=True, methods=METHODS, allow_headers=ALLOWED)
    return application


def workloads(policy: Policy, tail: Lines, limit: Contestant, unit_name: str) -> tuple[Workload, ...]:
    """The workloads of CORS beside the fields of a policy, of which `tail` are the lines."""

    def sharing(count: int) -> Policy:
        return Policy(policy, CORS(origins=origins(count), credentials=True, methods=METHODS, allow_headers=ALLOWED))

    ours = tuple(middleware(sharing(count), OURS.format(count)) for count in COUNTS)
    alone = in_python(sharing(100), f"{IN_PYTHON}, 100 origins")
    by_hand = Contestant(
        "closure by hand, unchecked", partial(references.sharing, tail=tail, origins=frozenset(origins(100)))
    )
    wsgicors = Contestant("wsgicors", libraries.wsgicors, "one origin, none of the eight fields, Vary not merged")
    vary_alone = Contestant(
        "wsgi_headers, Vary alone", partial(HeadersMiddleware, policy=Policy(policy, Merge("Vary", "Origin")))
    )

    def in_limits(key: str, title: str, environ: WSGIEnvironment, *contestants: Contestant) -> Workload:
        return Workload(
            key,
            title,
            heads.varied_lines,
            (limit, *contestants),
            unit=limit.name,
            reference=ours[0].name,
            unit_name=unit_name,
            environ=environ,
        )

    return (
        in_limits("W5", "W1, an allowed origin, Vary merged", ENVIRON, *ours, alone, by_hand, wsgicors),
        in_limits("W5-none", "W5 without Origin", WITHOUT_ORIGIN, *ours, vary_alone, by_hand, wsgicors),
        in_limits("W5-other", "W5, another origin", OTHER_ORIGIN, *ours, by_hand, wsgicors),
        in_limits("W5-preflight", "W5, a preflight", PREFLIGHT, *ours, wsgicors),
        in_limits("W5-refused", "W5, a preflight of 64 KiB refused", REFUSED, *ours, wsgicors),
        Workload(
            "W5-flask",
            "CORS for a whole request to a Flask application",
            heads.varied_lines,
            (
                Contestant(
                    "wsgi_headers",
                    partial(HeadersMiddleware, policy=Policy(CORS(origins=origins(2), credentials=True))),
                ),
                Contestant("flask-cors", flask_cors, "Vary on two lines"),
            ),
            unit=BARE,
            reference="wsgi_headers",
            unit_name="bare requests",
            application=flask_requests.flask_application,
            requests=16,
        ),
    )
