"""Who may use HTTP: logins, hosts, origins, and what browsers are told about the answers."""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from contextlib import closing
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest

from smtpmock import SettingError, SMTPMock
from smtpmock.http import security
from tests.http.conftest import API, Client
from tests.http.mailpit.test_events import HANDSHAKE

FOREIGN = "http://evil.example"
CHANGES = [
    ("POST", f"{API}/rules"),
    ("POST", f"{API}/clock"),
    ("POST", f"{API}/messages"),
    ("POST", f"{API}/offline"),
    ("PATCH", f"{API}/messages"),
    ("DELETE", f"{API}/messages"),
    ("DELETE", f"{API}/rules"),
    ("PUT", "/api/v1/messages"),
    ("DELETE", "/api/v1/messages"),
    ("PUT", "/api/v1/tags"),
    ("PUT", "/api/v1/chaos"),
    ("POST", "/api/v1/send"),
    ("OPTIONS", f"{API}/messages"),
    ("GET", f"{API}/events"),
    ("GET", "/api/events"),
    ("GET", "/api/v1/message/latest"),  # which marks it as read
    ("GET", "/view/latest.html"),
]


def login(text: str = "bob:secret") -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(text.encode()).decode()}"}


@pytest.fixture
def deliver(mock):
    def deliver(**attachment: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "a@example.com", "b@example.com", "hi"
        mail.set_content("hello")
        mail.add_alternative("<script>alert(1)</script>", subtype="html")
        if attachment:
            mail.add_attachment(b"<script>alert(1)</script>", maintype="text", subtype="html", **attachment)
        mock.deliver(mail.as_bytes())

    return deliver


# The login.


@pytest.mark.parametrize("path", ["/api/events", f"{API}/events"])
def test_login_comes_before_events_and_the_handshake(path):
    with SMTPMock(http_port=0, http_auth="bob:secret") as mock, closing(Client(mock)) as client:
        refused = client.ask("GET", path, headers=HANDSHAKE)
        assert (refused.status, refused.headers.get("Upgrade")) == (401, None)
        wrong = client.ask("GET", path, headers={**HANDSHAKE, **login("bob:secre")})
        assert wrong.status == 401
        assert client.ask("HEAD", path, headers=login()).status in (200, 426)


def test_login_is_required_for_every_method():
    with SMTPMock(http_port=0, http_auth="bob:secret") as mock, closing(Client(mock)) as client:
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            asked = client.ask(method, f"{API}/messages", headers={"Access-Control-Request-Method": "GET"})
            assert asked.status == 401


def test_missing_login_is_a_problem_in_the_native_api():
    with SMTPMock(http_port=0, http_auth="bob:secret") as mock, closing(Client(mock)) as client:
        assert client.get("/server").detail == "A user and a password are required."
        assert client.ask("GET", "/api/v1/info").content == b"A user and a password are required.\n"


def test_login_is_compared_in_constant_time(monkeypatch):
    compared = []
    monkeypatch.setattr(security, "compare_digest", lambda *values: compared.append(values) or True)
    with SMTPMock(http_port=0, http_auth="bob:secret") as mock, closing(Client(mock)) as client:
        assert client.ask("GET", "/", headers=login("eve:wrong")).status == 200
    assert compared == [(b"eve:wrong", b"bob:secret")]


@pytest.mark.parametrize(
    ("settings", "warnings"),
    [
        ({"http_host": "0.0.0.0"}, 1),
        ({"http_host": "0.0.0.0", "http_auth": "bob:secret"}, 0),
        ({"http_host": "localhost"}, 0),
        ({}, 0),
    ],
)
def test_open_server_warns_at_its_start(settings, warnings, caplog):
    with caplog.at_level(logging.WARNING, "smtpmock"), SMTPMock(http_port=0, **settings):
        pass

    expected = "HTTP on 0.0.0.0 requires no login: all who reach it can read the mail. Set http_auth"
    assert [record.getMessage() for record in caplog.records] == [expected] * warnings


# The host: a name of somebody else that leads here (DNS rebinding).


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "LOCALHOST.:80", "[::1]:8025", "app.localhost", "127.1.2.3:1"]
)
def test_request_for_this_machine_is_answered(client, host):
    assert client.ask("GET", "/", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8025",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "0.0.0.0",
        "192.168.0.1",
        "x@localhost",
        "localhost/x",
        "localhost:x",
        "[::1",
        "\xff",
    ],
)
def test_request_for_another_host_is_refused(client, host):
    for path in ("/", f"{API}/messages", f"{API}/events", "/api/v1/messages", "/api/events", "/view/latest.html"):
        refused = client.ask("GET", path, headers={"Host": host})
        assert refused.status == 403, path
        assert b"Unknown host" in refused.content
        assert refused.headers["X-Content-Type-Options"] == "nosniff"
    assert client.ask("GET", "/livez", headers={"Host": host}).status == 200


