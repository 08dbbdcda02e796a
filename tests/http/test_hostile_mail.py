"""Hostile mail through every endpoint that shows it: the worst shapes, each of them whole and right."""

from __future__ import annotations

import json
import os

import pytest

from smtpmock import SMTPMock
from tests.http.conftest import API
from tests.shapes import SHAPES

CHOSEN = SHAPES if os.environ.get("SMTPMOCK_GROWTH") == "all" else dict(list(SHAPES.items())[::12])
SIZE = 20_000
INCLUDE = "include=raw,exchanges,attachments"


@pytest.fixture(scope="module")
def served():
    with SMTPMock(http_port=0) as mock:
        yield mock
        assert mock.errors == []


@pytest.fixture
def ask(served):
    from tests.http.conftest import Client

    client = Client(served)

    def ask(path: str, method: str = "GET"):
        response = client.ask(method, path)
        assert response.status in (200, 404), (path, response.content[:500])
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        if "json" in response.headers["Content-Type"]:
            json.loads(response.content)
        elif "html" in response.headers["Content-Type"]:
            assert "sandbox" in response.headers["Content-Security-Policy"]
        return response

    yield ask
    client.close()


@pytest.mark.parametrize("name", CHOSEN)
def test_every_endpoint_shows_it(name, served, ask):
    served.purge()
    sent = served.deliver(CHOSEN[name].mail(SIZE), "a@example.com", ["b@example.com"])
    one = f"{API}/messages/{sent.id}"

    document = ask(f"{one}?{INCLUDE}").json
    assert document["id"] == sent.id
    assert document["subject"] == sent.subject
    assert ask(f"{one}/raw").content == sent.raw
    assert ask(f"{one}/text").content.decode() == sent.text
    assert ask(f"{one}/html").content.decode() == sent.html
    for number, attachment in enumerate(sent.attachments[:5]):
        answer = ask(f"{one}/attachments/{number}")
        assert answer.content == attachment.content
        assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert ask(f"{one}/attachments/{len(sent.attachments)}").status == 404
    assert ask(f"{API}/messages?{INCLUDE}").json["messages"] == [document]
    assert ask(f"{API}/wait?timeout=0&{INCLUDE}").json["messages"][0]["raw"] == document["raw"]
    assert ask(f"{API}/messages?subject=x&body=y").status == 200
    assert ask(f"{API}/messages?q=hello").status == 200
    assert ask(f"{API}/violations").status == 200
    explained = ask(f"{API}/wait?timeout=0&recipient=nobody@example.com")
    assert (explained.status, "nobody@example.com" in explained.detail) == (404, True)
    assert ask(f"{API}/sessions").json["sessions"] == []
    assert ask(f"{API}/messages?{INCLUDE}", "DELETE").json["messages"][0]["raw"] == document["raw"]
