"""The requests that the applications are asked to answer."""

from io import BytesIO, StringIO
from wsgiref.types import WSGIEnvironment

ENVIRON: WSGIEnvironment = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/",
    "RAW_URI": "/articles/?page=3",
    "QUERY_STRING": "page=3",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "SERVER_NAME": "0.0.0.0",
    "SERVER_PORT": "8000",
    "SERVER_SOFTWARE": "gunicorn/23.0.0",
    "REMOTE_ADDR": "192.0.2.7",
    "REMOTE_PORT": "50412",
    "HTTP_HOST": "www.example.com",
    "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "HTTP_ACCEPT_LANGUAGE": "en-GB,en;q=0.7",
    "HTTP_ACCEPT_ENCODING": "gzip, deflate, br, zstd",
    "HTTP_ORIGIN": "https://app.example",
    "HTTP_COOKIE": "sid=5f2b8c1e; theme=dark; consent=analytics",
    "HTTP_SEC_FETCH_SITE": "same-site",
    "HTTP_SEC_FETCH_MODE": "cors",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "https",
    "wsgi.input": BytesIO(),
    "wsgi.errors": StringIO(),
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}
"""What a server hands over, 27 keys; each request gets a copy with a path and a Cookie field of its own."""


ASK = "benchmarks.nonce"
"""Where environ has the function of environ that gives the nonce of a response, "" where nobody makes one."""


def scattered(serial: int) -> int:
    """A number below 2**32 that is another one for each serial below 2**32 and looks like any (Knuth's hash)."""
    return serial * 2_654_435_761 & 0xFFFF_FFFF


def path(serial: int) -> str:
    """The path of the request with this serial number: a new string that no other request has."""
    return f"/articles/{scattered(serial):08x}"


def cookie_field(serial: int) -> str:
    """The Cookie field of the request with this serial number, another one for each."""
    return f"sid={scattered(serial):08x}; theme=dark; consent=analytics"
