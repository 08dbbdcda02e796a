"""Hostile mail through every endpoint, and hostile requests."""

from __future__ import annotations

import json
from email.message import Message as HeaderReader
from smtplib import SMTP
from urllib.parse import quote, unquote

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from smtpmock import SMTPMock
from smtpmock.http.downloads import content_disposition
from smtpmock.http.mailpit.view import POLICY
from tests.shapes import SHAPES

READS = (
    *("/api/v1/message/{}", "/api/v1/message/{}/headers", "/api/v1/message/{}/raw", "/api/v1/message/{}/raw?dl=1"),
    *("/view/{}.html", "/view/{}.txt"),
)
RESPONSE_HEADERS = {
    *("date", "content-type", "content-length", "content-disposition", "content-security-policy", "referrer-policy"),
    *("x-content-type-options", "cache-control"),
}
INJECTIONS = {
    "line ends": "a%0D%0ASet-Cookie: x=1%0D%0A%0D%0A<script>alert(1)</script>",
    "a quote": 'a"; filename=b.html; x="',
    "folders": "../../etc/passwd%00.png",
    "folders of Windows": "..\\\\..\\\\boot.ini",
    "a reversed ending": "gepj.‮exe",
    "markup": "<img src=x onerror=alert(1)>.svg",
    "emoji": "😀.pdf",
    "length": "x" * 5000,
    "nothing": "",
}


@pytest.fixture(scope="module")
def mock():
    with SMTPMock(http_port=0) as mock:
        yield mock
        assert mock.errors == []


@pytest.fixture(scope="module")
def pool():
    with urllib3.PoolManager(retries=False, timeout=60) as pool:
        yield pool


@pytest.fixture
def fetch(mock, pool):
    """Gets a path, and checks what holds for every response."""

    def fetch(path: str, *statuses: int):
        response = pool.request("GET", mock.http_url + path)
        assert response.status in (statuses or (200,)), (path, response.status, response.data[:500])
        assert {name.lower() for name in response.headers} <= RESPONSE_HEADERS, path
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        for value in response.headers.values():
            assert value.isascii(), (path, value)
            assert value.isprintable(), (path, value)
        if response.headers["Content-Type"] == "application/json":
            json.loads(response.data)
        elif "html" in response.headers["Content-Type"]:
            assert "sandbox" in response.headers["Content-Security-Policy"]
        return response

    return fetch


def deliver(mock: SMTPMock, raw: bytes) -> str:
    mock.purge()
    return mock.deliver(raw, "a@example.com", ["b@example.com"]).id


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_mail_is_shown(mock, fetch, shape):
    identity = deliver(mock, SHAPES[shape].mail(5_000))

    for path in READS:
        fetch(path.format(identity), *((200, 404) if path.endswith(".html") else (200,)))
    shown = json.loads(fetch(f"/api/v1/message/{identity}").data)
    for attachment in (*shown["Attachments"], *shown["Inline"])[:3]:
        part = fetch(f"/api/v1/message/{identity}/part/{attachment['PartID']}")
        assert len(part.data) == attachment["Size"]
        assert part.headers["Content-Disposition"].startswith("attachment; ")
    [listed] = json.loads(fetch("/api/v1/messages").data)["messages"]
    assert listed["Attachments"] == len(shown["Attachments"])
    found = json.loads(fetch("/api/v1/search?query=-subject:nowhere+larger:0").data)
    assert [message["ID"] for message in found["messages"]] == [identity]


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/plain", "x/y%0D%0AX:y"])
@pytest.mark.parametrize("name", INJECTIONS)
def test_names_of_files_reach_headers_escaped(mock, fetch, name, kind):
    encoded = quote(unquote(INJECTIONS[name]), safe="")
    raw = (
        f"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: {unquote(kind)}\r\n"
        f"Content-Disposition: attachment; filename*=utf-8''{encoded}\r\nContent-ID: <{encoded}>\r\n\r\n"
        "<script>alert(1)</script>\r\n--b--\r\n"
    )
    identity = deliver(mock, raw.encode())

    part = fetch(f"/api/v1/message/{identity}/part/1")

    assert part.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    reader = HeaderReader()
    reader["Content-Disposition"] = part.headers["Content-Disposition"]
    assert reader.get_content_disposition() == "attachment"
    for key, value in reader.get_params(header="content-disposition")[1:]:
        assert key == "filename"
        assert not set('/\\"\r\n\0<>') & set(value if isinstance(value, str) else unquote(value[2]))
    assert reader.get_filename()