def test_refused_host_is_named_in_a_problem(client):
    refused = client.ask("GET", f"{API}/messages", headers={"Host": "evil.example"})

    expected = "expected localhost or a loopback address; http_hosts can list further names"
    assert refused.detail == f"Unknown host 'evil.example': {expected}"


def test_listed_host_is_answered():
    with SMTPMock(http_port=0, http_hosts=["Mock.test"]) as mock, closing(Client(mock)) as client:
        assert client.ask("GET", "/", headers={"Host": "mock.TEST:8025"}).status == 200
        assert client.ask("GET", "/", headers={"Host": "other.test"}).status == 403


def test_server_on_a_network_is_asked_by_any_name():
    with SMTPMock(http_port=0, http_host="0.0.0.0", http_auth="bob:secret") as mock:
        url = urlsplit(mock.http_url)
        with closing(Client(mock)) as client:
            client._url = f"http://127.0.0.1:{url.port}"
            assert client.ask("GET", "/", headers={"Host": "mock.example", **login()}).status == 200


# The origin: a page of somebody else (cross-site request forgery).


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize("origin", [FOREIGN, "null", "https://localhost", "file://", "http://127.0.0.1:1"])
def test_page_of_another_origin_changes_and_follows_nothing(mock, client, deliver, method, path, origin):
    deliver()
    before = client.get("/messages").content

    refused = client.ask(method, path, headers={"Origin": origin, **HANDSHAKE}, body=b"{}")

    assert refused.status == 403
    assert b"Invalid Origin" in refused.content
    assert not [name for name in refused.headers if name.startswith("Access-Control")]
    assert (client.get("/messages").content, mock.rules, mock.is_online) == (before, (), True)


def test_refused_origin_is_named_in_a_problem(client):
    refused = client.ask("POST", f"{API}/rules", headers={"Origin": FOREIGN}, body=b"{}")

    expected = "expected that of the server itself, or one that http_cors_origins lists"
    assert refused.detail == f"Invalid Origin 'http://evil.example': {expected}"


def test_page_of_the_server_itself_may_do_everything(mock, client):
    origin = mock.http_url
    assert client.ask("DELETE", f"{API}/messages", headers={"Origin": origin}).status == 200
    assert client.ask("HEAD", f"{API}/events", headers={"Origin": origin}).status == 200
    behind_a_proxy = {"Host": "localhost", "Origin": "https://localhost"}
    assert client.ask("DELETE", f"{API}/messages", headers=behind_a_proxy).status == 200


def test_page_of_another_origin_reads_nothing_because_its_browser_is_not_told_to_let_it(client):
    answer = client.ask("GET", f"{API}/messages", headers={"Origin": FOREIGN})

    assert answer.status == 200
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


# Origins that are listed (CORS).


@pytest.fixture
def shared():
    with SMTPMock(http_port=0, http_cors_origins=["http://app.test:3000", "https://APP.test"]) as mock:
        with closing(Client(mock)) as client:
            yield client
        assert mock.errors == []


@pytest.mark.parametrize("origin", ["http://app.test:3000", "https://app.test", "https://app.test:443"])
def test_page_of_a_listed_origin_reads_and_changes(shared, origin):
    for method in ("GET", "DELETE"):
        answer = shared.ask(method, f"{API}/messages", headers={"Origin": origin})
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, origin)
        assert answer.headers["Vary"] == "Origin"
    failed = shared.ask("GET", f"{API}/messages?x=1", headers={"Origin": origin})
    assert (failed.status, failed.headers["Access-Control-Allow-Origin"]) == (400, origin)


@pytest.mark.parametrize("origin", ["http://app.test", "http://app.test:3001", "https://www.app.test", "null", "*"])
def test_page_of_an_origin_that_only_resembles_is_foreign(shared, origin):
    refused = shared.ask("DELETE", f"{API}/messages", headers={"Origin": origin})
    answer = shared.ask("GET", f"{API}/messages", headers={"Origin": origin})
    asked = shared.ask("OPTIONS", f"{API}/messages", headers={"Origin": origin, "Access-Control-Request-Method": "PUT"})

    assert (refused.status, answer.status, asked.status) == (403, 200, 403)
    for found in (refused, answer, asked):
        assert "Access-Control-Allow-Origin" not in found.headers
        assert found.headers["Vary"] == "Origin"


