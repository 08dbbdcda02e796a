"""Limits of requests: bodies, queries, media types."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from smtpmock import SMTPMock
from tests.http.conftest import API, SECONDS, Client
from tests.http.test_service import connected, rest_of

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"nan", b'{"a":', b"[" * 100_000, b"1" * 5_000])
def test_body_that_is_no_json_is_refused(client, body):
    refused = client.ask("POST", f"{API}/rules", body=body, headers=JSON)

    assert refused.status == 400
    assert refused.detail.startswith(("Invalid body: expected a JSON document in UTF-8", "Invalid rule "))


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"])
def test_body_of_another_type_is_refused(client, kind):
    refused = client.ask("POST", f"{API}/rules", body=b'{"stage":"NOOP","delay":1}', headers={"Content-Type": kind})

    assert refused.status == 415
    assert refused.detail == (
        f"Invalid Content-Type {kind.partition(';')[0]!r}: expected application/json (with curl: --json)"
    )


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.x+json"])
def test_type_of_json_may_have_parameters(client, kind):
    body = b'{"stage":"NOOP","delay":1}'

    assert client.ask("POST", f"{API}/rules", body=body, headers={"Content-Type": kind}).status == 201


def test_body_that_is_too_large_is_refused_and_its_rest_not_read():
    with SMTPMock(http_port=0, msg_size_limit=1_000) as mock, closing(Client(mock)) as client:
        most = 2 * 1_000 + 1_048_576
        body = json.dumps({"stage": "NOOP", "argument": "x" * most}).encode()
        assert client.ask("POST", f"{API}/rules", body=body, headers=JSON).status == 413
        chunked = client.ask("POST", f"{API}/rules", body=iter([body]), headers=JSON, chunked=True)
        assert chunked.status == 413
        assert chunked.detail == f"The body is too large: at most {most} bytes are read"

        with connected(mock) as endless:
            endless.sendall(
                f"POST {API}/rules HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                "Content-Length: 100000000000\r\n\r\n".encode()
            )
            assert rest_of(endless).startswith(b"HTTP/1.1 413 ")


def test_query_that_is_too_long_is_refused(mock, client):
    assert client.get("/messages", subject="x" * 7_000).status == 200
    assert client.get("/messages", subject="x" * 9_000).status == 414
    environ_like = client.get("/messages", **{f"a{number}": "" for number in range(200)})
    assert environ_like.status == 400
    assert environ_like.detail == "Too many parameters: at most 100 are read"


def test_query_that_is_not_utf_8_is_refused(client):
    refused = client.ask("GET", f"{API}/messages?subject=%FF")

    assert (refused.status, refused.detail) == (
        400,
        "Invalid query 'subject=%FF': expected text in UTF-8, with escapes such as %C3%A4",
    )


def test_method_that_a_path_does_not_have_is_named(client):
    refused = client.ask("PUT", f"{API}/mark")

    assert refused.status == 405
    assert refused.headers["Allow"].split(", ")[:1] == ["GET"]
    assert refused.detail.startswith(f"{API}/mark cannot be asked with PUT: expected GET")


def test_head_is_answered_like_get_without_a_body(mock):
    address = urlsplit(mock.http_url)
    with closing(HTTPConnection(address.hostname, address.port, timeout=SECONDS)) as connection:
        for _ in range(2):  # nothing is left of the first answer
            connection.request("HEAD", f"{API}/server")
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, b"")
            assert int(answer.headers["Content-Length"]) > 0


def test_body_that_ends_early_is_refused_and_disturbs_nobody(mock, client):
    with connected(mock) as connection:
        connection.sendall(
            f"POST {API}/rules HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            "Content-Length: 100\r\n\r\n{}".encode()
        )
        connection.shutdown(socket.SHUT_WR)
        assert rest_of(connection).startswith(b"HTTP/1.1 400 ")

    assert client.get("/server").status == 200
