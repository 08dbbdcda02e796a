"""HTTP beside SMTP: how it starts, whom it answers, and how it ends."""

from __future__ import annotations

import gc
import socket
from base64 import b64encode
from contextlib import closing
from smtplib import SMTP
from urllib.parse import urlsplit

import pytest
import urllib3
from gevent.pywsgi import WSGIHandler

from smtpmock import SettingError, SMTPMock, StartError
from smtpmock.http import app as http_app
from smtpmock.http import installed
from tests.garbage import collect
from tests.http.conftest import SECONDS, Client


def connected(mock: SMTPMock) -> socket.socket:
    address = urlsplit(mock.http_url)
    return socket.create_connection((address.hostname, address.port), SECONDS)


def rest_of(connection: socket.socket) -> bytes:
    """Read to the end of the connection, however it comes."""
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    return received


def test_server_without_http_listens_once_and_loads_nothing_of_it(run):
    run(
        """
        import sys
        from smtpmock import SMTPMock
        with SMTPMock() as mock:
            assert not {"falcon", "re2", "wsproto", "gevent.pywsgi", "smtpmock.http"} & sys.modules.keys()
            try:
                mock.http_url
            except RuntimeError as error:
                assert str(error) == "The server has no HTTP: set http_port, for example http_port=0"
            else:
                raise AssertionError
        """
    )


def test_http_and_smtp_are_served_together(mock, client):
    assert client.ask("GET", "/livez").content == b"ok"
    with SMTP(mock.host, mock.port) as smtp:
        assert smtp.noop()[0] == 250
    assert client.get("/server").json["smtp"]["port"] == mock.port
    assert client.get("/server").json["http"] == {"login": False}


def test_url_has_the_port_that_the_system_chose(mock):
    assert urlsplit(mock.http_url).port not in (0, None, mock.port)


def test_url_of_an_ipv6_address_has_brackets():
    assert SMTPMock(host="[::1]", http_port=8025).http_url == "http://[::1]:8025"
    assert SMTPMock(http_host="::1", http_port=8025, http_tls=True).http_url == "https://[::1]:8025"


def test_server_serves_http_again_after_a_restart():
    mock = SMTPMock(http_port=0)
    for _ in range(2):
        with mock:
            client = Client(mock)
            assert client.ask("GET", "/readyz").status == 200
            client.close()
    assert mock.errors == []


@pytest.fixture
def no_collection():
    collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
def test_files_of_connections_do_not_stay_until_they_are_collected():
    """Those that are there when the process ends are closed without a loop, of which Python 3.13 complains."""
    before = {id(thing) for thing in gc.get_objects() if isinstance(thing, socket.SocketIO)}
    with SMTPMock(http_port=0) as mock:
        for path in ("/livez", "/", "/api/smtpmock/v1/server", "/api/v1/info", "/nowhere", "/api/smtpmock/v1/events"):
            with closing(connected(mock)) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {mock.http_url[7:]}\r\n\r\n".encode())
                assert connection.recv(65536).startswith(b"HTTP/1.1 ")

    after = [thing for thing in gc.get_objects() if isinstance(thing, socket.SocketIO) and id(thing) not in before]
    assert after == []


def test_nothing_listens_after_the_end():
    with SMTPMock(http_port=0) as mock:
        url = mock.http_url
    with pytest.raises(urllib3.exceptions.HTTPError):
        urllib3.request("GET", url, retries=False, timeout=SECONDS)


@pytest.mark.parametrize(("size", "packets"), [(1_000, 1), (100_000, 2)])
def test_short_response_leaves_in_one_packet(mock, client, monkeypatch, size, packets):
    message = mock.deliver(b"Subject: hi\r\n\r\n" + b"x" * size, "a@example.com", ["b@example.com"])
    sent = []
    send = WSGIHandler._sendall
    monkeypatch.setattr(WSGIHandler, "_sendall", lambda handler, data: (sent.append(len(data)), send(handler, data)))

    assert len(client.get(f"/messages/{message.id}/raw").content) > size
    assert len(sent) == packets


def test_probe_is_answered_before_the_framework_is_loaded(monkeypatch):
    seen = []
    make_app = http_app.make_app

    def make(mock, *rest):
        client = Client(mock)
        seen.extend(client.ask("GET", path).status for path in ("/livez", "/readyz"))
        client.close()
        return make_app(mock, *rest)

    monkeypatch.setattr(http_app, "make_app", make)
    with SMTPMock(http_port=0):
        pass
    assert seen == [200, 200]


def test_taken_port_is_an_error_and_leaves_nothing_open(mock, free_port):
    port = urlsplit(mock.http_url).port
    second = SMTPMock(port=free_port, http_port=port)
    with pytest.raises(StartError, match=f"port: {port}"):
        second.start()
    assert not second.is_running
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((second.host, free_port), SECONDS)


@pytest.mark.parametrize(("module", "package"), installed.REQUIRED.items())
def test_missing_package_is_named_with_the_extra(monkeypatch, module, package):
    monkeypatch.setattr(installed, "find_spec", lambda name: None if name == module else object())
    expected = f'HTTP requires {package}, which is not installed: pip install "smtpmock[http]"'

    mock = SMTPMock(http_port=0)
    with pytest.raises(SettingError) as caught:
        mock.start()

    assert str(caught.value) == expected
    assert not mock.is_running


