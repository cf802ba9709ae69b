"""Signatures of cookie values: bound to the name, with one key that signs and retired ones that verify.

The format is itsdangerous' own and fixed for good: `Signer`, or `TimestampSigner` where there is a longest age;
SHA-256, key derivation "hmac", separator ".", salt "wsgi_headers.cookie." and the name that the application uses. So
a cookie is verified by whoever has the key, with itsdangerous alone.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import re
from collections.abc import Sequence
from typing import Any

SALT = "wsgi_headers.cookie."
_FORMAT: dict[str, Any] = {"sep": ".", "digest_method": hashlib.sha256}

# NIST SP 800-107 5.3.4: an HMAC is no stronger than its key; 128 bits are the least that is still recommended
# (SP 800-131A 10).
KEY_OCTETS = 16

# RFC 4648 5, without padding: the 32 octets of SHA-256 are 43 characters, of which the last holds four bits and
# two zeros. A decoder that forgives other characters or bits would let one signature be written in several ways.
_SIGNATURE = 43
_signature = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
_looks_signed = re.compile(r".*\.[A-Za-z0-9_=+/-]{43,44}", re.DOTALL)


def is_installed() -> bool:
    """Whether itsdangerous, of the extra `signing`, is there."""
    return importlib.util.find_spec("itsdangerous") is not None


def looks_signed(value: str) -> bool:
    """Whether a value has the form of a signed one, valid or not."""
    return _looks_signed.fullmatch(value) is not None


def octets(key: str | bytes) -> bytes:
    """Return the octets of a key; text is UTF-8."""
    return key.encode() if isinstance(key, str) else key


class Signature:
    """Signs and verifies the values of the cookies of one name; values are latin-1 text, an octet a character.

    max_age   seconds after which a signature no longer counts, and neither does one without a stamp or with one from
              the future; None: signatures have no age
    """

    def __init__(
        self, name: str, key: str | bytes, retired_keys: Sequence[str | bytes] = (), max_age: int | None = None
    ) -> None:
        self._salt = SALT + name
        # itsdangerous signs with the last key of a list and verifies with any.
        self._keys = [octets(each) for each in (*retired_keys, key)]
        self._max_age = max_age

    @functools.cached_property
    def _signer(self) -> Any:
        """What signs; made when it is first needed, since a client may send any number of names that a pattern fits.

        itsdangerous derives each key from the salt for every value, which costs as much as the signature: here that is
        done once.
        """
        from itsdangerous import Signer, TimestampSigner

        kind = Signer if self._max_age is None else TimestampSigner
        derived = [Signer(key, self._salt, **_FORMAT, key_derivation="hmac").derive_key() for key in self._keys]
        return kind(derived, self._salt, **_FORMAT, key_derivation="none")

    @functools.cached_property
    def _unsign(self) -> Any:
        unsign = self._signer.unsign
        return unsign if self._max_age is None else functools.partial(unsign, max_age=self._max_age)

    def sign(self, value: str) -> str:
        """Return the value as it goes over the wire."""
        signed: bytes = self._signer.sign(value.encode("latin-1"))
        return signed.decode("latin-1")

    def verify(self, value: str) -> str | None:
        """Return the value that was signed, None where the signature does not count, whatever the cause."""
        if value[-_SIGNATURE - 1 : -_SIGNATURE] != "." or _signature.fullmatch(value, len(value) - _SIGNATURE) is None:
            return None
        try:
            verified: bytes = self._unsign(value.encode("latin-1"))
            return verified.decode("latin-1")
        except (_bad_signature(), OSError, OverflowError, ValueError):
            # Not BadSignature: characters beyond latin-1, and a stamp of a year that Python has no date for.
            return None


def _bad_signature() -> type[Exception]:
    from itsdangerous import BadSignature

    return BadSignature
