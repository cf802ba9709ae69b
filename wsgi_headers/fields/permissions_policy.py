"""Permissions-Policy: which features of a browser a page and the frames in it may use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Any

from .. import _structured
from .._frozen_mapping import FrozenMapping
from .._part import Part, near_miss
from .._structured import InnerList, Item, Parameters, Token
from ..errors import NOTHING, Problem, Problems
from ..typed_field import TypedField, unreadable
from .dictionaries import members_of, named_options
from .reporting_endpoints import check_reporting, reported_to, undeclared

# The features that browsers know, or knew until lately: features.md of w3c/webappsec-permissions-policy, and the names
# in permissions_policy_features.json5 of Chromium. Before each group, the specifications that define most of it.
FEATURES = (
    # Devices: Generic Sensor, Media Capture, Geolocation, Battery, Web Bluetooth, WebHID, Web Serial, WebUSB, Web MIDI
    *"accelerometer ambient-light-sensor battery bluetooth camera compute-pressure gamepad geolocation".split(),
    *"gyroscope haptics hid magnetometer microphone midi serial usb xr-spatial-tracking".split(),
    # What a page shows, plays and records: HTML, Fullscreen, Picture-in-Picture, Screen Capture, Encrypted Media
    *"all-screens-capture autoplay captured-surface-control display-capture encrypted-media fullscreen".split(),
    *"keyboard-map media-playback-while-not-visible mediasession on-device-speech-recognition".split(),
    *"picture-in-picture screen-wake-lock speaker-selection web-share window-management".split(),
    # What a page learns and keeps: Clipboard, Local Font Access, Idle Detection, Storage Access, Device Attributes
    *"aria-notify autofill clipboard-read clipboard-write device-attributes idle-detection local-fonts".split(),
    *"manual-text shared-autofill storage-access".split(),
    # Networks: Local Network Access, Direct Sockets, Fetch
    *"deferred-fetch deferred-fetch-minimal direct-sockets direct-sockets-multicast direct-sockets-private".split(),
    *"local-network local-network-access loopback-network".split(),
    # Credentials and payment: WebAuthn, FedCM, WebOTP, Digital Credentials, Payment Request, Web Monetization
    *"digital-credentials-create digital-credentials-get identity-credentials-get monetization".split(),
    *"otp-credentials payment publickey-credentials-create publickey-credentials-get".split(),
    # Machine learning on the device: Prompt, Summarizer, Writer, Rewriter, Translator, Language Detector
    *"language-detector language-model proofreader rewriter summarizer translator writer".split(),
    # Advertising: Topics, Attribution Reporting, Protected Audience, Shared Storage, Private State Tokens
    *"attribution-reporting browsing-topics conversion-measurement fenced-unpartitioned-storage-read".split(),
    *"interest-cohort join-ad-interest-group private-aggregation private-state-token-issuance".split(),
    *"private-state-token-redemption record-ad-auction-events run-ad-auction shared-storage".split(),
    *"shared-storage-select-url trust-token-redemption".split(),
    # How a page runs: HTML, Page Lifecycle, CSS Spatial Navigation
    *"cross-origin-isolated document-domain execution-while-not-rendered execution-while-out-of-viewport".split(),
    *"focus-without-user-activation navigation-override popins sync-script sync-xhr unload".split(),
    *"vertical-scroll web-app-installation window-placement".split(),
    # Apps that are installed in isolation: Controlled Frame, Web Smart Card, Sub Apps, Web Printing
    *"controlled-frame smart-card sub-apps usb-unrestricted web-printing".split(),
    # Client hints that frames may ask for: Client Hints Infrastructure
    *"ch-device-memory ch-downlink ch-dpr ch-ect ch-prefers-color-scheme ch-prefers-reduced-motion".split(),
    *"ch-prefers-reduced-transparency ch-rtt ch-save-data ch-ua ch-ua-arch ch-ua-bitness ch-ua-form-factors".split(),
    *"ch-ua-full-version ch-ua-full-version-list ch-ua-high-entropy-values ch-ua-mobile ch-ua-model".split(),
    *"ch-ua-platform ch-ua-platform-version ch-ua-wow64 ch-viewport-height ch-viewport-width ch-width".split(),
)

# Names of earlier days that browsers ignore, and what took their place.
_RENAMED = MappingProxyType(
    {
        "vr": "xr-spatial-tracking",
        "wake-lock": "screen-wake-lock",
        "vibrate": "no browser knows it any more",
        "speaker": "speaker-selection",
        "notifications": "no browser knows it any more",
        "push": "no browser knows it any more",
    }
)

# Permissions Policy 5.2: the elements of an allowlist are `self`, `src` (of attributes alone) and origins; newer drafts
# let a host begin with a star for its subdomains.
_origin = re.compile(r"(?:https?|wss?)://(?:\*\.)?(?:[a-z0-9_\-]+(?:\.[a-z0-9_\-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")

_CODE = "permissions_policy"
_REFERENCE = "Permissions Policy 5.2"


class PermissionsPolicy(TypedField):
    """Value of the Permissions-Policy response field, or of its report-only twin.

    Permissions Policy 6.1; a dictionary of allowlists (RFC 9651). One member that does not parse voids the whole field.

        camera=(), geolocation=(self "https://a.example"), fullscreen=*

    features      allowlists by feature, as a mapping or by keyword (`display_capture` for `display-capture`): () for
                  nobody, "*" for everybody, or `self` and origins, one alone or several in a list
    report_only   True: violations are reported and nothing is denied
    report_to     the endpoint that violations of these features are reported to; else the one named `default`

    Raises PolicyError for a feature that browsers do not know and for an allowlist that they would read as empty.

    >>> PermissionsPolicy(camera=(), geolocation=["self", "https://a.example"], fullscreen="*").serialize()
    'camera=(), geolocation=(self "https://a.example"), fullscreen=*'
    """

    field_name = "Permissions-Policy"
    open_argument = "features"

    features: FrozenMapping[tuple[str, ...]]
    report_only: bool
    report_to: str | None

    def __init__(
        self,
        features: Mapping[str, str | Iterable[str]] | None = None,
        /,
        *,
        report_only: bool = False,
        report_to: str | None = None,
        **named: str | Iterable[str] | None,
    ) -> None:
        problems = Problems()
        where = "PermissionsPolicy"
        by_name = {self.option_name(name): value for name, value in named.items()}
        given = named_options(problems, where, _CODE, features, by_name)
        if not given and not problems:
            problems.add(f"{_CODE}.empty", where, NOTHING, "names no feature", "PermissionsPolicy(camera=())")
        kept = {}
        for feature, allowlist in given.items():
            place = f"{where}[{feature!r}]"
            if feature not in FEATURES:
                fix = near_miss(feature, FEATURES) if feature not in _RENAMED else f"now: {_RENAMED[feature]}"
                problems.add(f"{_CODE}.feature", place, feature, "is no feature", fix, "Permissions Policy 6.1")
            kept[feature] = _checked_allowlist(problems, place, allowlist)
        check_reporting(problems, where, _CODE, report_only, report_to)
        problems.raise_any()
        self._keep(features=FrozenMapping(kept), report_only=report_only, report_to=report_to)

    def serialize(self) -> str:
        """Return the dictionary of allowlists."""
        parameters: Parameters = (("report-to", Token(self.report_to)),) if self.report_to is not None else ()
        members: dict[str, Item | InnerList] = {}
        for feature, allowlist in self.features.items():
            if allowlist == ("*",):
                members[feature] = Item(Token("*"), parameters)
            else:
                items = tuple(Item(Token(one) if one == "self" else one) for one in allowlist)
                members[feature] = InnerList(items, parameters)
        return _structured.serialize_dictionary(members)

    @classmethod
    def parse(cls, text: str, *, report_only: bool = False) -> PermissionsPolicy:
        """Return the field whose value is `text`. Raises PolicyError, also for what browsers skip in it."""
        members = members_of(cls, text, "Permissions Policy 6.1")
        features: dict[str, list[str]] = {}
        for feature, member in members.items():
            listed = isinstance(member, InnerList)
            features[feature] = [_allowed(cls, text, item, listed) for item in (member.items if listed else (member,))]
        endpoint = reported_to(cls, text, (member.parameters for member in members.values()))
        return cls(features, report_only=report_only, report_to=endpoint)

    @classmethod
    def option_name(cls, name: str) -> str:
        """Return the feature that is meant by a keyword."""
        return name.replace("_", "-")

    def unresolved(self, whole: Sequence[Part]) -> Iterable[Problem]:
        """Return that no ReportingEndpoints of the policy declares what report_to names."""
        return undeclared("PermissionsPolicy.report_to", [self.report_to] if self.report_to else [], whole)


def _checked_allowlist(problems: Problems, where: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = (value,)
    if isinstance(value, (bytes, Mapping, AbstractSet)) or not isinstance(value, Iterable):
        fix = "(), '*', or a list of 'self' and origins"
        problems.add(f"{_CODE}.allowlist", where, value, "is no allowlist", fix, _REFERENCE)
        return ()
    allowlist = tuple(value)
    for position, one in enumerate(allowlist):
        place = f"{where}[{position}]"
        if not isinstance(one, str):
            problems.add(f"{_CODE}.allowlist", place, one, "is no str", "'self' or an origin", _REFERENCE)
        elif one == "*" and len(allowlist) > 1:
            problems.add(f"{_CODE}.star", place, one, "stands beside others", "let it stand alone", _REFERENCE)
        elif one in allowlist[:position]:
            problems.add(f"{_CODE}.repeated", place, one, "is repeated", "name it once")
        elif one not in ("*", "self") and _origin.fullmatch(one) is None:
            problems.add(f"{_CODE}.origin", place, one, "is no origin", _origin_fix(one), _REFERENCE)
    return tuple(str.__str__(one) if isinstance(one, str) else one for one in allowlist)


def _origin_fix(one: str) -> str:
    bare = one.strip("'\"()").lower()
    if bare == "none" or not bare:
        return "() allows nobody"
    if bare in ("self", "src"):
        return "write 'self', without quotes of its own"
    if " " in one or "," in one:
        return "one origin each, in a list"
    if "/" in one.partition("://")[2]:
        return "an origin has no path: 'https://example.com'"
    return "'self', or an origin in lower case: 'https://example.com'"


def _allowed(field: type[TypedField], text: str, item: Item, listed: bool) -> str:
    value = item.value
    if isinstance(value, Token) and (value.text == "self" or (value.text == "*" and not listed)):
        return value.text
    if isinstance(value, str) and value not in ("self", "*") and (listed or not item.parameters):
        return value
    raise unreadable(field, text, "has an allowlist with something that browsers skip", _REFERENCE)