@pytest.mark.parametrize(
    "settings",
    [{"http_host": "::1"}, {"http_auth": "a:b"}, {"http_tls": True}, {"http_hosts": ["a"]}, {"http_cors_origins": "a"}],
    ids=lambda settings: next(iter(settings)),
)
def test_setting_that_could_have_no_effect_is_refused(settings):
    [name] = settings
    with pytest.raises(SettingError, match=f"Invalid {name}"):
        SMTPMock(**settings)


@pytest.mark.parametrize("value", ["bob", ":secret", 7, "a:b\nc"])
def test_login_that_cannot_be_one_is_refused_and_not_shown(value):
    with pytest.raises(SettingError) as caught:
        SMTPMock(http_port=0, http_auth=value)
    assert str(caught.value) == "Invalid http_auth (not shown): expected a user and a password, as user:password"


def test_login_is_required_for_everything_but_probes():
    with SMTPMock(http_port=0, http_auth="bob:päss:word") as mock, closing(Client(mock)) as client:
        right = {"Authorization": f"Basic {b64encode('bob:päss:word'.encode()).decode()}"}
        wrong = [
            {},
            {"Authorization": "Basic"},
            {"Authorization": "Basic ???"},
            {"Authorization": f"Basic {b64encode(b'bob:other').decode()}"},
            {"Authorization": right["Authorization"].replace("Basic", "Bearer")},
        ]
        for path in ("/", "/api/smtpmock/v1/server", "/nowhere"):
            for headers in wrong:
                refused = client.ask("GET", path, headers=headers)
                assert refused.status == 401
                assert refused.headers["WWW-Authenticate"].startswith("Basic ")
            assert client.ask("GET", path, headers=right).status != 401
        assert [client.ask("GET", path).status for path in ("/livez", "/readyz")] == [200, 200]
        shown = client.ask("GET", "/api/smtpmock/v1/server", headers=right).content.decode()
    assert '"http": {"login": true}' in shown
    assert "word" not in shown


def test_https_has_a_certificate_that_clients_can_trust():
    with SMTPMock(http_port=0, http_tls=True) as mock:
        assert mock.http_url.startswith("https://")
        trusting = urllib3.PoolManager(ca_certs=str(mock.ca_certificate), retries=False, timeout=SECONDS)
        assert trusting.request("GET", f"{mock.http_url}/livez").data == b"ok"
        trusting.clear()
        with connected(mock) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"200" not in rest_of(plain)
        with socket.create_connection(("127.0.0.1", urlsplit(mock.http_url).port), SECONDS) as silent:
            mock.stop()
            assert rest_of(silent) == b""
        mock.start()
    assert mock.errors == []


def test_unknown_certificate_file_is_refused_at_the_start(tmp_path):
    mock = SMTPMock(http_port=0, http_tls=True, certfile=str(tmp_path / "none.pem"))
    with pytest.raises(SettingError, match="Invalid certfile"):
        mock.start()
    assert not mock.is_running


def test_stop_ends_idle_connections_at_once():
    mock = SMTPMock(http_port=0, shutdown_timeout=3600)
    mock.start()
    with connected(mock) as silent, connected(mock) as kept_alive:
        kept_alive.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        assert kept_alive.recv(65536).startswith(b"HTTP/1.1 200 ")
        mock.stop()
        assert rest_of(silent) == b""
        rest_of(kept_alive)


def test_stop_ends_a_request_that_never_arrives_by_force():
    mock = SMTPMock(http_port=0, shutdown_timeout=0.01)
    mock.start()
    with connected(mock) as slow:
        slow.sendall(b"POST /api/smtpmock/v1/rules HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
        mock.stop()
        assert b" 200 " not in rest_of(slow)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x00\xff\x16\x03\r\n\r\n",
        b"GET /\r\n",
        b"GET / HTTP/9.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"A%d: b\r\n" % number for number in range(1000)) + b"\r\n",
        b"GET / HTTP/1.1\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\n\r\n",
        b"POST /api/smtpmock/v1/server HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ],
    ids=["binary", "http-0.9", "version", "length", "negative", "headers", "long-header", "long-line", "chunk"],
)
def test_nonsense_ends_its_own_connection_only(mock, client, capfd, request_bytes):
    with connected(mock) as connection:
        connection.sendall(request_bytes)
        connection.shutdown(socket.SHUT_WR)
        assert b"HTTP/1.1 200" not in rest_of(connection) or request_bytes == b"GET /\r\n"

    assert client.ask("GET", "/livez").status == 200
    assert capfd.readouterr().err == ""


def test_path_that_leads_nowhere_is_a_problem(client):
    assert client.ask("GET", "/no/where").detail == "There is nothing at /no/where"
    assert client.get("/nowhere").detail == "There is nothing at /api/smtpmock/v1/nowhere"


def test_page_loads_nothing_from_elsewhere(client):
    page = client.ask("GET", "/")

    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert b"://" not in page.content
    assert client.ask("GET", "/assets/inbox.css").headers["Content-Type"] == "text/css; charset=utf-8"


def test_wsgi_application_answers_without_a_socket():
    mock = SMTPMock()
    app = http_app.make_app(mock, mock)
    answered = []

    def ask(path):
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path}
        body = b"".join(app(environ, lambda status, headers: answered.append(status)))
        return answered[-1], body

    assert ask("/livez") == ("200 OK", b"ok")
    assert ask("/readyz") == ("503 Service Unavailable", b"SMTP connections are not accepted")