@given(st.text(st.characters(codec=None), max_size=300))
def test_any_name_of_a_file_makes_one_header(name):
    value = content_disposition(name)

    assert value.isascii()
    assert value.isprintable()
    plain, _, encoded = value.removeprefix('attachment; filename="').partition("\"; filename*=UTF-8''")
    assert plain
    assert encoded
    assert not set('"\\/;%') & set(plain)
    assert not set("\"\\/; '") & set(encoded)


def test_what_a_mail_says_is_text_in_json_and_in_errors(mock, fetch):
    evil = "</script><script>alert(1)</script>\x1b[31m"
    identity = deliver(mock, f"Subject: {evil}\r\nFrom: {evil} <a@b>\r\nX-{'a' * 500}: {evil}\r\n\r\n{evil}".encode())

    for path in ("/api/v1/messages", *(path.format(identity) for path in READS if "html" not in path)):
        assert "html" not in fetch(path).headers["Content-Type"]
    missing = fetch(f"/api/v1/message/{quote(evil)}", 404)
    assert missing.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert b"\x1b" not in missing.data


def test_page_of_a_mail_has_its_policy_whatever_the_mail_says(mock, fetch):
    html = (
        "<meta http-equiv=Content-Security-Policy content=\"default-src *; script-src * 'unsafe-inline'\">"
        "<meta charset=utf-7><base href='https://evil.example/'><script>alert(1)</script>"
    )
    identity = deliver(mock, f"Content-Type: text/html; charset=utf-8\r\n\r\n{html}".encode())

    page = fetch(f"/view/{identity}.html")

    assert page.data.decode() == html
    assert page.headers["Content-Security-Policy"] == POLICY
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"


def test_a_thousand_attachments(mock, fetch):
    part = "--b\r\nContent-Disposition: attachment; filename={}.txt\r\nContent-ID: <{}>\r\n\r\nx{}\r\n"
    parts = "".join(part.format(number, number, number) for number in range(1000))
    html = "--b\r\nContent-Type: text/html\r\n\r\n" + "".join(f"<img src='cid:{number}'>" for number in range(1000))
    identity = deliver(mock, f"Content-Type: multipart/mixed; boundary=b\r\n\r\n{html}\r\n{parts}--b--\r\n".encode())

    shown = json.loads(fetch(f"/api/v1/message/{identity}").data)

    assert [attachment["PartID"] for attachment in shown["Attachments"]] == [str(2 + number) for number in range(1000)]
    assert fetch(f"/api/v1/message/{identity}/part/1001").data == b"x999"
    assert fetch(f"/view/{identity}.html").data.count(b"/part/") == 1000


def test_mail_of_ten_megabytes(mock, fetch):
    body = b"".join(b"%078d\r\n" % number for number in range(10_000_000 // 80))
    with SMTP(mock.host, mock.port) as client:
        mock.purge()
        client.sendmail("a@example.com", ["b@example.com"], b"Subject: large\r\n\r\n" + body + b"the end\r\n")
    [message] = mock.messages()

    assert fetch(f"/api/v1/message/{message.id}/raw").data == message.raw
    assert json.loads(fetch("/api/v1/message/latest").data)["Size"] == len(message.raw)
    assert fetch("/view/latest.txt").data.endswith(b"the end\n")
    assert json.loads(fetch('/api/v1/search?query="the+end"').data)["messages_count"] == 1


@pytest.mark.parametrize(
    "identity", ["..", "%2e%2e%2f%2e%2e", "%00", "%ff", "a" * 5000, "%0d%0aX:%20y", "<script>", "latest%20", "LATEST"]
)
def test_ids_that_are_none_are_a_404_in_text(mock, fetch, identity):
    deliver(mock, b"")

    for path in READS:
        response = fetch(path.format(quote(identity, safe="%")), 404)
        assert response.headers["Content-Type"] in ("text/plain; charset=utf-8", "application/problem+json")


@pytest.mark.parametrize(
    "query", ["query=%ff", "&".join(["a=b"] * 101), "query=" + "x" * 4001, "query=" + "a%20" * 101]
)
def test_queries_that_are_none_are_refused(fetch, query):
    assert fetch(f"/api/v1/search?{query}", 400).headers["Content-Type"] == "text/plain; charset=utf-8"


def test_query_that_is_much_too_long_is_refused(mock, pool):
    assert pool.request("GET", f"{mock.http_url}/api/v1/search?query={'x' * 9000}").status == 414


def test_control_characters_are_looked_for(fetch):
    assert json.loads(fetch("/api/v1/search?query=%00%1b").data)["messages_count"] == 0
