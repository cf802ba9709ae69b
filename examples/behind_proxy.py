"""The application of preferences.py behind a proxy that speaks https to the world: its word counts, and nobody else's.

Run it with `wsgi-headers serve examples.behind_proxy:application`.

Without a proxy in front this server is asked by http, so there is neither Strict-Transport-Security nor Secure. Play
the proxy with `curl -i -H "X-Forwarded-Proto: https" ADDRESS`, and both are there.
"""

from __future__ import annotations

from werkzeug.middleware.proxy_fix import ProxyFix

from examples.preferences import POLICY as PREFERENCES
from examples.preferences import app
from wsgi_headers import HeadersMiddleware, Policy, StrictTransportSecurity

TWO_YEARS = 63_072_000  # seconds

POLICY = Policy(
    # With it come cookies that are Secure where the request is one by https.
    PREFERENCES,
    # The proxy has certificates for all names below, so all of them are https for good.
    StrictTransportSecurity(TWO_YEARS, include_subdomains=True),
)

# The middleware believes `wsgi.url_scheme` alone. ProxyFix, outside of it, sets that from what the one proxy says. Any
# client can say it too: this stands only where a proxy drops or replaces what clients say of themselves. What is 0 is
# not believed; werkzeug's default for x_for is 1.
application = ProxyFix(HeadersMiddleware(app, POLICY), x_for=0, x_proto=1)
