"""The files of the inbox page, and the part of the native API that it uses. atest/inbox shows it in a browser."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

import smtpmock.http.pages
from tests.http.conftest import send

ASSETS = sorted(Path(smtpmock.http.pages.__file__).parent.joinpath("assets").iterdir())
SVG = b"http://www.w3.org/2000/svg"
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")


def deliver(mock, html, image=PNG, kind="image/png"):
    """Deliver a message with HTML and an image whose Content-ID is logo."""
    raw = (
        "Subject: hi\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n"
        f"--b\r\nContent-Type: {kind}\r\nContent-ID: <logo>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{base64.encodebytes(image).decode()}\r\n--b--\r\n"
    )
    return mock.deliver(raw.encode(), "a@example.com", ["b@example.com"])


@pytest.mark.parametrize("file", ASSETS, ids=lambda file: file.name)
def test_file_is_served_as_what_it_is_and_names_no_other_host(client, file):
    answer = client.ask("GET", f"/assets/{file.name}")
    kind = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}

    assert answer.content == file.read_bytes()
    assert answer.headers["Content-Type"] == kind[file.suffix]
    assert b"innerHTML" not in answer.content
    assert set(re.findall(rb"https?://[a-z][^\"]*", answer.content)) <= {SVG}  # a name, which nothing is loaded from


@pytest.mark.parametrize("file", ASSETS, ids=lambda file: file.name)
def test_no_file_is_too_long(file):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 500


def test_every_module_that_is_imported_is_there():
    for file in ASSETS:
        for name in re.findall(r'(?:from|import) "\./([^"]+)"', file.read_text(encoding="utf-8")):
            assert file.with_name(name) in ASSETS


@pytest.mark.parametrize("path", ["/", "/view/latest", "/view/x-1"])
def test_page_is_there_for_the_inbox_and_for_each_message(client, path):
    answer = client.ask("GET", path)

    assert answer.status == 200
    assert b"<inbox-page>" in answer.content
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_list_has_the_fields_that_are_asked_for(mock, client):
    send(mock)
    message = mock.message()

    assert client.get("/messages", fields="id,subject").json["messages"] == [
        {"id": message.id, "subject": message.subject}
    ]
    [session] = client.get("/sessions", fields="number,exchanges").json["sessions"]
    assert list(session) == ["number", "exchanges"]
    assert session["exchanges"][0]["stage"] == "connect"
    assert client.get("/wait", fields="id").json["messages"] == [{"id": message.id}]
    assert list(client.get("/wait", **{"for": "session"}, fields="number").json["sessions"][0]) == ["number"]
    assert client.get("/wait", **{"for": "session"}, fields="subject").detail.startswith("Unknown field 'subject'")
    refused = client.get("/messages", fields="id,subjekt")
    assert refused.status == 400
    assert "subjekt" in refused.detail
    assert "subject" in refused.detail
    assert client.delete("/messages", fields="id").json["messages"] == [{"id": message.id}]


def test_codes_of_a_message_are_listed(mock, client):
    mock.deliver(b"Subject: hi\r\n\r\nYour code is 493021.\r\n", "a@example.com", ["b@example.com"])

    assert client.get("/messages/latest").json["codes"] == ["493021"]


def test_html_for_a_frame_loads_nothing_until_it_is_asked_to(mock, client):
    deliver(
        mock,
        '<img src="cid:logo"><img src="https://evil.example/1.png"><script>x()</script><link rel=preconnect '
        'href="https://evil.example"><b onclick="x()">hi</b>',
    )

    embedded = client.get("/messages/latest/html", embed="true")
    assert b"data:image/png;base64,iVBOR" in embedded.content
    assert b"<b>hi</b>" in embedded.content
    assert b"evil.example" not in embedded.content
    assert b"x()" not in embedded.content
    policy = embedded.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "http:" not in policy
    assert "allow-scripts" not in policy

    remote = client.get("/messages/latest/html", remote="true")
    assert b"https://evil.example/1.png" in remote.content
    assert "img-src data: http: https:" in remote.headers["Content-Security-Policy"]
    assert "allow-scripts" not in remote.headers["Content-Security-Policy"]
    assert "script-src" not in remote.headers["Content-Security-Policy"]

    plain = client.get("/messages/latest/html")
    assert b"cid:logo" in plain.content
    assert plain.headers["Content-Security-Policy"].startswith("sandbox;")


def test_image_that_is_used_often_is_embedded_within_a_bound(mock, client):
    deliver(mock, '<img src="cid:logo">' * 100, b"x" * 1_000_000)

    answer = client.get("/messages/latest/html", embed="true")
    assert answer.content.count(b"data:image/png") == 20
    assert len(answer.content) < 30_000_000