def test_browser_that_asks_first_is_told_what_a_listed_page_may_do(shared):
    asked = {"Origin": "http://app.test:3000", "Access-Control-Request-Method": "DELETE"}
    answer = shared.ask("OPTIONS", f"{API}/messages", headers=asked)

    assert answer.status == 204
    assert "DELETE" in answer.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


def test_browser_asks_first_without_a_login():
    with (
        SMTPMock(http_port=0, http_cors_origins=["http://app.test"], http_auth="bob:secret") as mock,
        closing(Client(mock)) as client,
    ):
        origin = {"Origin": "http://app.test"}
        asked = client.ask("OPTIONS", "/", headers={**origin, "Access-Control-Request-Method": "GET"})
        refused = client.ask("GET", "/", headers=origin)
        answer = client.ask("GET", "/", headers={**origin, **login()})
    assert (asked.status, refused.status, answer.status) == (204, 401, 200)
    assert refused.headers["Access-Control-Allow-Origin"] == "http://app.test"


@pytest.mark.parametrize(
    "origin", ["*", "app.test", "null", "http://app.test/", "ftp://app.test", "http://", "http://a:b"]
)
def test_origin_that_no_page_can_have_is_refused_at_once(origin):
    with pytest.raises(SettingError) as caught:
        SMTPMock(http_port=0, http_cors_origins=[origin])
    assert str(caught.value) == (
        f"Invalid http_cors_origins {origin!r}: expected origins, such as http://localhost:3000"
    )


# What comes from a mail.


@pytest.mark.parametrize("path", [f"{API}/messages/latest/html", "/view/latest.html"])
def test_html_of_a_mail_runs_nothing_and_stays_in_its_frame(client, deliver, path):
    deliver()
    answer = client.ask("GET", path)

    assert (answer.status, answer.headers["X-Content-Type-Options"]) == (200, "nosniff")
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";"))
    assert "allow-scripts" not in policy["sandbox"]
    assert "allow-same-origin" not in policy["sandbox"]
    assert (policy["default-src"], policy["frame-ancestors"]) == ("'none'", "'self'")
    assert "script-src" not in policy


@pytest.mark.parametrize(
    "name",
    ['a"; x="b.html', "a\r\nX-Evil: 1", "../../etc/passwd", "a\x00b", "\u202egpj.exe", "ü" * 500, "%0d%0a", "CON"],
)
def test_attachment_is_a_download_whatever_its_name_is(mock, client, name):
    part = b"Content-Type: text/html; name=\"%b\"\r\nContent-Disposition: inline; filename*=utf-8''%b\r\n\r\n<script>"
    encoded = "".join(f"%{byte:02X}" for byte in name.encode()).encode()
    mock.deliver(part % (b"a", encoded), "a@example.com", ["b@example.com"])
    [attachment] = mock.messages()[0].attachments
    assert attachment.name

    for path in (f"{API}/messages/latest/attachments/0", f"/api/v1/message/latest/part/{attachment.part_id}"):
        answer = client.ask("GET", path)
        assert answer.status == 200
        disposition = answer.headers["Content-Disposition"]
        form = r"""attachment; filename="[^"\\;/%]*"; filename\*=UTF-8''[\w.~%-]*"""
        assert re.fullmatch(form, disposition, re.ASCII)
        assert not any(piece in disposition for piece in ("..", "%0D", "%0A", "%00", "%2F", "%5C"))
        assert "X-Evil" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("declared", ["text/html\r\nX-Evil: 1", "text/html; charset=\xff", "x", "a/b/c", ""])
def test_media_type_of_a_client_cannot_leave_its_header(mock, client, declared):
    head = f"Content-Type: {declared}\r\nContent-Disposition: attachment; filename=a\r\n\r\nx"
    mock.deliver(head.encode("latin-1"), "a@example.com", ["b@example.com"])
    answer = client.get("/messages/latest/attachments/0")

    assert answer.status in (200, 404)
    assert "X-Evil" not in answer.headers
    assert answer.headers["Content-Type"].isprintable()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/docs",
        "/nowhere",
        f"{API}/messages",
        f"{API}/nowhere",
        "/api/v1/messages",
        "/api/v1/nowhere",
        "/view/x.html",
    ],
)
def test_no_answer_is_guessed_at(client, path):
    assert client.ask("GET", path).headers["X-Content-Type-Options"] == "nosniff"
