"""Every result of the Observatory's tests: what it does to the score, whether it passes, what it means, what to do.

Codes, modifiers and passes are those of the MDN HTTP Observatory, algorithm 4 (npm package `@mdn/mdn-http-observatory`
1.4.8, src/types.js, src/grader/charts.js and src/analyzer/tests/); those of Cross-Origin-Opener-Policy and
Cross-Origin-Embedder-Policy came with algorithm 6. The codes are stable; the words are ours.
"""

from __future__ import annotations

from typing import NamedTuple


class Result(NamedTuple):
    """What one result of a test stands for.

    modifier   points added to the score, negative for a penalty
    passes     whether the Observatory counts the test as passed
    meaning    one sentence
    fix        what to do about it; "" where there is nothing to do
    """

    modifier: int
    passes: bool
    meaning: str
    fix: str = ""


_OUTSIDE = "decide it in front of the application or with HttpsRedirect"

RESULTS: dict[str, Result] = {
    # Content-Security-Policy
    "csp-implemented-with-no-unsafe-default-src-none": Result(10, True, "nothing loads that is not listed"),
    "csp-implemented-with-no-unsafe": Result(
        5, True, "scripts and plugins are limited, and nothing unsafe is allowed", "begin from default-src 'none'"
    ),
    "csp-implemented-with-unsafe-inline-in-style-src-only": Result(
        0, True, "styles alone may be inline or come from anywhere", "list the origins of styles, or use nonces"
    ),
    "csp-implemented-with-insecure-scheme-in-passive-content-only": Result(
        -10, True, "images or media may come over http", "list https origins in img-src and media-src"
    ),
    "csp-implemented-with-unsafe-eval": Result(
        -10, False, "scripts or styles may be made from text", "remove 'unsafe-eval'"
    ),
    "csp-implemented-with-unsafe-inline": Result(
        -20,
        False,
        "scripts may be inline or come from anywhere, or plugins may",
        "limit script-src and object-src; use nonces or hashes for inline scripts",
    ),
    "csp-implemented-with-insecure-scheme": Result(
        -20, False, "a directive lists a source over http or ftp", "list https origins"
    ),
    "csp-implemented-but-duplicate-directives": Result(
        0, True, "report-uri or report-to stands twice; browsers read the first", "keep one"
    ),
    "csp-header-invalid": Result(
        -25,
        False,
        "the policy cannot be read, repeats a directive, or has 'strict-dynamic' without nonce or hash",
        "write each directive once, and a nonce or hash beside 'strict-dynamic'",
    ),
    "csp-not-implemented": Result(-25, False, "there is no Content-Security-Policy", "send one"),
    "csp-not-implemented-but-reporting-enabled": Result(
        -25, False, "the policy is only reported on", "enforce one as well"
    ),
    # Cookies
    "cookies-secure-with-httponly-sessions-and-samesite": Result(
        5, True, "all cookies are Secure and have SameSite, sessions are HttpOnly"
    ),
    "cookies-secure-with-httponly-sessions": Result(
        0, True, "all cookies are Secure, sessions are HttpOnly", "add SameSite to every cookie"
    ),
    "cookies-not-found": Result(0, True, "no cookie is set"),
    "cookies-without-secure-flag-but-protected-by-hsts": Result(
        -5, False, "a cookie is not Secure; HSTS alone keeps it off http", "add Secure"
    ),
    "cookies-session-without-secure-flag-but-protected-by-hsts": Result(
        -10, False, "a session cookie is not Secure; HSTS alone keeps it off http", "add Secure"
    ),
    "cookies-without-secure-flag": Result(-20, False, "a cookie is not Secure", "add Secure, and send HSTS"),
    "cookies-samesite-flag-invalid": Result(
        -20, False, "a SameSite is none of Strict, Lax and None, or None without Secure", "write SameSite=Lax"
    ),
    "cookies-anticsrf-without-samesite-flag": Result(
        -20, False, "a cookie named after CSRF has no SameSite", "add SameSite"
    ),
    "cookies-session-without-httponly-flag": Result(-30, False, "scripts can read a session cookie", "add HttpOnly"),
    "cookies-session-without-secure-flag": Result(
        -40, False, "a session cookie is not Secure", "add Secure, and send HSTS"
    ),
    # Cross-origin resource sharing
    "cross-origin-resource-sharing-not-implemented": Result(0, True, "no other origin may read the answer"),
    "cross-origin-resource-sharing-implemented-with-public-access": Result(
        0, True, "every origin may read the answer, without credentials"
    ),
    "cross-origin-resource-sharing-implemented-with-restricted-access": Result(
        0, True, "other origins may read the answer, the prober's with its credentials not"
    ),
    "cross-origin-resource-sharing-implemented-with-universal-access": Result(
        -50, False, "any origin may read the answer as the user", "list the origins instead of reflecting Origin"
    ),
    # Redirection from http
    "redirection-to-https": Result(0, True, "http is redirected to https on the same host"),
    "redirection-all-redirects-preloaded": Result(0, True, "browsers never ask the host over http"),
    "redirection-missing": Result(-20, False, "http is not redirected to https", _OUTSIDE),
    # Referrer-Policy
    "referrer-policy-private": Result(5, True, "other origins get no path and query"),
    "referrer-policy-not-implemented": Result(
        0, True, "browsers decide what other origins get", "send strict-origin-when-cross-origin"
    ),
    "referrer-policy-unsafe": Result(
        -5, False, "other origins get more than the origin, or http does", "send strict-origin-when-cross-origin"
    ),
    "referrer-policy-header-invalid": Result(
        -5, False, "no token of the field is known", "send strict-origin-when-cross-origin"
    ),
    # Strict-Transport-Security
    "hsts-preloaded": Result(5, True, "browsers know without asking that the host is https only"),
    "hsts-implemented-max-age-at-least-six-months": Result(0, True, "https only for half a year or longer"),
    "hsts-implemented-max-age-less-than-six-months": Result(
        -10, False, "https only for less than half a year", "send max-age=31536000"
    ),
    "hsts-not-implemented": Result(-20, False, "there is no Strict-Transport-Security", "send max-age=31536000"),
    "hsts-header-invalid": Result(
        -20, False, "the field has no max-age or stands twice", "send one line, max-age=31536000"
    ),
    "hsts-not-implemented-no-https": Result(-20, False, "the page came over http", "serve it over https"),
    # Subresource integrity
    "sri-not-implemented-response-not-html": Result(0, True, "only HTML loads scripts"),
    "sri-not-implemented-but-no-scripts-loaded": Result(0, True, "the page is taken to load no script of others"),
    # X-Content-Type-Options
    "x-content-type-options-nosniff": Result(0, True, "the answer is what its Content-Type says"),
    "x-content-type-options-not-implemented": Result(-5, False, "browsers may guess the type", "send nosniff"),
    "x-content-type-options-header-invalid": Result(-5, False, "the value is not nosniff, or twice", "send nosniff"),
    # X-Frame-Options
    "x-frame-options-implemented-via-csp": Result(5, True, "frame-ancestors says who may frame the page"),
    "x-frame-options-sameorigin-or-deny": Result(0, True, "no other site may frame the page"),
    "x-frame-options-allow-from-origin": Result(
        0, True, "browsers ignore ALLOW-FROM", "say it with frame-ancestors of a Content-Security-Policy"
    ),
    "x-frame-options-not-implemented": Result(-20, False, "every site may frame the page", "send DENY or SAMEORIGIN"),
    "x-frame-options-header-invalid": Result(-20, False, "browsers ignore the value", "send DENY or SAMEORIGIN"),
    # Cross-Origin-Resource-Policy
    "corp-implemented-with-same-origin": Result(10, True, "no other origin may embed the answer"),
    "corp-implemented-with-same-site": Result(10, True, "no other site may embed the answer"),
    "corp-implemented-with-cross-origin": Result(0, True, "every site may embed the answer, knowingly"),
    "corp-not-implemented": Result(0, True, "every site may embed the answer", "send same-origin or same-site"),
    "corp-header-invalid": Result(-5, False, "browsers ignore the value", "send same-origin or same-site"),
    # Cross-Origin-Opener-Policy
    "coop-implemented-with-same-origin": Result(10, True, "windows of other origins are cut off"),
    "coop-implemented-with-same-origin-allow-popups": Result(10, True, "windows of others are cut off, popups not"),
    "coop-implemented-with-noopener-allow-popups": Result(10, True, "the opener is cut off, popups are not"),
    "coop-implemented-with-unsafe-none": Result(0, True, "windows of other origins keep a reference, knowingly"),
    "coop-not-implemented": Result(0, True, "windows of other origins keep a reference", "send same-origin"),
    "coop-header-invalid": Result(-5, False, "browsers ignore the value", "send same-origin once"),
    # Cross-Origin-Embedder-Policy
    "coep-implemented-with-require-corp": Result(10, True, "only what agrees to it is embedded"),
    "coep-implemented-with-credentialless": Result(10, True, "what others serve is embedded without credentials"),
    "coep-implemented-with-unsafe-none": Result(0, True, "anything is embedded, knowingly"),
    "coep-not-implemented": Result(0, True, "anything is embedded", "send require-corp where everything agrees to it"),
    "coep-header-invalid": Result(-5, False, "browsers ignore the value", "send require-corp once"),
}
