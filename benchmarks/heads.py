"""The heads that the applications send.

Each function gives the field lines for the request with a serial number. The names are literals, as an application
writes them; the values are new strings that differ from request to request, so that no memory of whole values helps.
"""

from datetime import UTC, datetime

from .contest import Lines
from .requests import scattered

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

FAR_AWAY = 4_102_444_800
"""The first second of 2100: far enough for cookies that end after it to be later than any ceiling."""

TEN_COOKIES = ("sid", "csrftoken", "theme", "cart", "remember", "locale", "currency", "flash", "visitor", "beta")


def http_date(number: int) -> str:
    """A date in the form of RFC 9110 section 5.6.7; the day of the week need not be right."""
    time = f"{number % 24:02}:{number // 24 % 60:02}:{number % 60:02}"
    return f"{DAYS[number % 7]}, {number % 28 + 1:02} Oct 2025 {time} GMT"


def far_date(number: int) -> str:
    """The date that many seconds after the beginning of 2100, in the same form: another one for each number."""
    return datetime.fromtimestamp(FAR_AWAY + number, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")


def five_lines(serial: int) -> Lines:
    """An ordinary page."""
    number = scattered(serial)
    return [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(number % 100_000)),
        ("ETag", f'"{number:08x}-{serial:x}"'),
        ("Last-Modified", http_date(number)),
        ("Cache-Control", f"private, max-age={number % 3600}"),
    ]


def conflicting_lines(serial: int) -> Lines:
    """An application that sends some of what the policy decides, and some that it removes."""
    number = scattered(serial)
    return [
        *five_lines(serial),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("referrer-policy", "unsafe-url"),
        ("X-Powered-By", f"PHP/8.{number % 5}.{number % 29}"),
        ("Server", f"Apache/2.4.{number % 60}"),
        ("Vary", ("Accept-Encoding", "Accept-Language", "accept-encoding, Origin")[number % 3]),
    ]


def varied_lines(serial: int) -> Lines:
    """An ordinary page that says what it depends on, as middleware for compression and sessions does."""
    return [*five_lines(serial), ("Vary", ("Accept-Encoding", "Cookie, Accept-Encoding")[scattered(serial) % 2])]


def two_cookies(serial: int) -> Lines:
    """An ordinary page that sets a bare session cookie and one that has attributes."""
    number = scattered(serial)
    return [
        *five_lines(serial),
        ("Set-Cookie", f"sid={number:08x}{number ^ 0x5BD1E995:08x}; Path=/"),
        ("Set-Cookie", f"theme=t{number % 9973}; Path=/; Max-Age=31536000; SameSite=Lax"),
    ]


def two_cookies_uncontrolled(serial: int) -> Lines:
    """The same from an application that says nothing about caches."""
    return [line for line in two_cookies(serial) if line[0] != "Cache-Control"]


def thirty_lines_and_five_cookies(serial: int) -> Lines:
    """A large head, behind a framework with its debug, cache and trace fields on."""
    number = scattered(serial)
    return [
        *five_lines(serial),
        ("Vary", "Accept-Encoding, Accept-Language"),
        ("Accept-Ranges", "bytes"),
        ("Content-Language", "en"),
        ("Content-Disposition", f'inline; filename="report-{number}.html"'),
        ("Content-Location", f"/articles/{number}.html"),
        ("Expires", http_date(number + 1)),
        ("Age", str(number % 86_400)),
        ("Link", f'</static/{number:08x}.css>; rel="preload"; as="style"'),
        ("Link", f'</articles/{number + 1}>; rel="next"'),
        ("Server-Timing", f"db;dur={number % 97}.{number % 10}, app;dur={number % 193}.{number % 10}"),
        ("Retry-After", str(number % 600)),
        ("Allow", "GET, HEAD, OPTIONS"),
        ("Warning", f'110 - "Response is stale {number % 60}"'),
        ("X-Request-Id", f"{number:08x}-{serial:04x}-4d2a-9c1e-{number:012x}"),
        ("X-Correlation-Id", f"{number:016x}"),
        ("X-Trace-Id", f"{number:032x}"),
        ("Traceparent", f"00-{number:032x}-{number:016x}-01"),
        ("X-Runtime", f"0.{number % 1_000_000:06}"),
        ("X-Cache", f"HIT from cache-{number % 50}"),
        ("X-Cache-Hits", str(number % 1000)),
        ("X-Backend", f"app-{number % 300}"),
        ("X-Version", f"2025.10.{number % 31}+{number:08x}"),
        ("X-RateLimit-Limit", "5000"),
        ("X-RateLimit-Remaining", str(number % 5000)),
        ("X-RateLimit-Reset", str(1_760_000_000 + number % 3600)),
        ("Set-Cookie", f"sid={number:08x}{number ^ 0x5BD1E995:08x}; Path=/"),
        ("Set-Cookie", f"csrftoken={number:032x}; Path=/; SameSite=Strict"),
        ("Set-Cookie", f"theme=t{number % 9973}; Path=/; Max-Age=31536000; SameSite=Lax"),
        ("Set-Cookie", f"remember={number:016x}; Path=/account; HttpOnly; Secure"),
        ("Set-Cookie", f"cart={number % 100}.{number:x}; path=/; secure; httponly; samesite=none"),
    ]


def one_of_ten_cookies(serial: int) -> Lines:
    """An ordinary page that sets one cookie, another of the ten from request to request."""
    number = scattered(serial)
    return [
        *five_lines(serial),
        ("Set-Cookie", f"{TEN_COOKIES[number % 10]}={number:08x}{number ^ 0x5BD1E995:08x}; Path=/"),
    ]


def session_cookie(serial: int) -> Lines:
    """An ordinary page that sets its session anew, to 16 characters."""
    number = scattered(serial)
    return [
        *five_lines(serial),
        ("Set-Cookie", f"sid={number:08x}{number ^ 0x5BD1E995:08x}; Path=/; HttpOnly; SameSite=Lax"),
    ]


def ever_new_expires(serial: int) -> Lines:
    """An ordinary page with a session as Flask sends it and a token as Django does, each of which ends at a date that
    no other response has."""
    number = scattered(serial)
    date = far_date(number)
    return [
        *five_lines(serial),
        ("Set-Cookie", f"session={number:016x}; Expires={date}; HttpOnly; Path=/"),
        ("Set-Cookie", f"csrftoken={number:032x}; expires={date}; Max-Age=31449600; Path=/; SameSite=Lax"),
    ]


def twenty_cookies(serial: int) -> Lines:
    """An ordinary page that sets the ten cookies as they are and ten more with attributes of several kinds."""
    number = scattered(serial)
    lines = five_lines(serial)
    lines += [("Set-Cookie", f"{name}={number:08x}") for name in TEN_COOKIES]
    lines += [
        ("Set-Cookie", f"a={number:x}; Path=/"),
        ("Set-Cookie", f"b={number:x}; Path=/; HttpOnly"),
        ("Set-Cookie", f"c={number:x}; Path=/; Secure; HttpOnly"),
        ("Set-Cookie", f"d={number:x}; Path=/; Max-Age=31536000"),
        ("Set-Cookie", f"e={number:x}; Path=/account; SameSite=Lax"),
        ("Set-Cookie", f"f={number:x}; Path=/account; SameSite=None; Secure"),
        ("Set-Cookie", f"g={number:x}; path=/; secure; httponly; samesite=strict"),
        ("Set-Cookie", f"h={number:x}; Domain=example.com; Path=/"),
        ("Set-Cookie", f"i={number:x}; Max-Age=0; Path=/"),
        ("Set-Cookie", f"j={number:x}; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/"),
    ]
    return lines
