"""Web origins: what a policy may name, and whether an Origin field is among what it named.

An origin is compared as the text that browsers send (RFC 6454 6.2, HTML "serialization of an origin"), character by
character. Three patterns name more than one:

    https://*.example.com      the names one or more labels below, never example.com itself
    https://example.com:*      every port, the default one included
    https://*.example.com:*    both

What a browser would never send is refused when the policy is built, since it would silently allow nothing. It does
not know which names are public suffixes, beyond that every name of one label may be one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple

from . import _grammar
from .errors import Problems, escaped

# RFC 9110 4.2.1, 4.2.2: the ports that browsers leave out.
DEFAULT_PORTS = {"http": "80", "https": "443"}

ANY = "*"

_BELOW, _ANY_PORT = "*.", ":*"

# RFC 1035 2.3.4 (a name of 253 characters as text) and a scheme, a port and their delimiters beside it.
_LONGEST_HOST = 253
_LONGEST = 64 + len("://") + _LONGEST_HOST + len(":65535")

_REFERENCE = "RFC 6454 6.2"


class Pattern(NamedTuple):
    """One origin, or a pattern of origins, taken apart.

    scheme       lower case
    host         a name or an address, the latter as browsers write it
    port         digits, "" for the default one, or ANY
    subdomains   whether it is the names below the host, and not the host
    """

    scheme: str
    host: str
    port: str
    subdomains: bool

    @property
    def loopback(self) -> bool:
        """Whether the host is the machine of the browser itself (RFC 6761 6.3, RFC 1122 3.2.1.3, RFC 4291 2.5.3)."""
        host = self.host.removesuffix(".")
        if host == "localhost" or host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(host.strip("[]")).is_loopback
        except ValueError:
            return False


def parse(text: str) -> Pattern:
    """Return an origin or pattern that `check_origin` found nothing wrong with, taken apart."""
    subdomains, exact = _without_stars(text)
    taken = _grammar.origin.fullmatch(exact)
    assert taken is not None, "the origin was checked"
    scheme, host, port = taken.groups(default="")
    return Pattern(scheme, host, ANY if text.endswith(_ANY_PORT) else port, subdomains)


def _without_stars(text: str) -> tuple[bool, str]:
    scheme, separator, authority = text.removesuffix(_ANY_PORT).partition("://")
    return authority.startswith(_BELOW), scheme + separator + authority.removeprefix(_BELOW)


def check_origin(problems: Problems, where: str, value: object, *, patterns: bool = True) -> None:
    """Note why `value` names no origin that a browser sends.

    patterns   whether a pattern of several origins may stand there
    """
    if not isinstance(value, str):
        problems.add("origin.type", where, value, "is no str", "'https://app.example'", _REFERENCE)
        return
    fault = _fault(value, patterns)
    if fault is not None:
        code, reason, fix = fault
        problems.add(f"origin.{code}", where, value, reason, fix, _REFERENCE)


def _fault(text: str, patterns: bool) -> tuple[str, str, str] | None:
    """Return the code of what is wrong with an origin, what it is, and the fix; None where nothing is."""
    if text == "null":
        return "null", "stands for every sandboxed frame and every local file", "name the origin that is meant"
    if not text.isascii():
        return "characters", "has characters that browsers encode", "write the host in Punycode, 'xn--...'"
    scheme, separator, rest = text.partition("://")
    if not separator or _grammar.scheme.fullmatch(scheme.lower()) is None:
        bare = f"https://{text}"
        known = not separator and _fault(bare, patterns) is None
        return "scheme", "has no scheme", f"write {escaped(bare)}" if known else "'https://app.example'"
    if scheme.lower() == "file":
        return "file", "is never sent: browsers send 'null' for local files", "serve the page over https"
    if text != text.lower():
        return "case", "is never sent: browsers send origins in lower case", f"write {escaped(text.lower())}"
    authority = rest
    for delimiter in "/?#\\":
        authority = authority.partition(delimiter)[0]
    if authority != rest:
        bare = f"{scheme}://{authority}"
        return "path", "has more than scheme, host and port", f"write {escaped(bare)}" if authority else "name a host"
    if "@" in authority:
        bare = f"{scheme}://{authority.rpartition('@')[2]}"
        return "userinfo", "has a user name, which is no part of an origin", f"write {escaped(bare)}"
    if "*" in text and not patterns:
        return "pattern", "is a pattern", "name each origin"
    subdomains, exact = _without_stars(text)
    taken = _grammar.origin.fullmatch(exact)
    if taken is None or len(text) > _LONGEST:
        return _fault_of_syntax(exact)
    port = taken[3] or ""
    if port and (int(port) > 65535 or text.endswith(_ANY_PORT)):
        return "port", "has a port that is none", "1 to 65535, or none for the default one"
    if port and port == DEFAULT_PORTS.get(scheme):
        bare = text.removesuffix(f":{port}")
        return "port.default", "is never sent: browsers leave the default port out", f"write {escaped(bare)}"
    return _fault_of_host(taken[2], subdomains)


def _fault_of_syntax(exact: str) -> tuple[str, str, str]:
    if "*" in exact:
        fix = "a star stands for all labels in front or for the port: 'https://*.example.com:*'"
        return "pattern", "has a star where none can stand", fix
    host, colon, port = exact.partition("://")[2].rpartition(":")
    if colon and (_grammar.host_name.fullmatch(host) or _grammar.ip_literal.fullmatch(host)):
        return "port", "has a port that is none", "1 to 65535 without leading zeros, or none for the default one"
    return "host", "has a host that is none", "'https://app.example', 'https://[2001:db8::1]'"


def _fault_of_host(host: str, subdomains: bool) -> tuple[str, str, str] | None:
    name = host.removesuffix(".")
    labels = name.split(".")
    # No top-level domain begins with a digit, and browsers read such hosts as IPv4 addresses (URL, "host parsing").
    address = host.startswith("[") or labels[-1][0].isdigit()
    if address and subdomains:
        return "pattern", "has a star in front of an address", "addresses have no names below them"
    if address:
        return _fault_of_address(host)
    if len(host) + len(_BELOW) * subdomains > _LONGEST_HOST:
        return "host", "has a host of more than 253 characters", "name a host that can exist"
    if not all(map(_can_be_encoded, labels)):
        return "host", "has a label that is no Punycode", "write it as browsers encode it"
    if subdomains and len(labels) == 1:
        return "suffix", "allows whoever registers a name there", "put the star below a name of your own"
    return None


def _fault_of_address(host: str) -> tuple[str, str, str] | None:
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return "address", "has an address that is none", "'https://192.0.2.1', 'https://[2001:db8::1]'"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return "address", "has an IPv4 address in IPv6 form", f"write {escaped(str(address.ipv4_mapped))}"
        if host != f"[{address.compressed}]":
            fix = f"write {escaped(f'[{address.compressed}]')}"
            return "address", "is never sent: browsers compress IPv6 addresses (RFC 5952 4)", fix
    return None


def _can_be_encoded(label: str) -> bool:
    """Whether a label that begins as encoded ones do is the encoding of something (RFC 5890 2.3.2.1)."""
    if not label.startswith("xn--"):
        return True
    try:
        text = label[4:].encode().decode("punycode")
        return not text.isascii() and text.encode("punycode").decode() == label[4:]
    except UnicodeError:
        return False


class Origins:
    """A set of origins, compiled so that no question about it takes longer where there are more of them.

    origin in origins   whether an Origin field, which may be any text, is one of them
    exact               those named one by one, as they are sent
    patterns            whether there are others
    """

    __slots__ = ("_ports", "exact", "patterns")

    def __init__(self, origins: Iterable[str]) -> None:
        """Compile origins that `check_origin` found nothing wrong with."""
        exact: set[str] = set()
        # The ports by "scheme://host", of the names below a host by "scheme://.host".
        self._ports: dict[str, set[str]] = {}
        for text in origins:
            pattern = parse(text)
            if pattern.subdomains or pattern.port == ANY:
                key = f"{pattern.scheme}://{'.' if pattern.subdomains else ''}{pattern.host}"
                self._ports.setdefault(key, set()).add(pattern.port)
            else:
                exact.add(text)
        self.exact = frozenset(exact)
        self.patterns = bool(self._ports)

    def __contains__(self, origin: str) -> bool:
        return origin in self.exact or self.fit(origin)

    def fit(self, origin: str) -> bool:
        """Whether an Origin field, which may be any text, fits a pattern; the exact ones are not asked for."""
        taken = _grammar.origin.fullmatch(origin) if self.patterns and len(origin) <= _LONGEST else None
        if taken is None:
            return False
        scheme, host, port = taken.groups(default="")
        if port and (int(port) > 65535 or port == DEFAULT_PORTS.get(scheme)):
            return False  # no browser sends it, and it is another text than the origin that is meant
        known, ports = self._ports, {port, ANY}
        if not ports.isdisjoint(known.get(f"{scheme}://{host}", ())):
            return True
        dot = host.find(".")
        while dot != -1:
            if not ports.isdisjoint(known.get(f"{scheme}://{host[dot:]}", ())):
                return True
            dot = host.find(".", dot + 1)
        return False
