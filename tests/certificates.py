"""Certificates of an authority that exists for one test run, for servers that speak TLS."""

from __future__ import annotations

import base64
import hashlib
import ssl
from pathlib import Path
from typing import NamedTuple

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Certificate(NamedTuple):
    """A certificate for the names of a test.

    file   the path of the certificate and its private key, PEM
    trust  what a client trusts that trusts it
    pin    the hash of its public key by which Chromium is told to trust it (RFC 7469 2.4)
    """

    file: Path
    trust: ssl.SSLContext
    pin: str


def certificate(home: Path, *names: str) -> Certificate:
    """Make a certificate for names and addresses; its file is put into `home`."""
    authority = trustme.CA()
    issued = authority.issue_cert(*names)
    file = home / "certificate.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(file)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    key = x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes()).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return Certificate(file, trust, base64.b64encode(digest).decode())
