"""What goes to the log: events with data, escaped, and bounded in rate."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

import wsgi_headers
from wsgi_headers import _log
from wsgi_headers._log import BURST, INTERVAL, Log, Silence, plain


class Clock:
    """A clock that a test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(_log.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_a_record_has_a_message_and_the_same_as_data(caplog: pytest.LogCaptureFixture) -> None:
    """A handler may read either."""
    Log().warn("cookie.withheld", "%(cookie)s is withheld", cookie="ads")

    (record,) = caplog.records
    assert (record.name, record.levelno, record.getMessage()) == ("wsgi_headers", logging.WARNING, "ads is withheld")
    assert {key: record.__dict__[key] for key in ("event", "count", "cookie")} == {
        "event": "cookie.withheld",
        "count": 1,
        "cookie": "ads",
    }


def test_a_flood_is_told_now_and_then_and_counted(caplog: pytest.LogCaptureFixture, clock: Clock) -> None:
    """What is not told is counted in the next record; nothing is lost."""
    log = Log()
    for _ in range(1000):
        log.warn("a", "a")
    clock.now += INTERVAL
    log.warn("a", "a")
    log.warn("a", "a")

    counts = [record.__dict__["count"] for record in caplog.records]
    assert counts == [1] * BURST + [1000 - BURST + 1]


def test_a_pause_lets_a_burst_come_again_and_no_more(caplog: pytest.LogCaptureFixture, clock: Clock) -> None:
    """However long the pause was."""
    log = Log()
    for _ in range(2):
        for _ in range(3 * BURST):
            log.warn("a", "a")
        clock.now += 1000 * INTERVAL

    assert len(caplog.records) == 2 * BURST


def test_kinds_do_not_silence_each_other(caplog: pytest.LogCaptureFixture, clock: Clock) -> None:
    """Each event has a bound of its own, and each log."""
    log = Log()
    for _ in range(3 * BURST):
        log.warn("a", "a")
    log.warn("b", "b")
    Log().warn("a", "a")

    assert [record.__dict__["event"] for record in caplog.records] == ["a"] * BURST + ["b", "a"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sid", "sid"),
        ("a\r\nb", "a\\r\\nb"),
        ("caf\xe9 \x1b[0m", "caf\\xe9 \\x1b[0m"),
        ("\u202e", "\\u202e"),
        ("x" * 300, "x" * 200),
        ("\n" * 300, "\\n" * 100),
    ],
    ids=["plain", "line break", "escape sequence", "bidi", "long", "long once escaped"],
)
def test_texts_are_one_plain_line(text: str, told: str, caplog: pytest.LogCaptureFixture) -> None:
    """A client can write names and paths, and a log is read by terminals."""
    assert plain(text) == told
    Log().warn("a", "%(reason)s", reason=text)

    (record,) = caplog.records
    assert record.getMessage() == record.__dict__["reason"] == told


def test_silence_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """What is tried out leaves no trace."""
    Silence().warn("a", "a")

    assert caplog.records == []


# An event where it is told, or where a guard decides; with a reason, the third group is empty and it is told.
EVENT = re.compile(r'(?:\.warn\(|Decision\(|event =)\s*"([a-z_.]+)"(?: if [a-z_.]+ else "([a-z_.]+)")?(, "")?')


def test_every_event_is_in_the_readme() -> None:
    """In a table that says what happened: whoever filters the log finds each code there."""
    package = Path(wsgi_headers.__file__).parent
    found = [match for path in package.rglob("*.py") for match in EVENT.findall(path.read_text())]
    events = {event for *told, untold in found if not untold for event in told if event}
    tables = [line for line in (package.parent / "README.md").read_text().splitlines() if line.startswith("| `")]

    assert {"cookie.withheld", "cross_origin.reported", "cross_origin.refused", "reports.report"} <= events
    assert not {event for event in events if not any(f"`{event}`" in line for line in tables)}
