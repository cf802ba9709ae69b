"""Content-Disposition: names of files that every browser reads alike."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsgi_headers import ContentDisposition, PolicyError
from wsgi_headers._grammar import declared_value

# (filename, disposition, text). RFC 6266 5 has the euro sign.
TEXTS: list[tuple[str | None, str, str]] = [
    (None, "attachment", "attachment"),
    (None, "inline", "inline"),
    ("report.pdf", "attachment", 'attachment; filename="report.pdf"'),
    ("an example.html", "inline", 'inline; filename="an example.html"'),
    ("a;b,c=d.txt", "attachment", 'attachment; filename="a;b,c=d.txt"'),
    ("100% sure.txt", "attachment", 'attachment; filename="100% sure.txt"'),
    (".htaccess", "attachment", 'attachment; filename=".htaccess"'),
    (
        "\u20ac rates.txt",
        "attachment",
        "attachment; filename=\"_ rates.txt\"; filename*=UTF-8''%E2%82%AC%20rates.txt",
    ),
    ("na\xefve.txt", "attachment", "attachment; filename=\"naive.txt\"; filename*=UTF-8''na%C3%AFve.txt"),
    ("nai\u0308ve.txt", "attachment", "attachment; filename=\"naive.txt\"; filename*=UTF-8''nai%CC%88ve.txt"),
    ("\u65e5\u672c.pdf", "inline", "inline; filename=\"__.pdf\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.pdf"),
    ('say "hi".txt', "attachment", "attachment; filename=\"say _hi_.txt\"; filename*=UTF-8''say%20%22hi%22.txt"),
    ("a%20b.txt", "attachment", "attachment; filename=\"a_20b.txt\"; filename*=UTF-8''a%2520b.txt"),
    ("it's (1)*.txt", "attachment", 'attachment; filename="it\'s (1)*.txt"'),
    ("\xe9't*(1).txt", "attachment", "attachment; filename=\"e't*(1).txt\"; filename*=UTF-8''%C3%A9%27t%2A%281%29.txt"),
    # Letters of other widths, whose plain forms are a path, quotes, dots or nothing.
    ("\uff0e\uff0e", "attachment", "attachment; filename=\"__\"; filename*=UTF-8''%EF%BC%8E%EF%BC%8E"),
    ("\uff0fetc", "attachment", "attachment; filename=\"_etc\"; filename*=UTF-8''%EF%BC%8Fetc"),
    ("a\uff02; b", "attachment", "attachment; filename=\"a_; b\"; filename*=UTF-8''a%EF%BC%82%3B%20b"),
    ("\u0301", "attachment", "attachment; filename=\"_\"; filename*=UTF-8''%CC%81"),
]

# id: (arguments, codes, what the first fix says)
NAME = "content_disposition.filename"
REFUSED: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "path": ({"filename": "../../etc/passwd"}, [NAME], "write 'passwd'"),
    "path of Windows": ({"filename": "C:\\a.txt"}, [NAME], "write 'a.txt'"),
    "path to nothing": ({"filename": "a/"}, [NAME], "give a name"),
    "empty": ({"filename": ""}, [NAME], "or None"),
    "here": ({"filename": "."}, [NAME], "or None"),
    "above": ({"filename": ".."}, [NAME], "or None"),
    "line feed": ({"filename": "a\r\nSet-Cookie: b"}, [NAME], "leave them out"),
    "nul": ({"filename": "a.txt\0.exe"}, [NAME], "leave them out"),
    "line separator": ({"filename": "a\u2028b"}, [NAME], "leave them out"),
    "surrogate": ({"filename": "a\udcff"}, [NAME], "leave them out"),
    "turned": ({"filename": "annual\u202efdp.exe"}, [NAME], "turn text"),
    "blank at an end": ({"filename": " a.txt"}, [NAME], "leave them out"),
    "no text": ({"filename": b"a.txt"}, [NAME], "text"),
    "form-data": ({"disposition": "form-data"}, ["content_disposition.disposition"], "attachment, inline"),
    "misspelt": ({"disposition": "attachement"}, ["content_disposition.disposition"], "Did you mean 'attachment'?"),
    "no disposition": ({"disposition": None}, ["content_disposition.disposition"], "'attachment'"),
    "both": ({"filename": 5, "disposition": 6}, [NAME, "content_disposition.disposition"], ""),
}

# (text, filename), as RFC 6266 and RFC 8187 read it
READ: list[tuple[str, str | None]] = [
    ("ATTACHMENT", None),
    ("attachment;", None),
    ("attachment; filename=report.pdf", "report.pdf"),
    ('attachment; FileName = "report.pdf"', "report.pdf"),
    ("attachment; filename*=utf-8'en'%c3%a9.txt; filename=\"e.txt\"", "\xe9.txt"),
    ("attachment; filename*=UTF-8''%41", "A"),
    (r'attachment; filename="\"a\".txt"', '"a".txt'),
]
UNREADABLE = [
    "",
    ";",
    "attachment=1",
    "form-data",
    "filename=a.txt",
    'attachment; filename="a"; filename="b"',
    "attachment; filename",
    "attachment; filename=a b.txt",
    'attachment; filename="a',
    'attachment; filename="\xe9.txt"',
    'attachment; filename="a/b"',
    "attachment; filename*=ISO-8859-1''%E9",
    "attachment; filename*=UTF-8''%E9",
    "attachment; filename*=UTF-8''%0D%0A",
    "attachment; filename*=UTF-8''a%2Fb",
    "attachment; filename*=%41",
    "attachment; filename*=UTF-8''a%2",
    "attachment; size=5",
    "attachment, inline",
]


@pytest.mark.parametrize(("filename", "disposition", "text"), TEXTS, ids=[ascii(text) for _, _, text in TEXTS])
def test_text(filename: str | None, disposition: str, text: str) -> None:
    """A name goes out in quotes, and in a second form where browsers would differ on the first."""
    field = ContentDisposition(filename, disposition=disposition)
    assert field.serialize() == text
    assert ContentDisposition.parse(text) == field


@pytest.mark.parametrize(("options", "codes", "fix"), REFUSED.values(), ids=REFUSED)
def test_refused(options: dict[str, Any], codes: list[str], fix: str) -> None:
    """What is no name of a file, or deceives whoever sees it, is refused."""
    with pytest.raises(PolicyError) as caught:
        ContentDisposition(**options)
    assert [problem.code for problem in caught.value.problems] == codes
    assert fix in caught.value.problems[0].fix


@pytest.mark.parametrize(("text", "filename"), READ)
def test_read(text: str, filename: str | None) -> None:
    """Either form is read, the second one first."""
    assert ContentDisposition.parse(text) == ContentDisposition(filename)


@pytest.mark.parametrize("text", UNREADABLE)
def test_unreadable(text: str) -> None:
    """What browsers read in different ways, or what would be lost, is refused."""
    with pytest.raises(PolicyError):
        ContentDisposition.parse(text)


def test_replace() -> None:
    """Either argument is replaced under its name."""
    field = ContentDisposition("a.txt")
    assert field.replace(disposition="inline") == ContentDisposition("a.txt", disposition="inline")
    assert field.replace(filename=None) == ContentDisposition()


@given(st.text(max_size=12) | st.text('a\xe9"\\%20;\uff0e\u202e .', max_size=8))
def test_accepted_or_refused(filename: str) -> None:
    """Whatever comes is refused, or can be written in ASCII and read again, with a fallback that is one name."""
    try:
        field = ContentDisposition(filename)
    except PolicyError:
        return
    text = field.serialize()
    assert text.isascii() and declared_value.fullmatch(text)
    assert ContentDisposition.parse(text) == field
    fallback = text.partition(' filename="')[2].partition('"')[0]
    assert ContentDisposition(fallback).serialize() == f'attachment; filename="{fallback}"'


@given(st.text("atchmen;=*\"'%UTF-8\\ \xe9", max_size=30).map("attachment; filename".__add__))
def test_any_text(text: str) -> None:
    """No text does more than be refused."""
    try:
        field = ContentDisposition.parse(text)
    except PolicyError:
        return
    assert ContentDisposition.parse(field.serialize()) == field
