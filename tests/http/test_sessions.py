"""Sessions and violations over HTTP."""

from __future__ import annotations

import pytest

from smtpmock import Session
from tests.http.conftest import API, send
from tests.raw_client import Client as RawClient


def test_sessions_are_listed_open_ones_included(mock, client):
    send(mock)
    with RawClient(mock) as talking:
        talking.ask("EHLO client.example")

        answer = client.get("/sessions").json
        assert [session["number"] for session in answer["sessions"]] == [1, 2]
        ended, still_open = answer["sessions"]
        assert ended["messages"] == [mock.message().id]
        assert ended["ended_at"] is not None
        assert still_open["ended_at"] is None
        assert "exchanges" not in ended

        assert client.get("/sessions", helo_name="client.example").json["total"] == 1
        first = client.get("/sessions", limit=1).json
        assert first["next"] == 1
        second = client.get("/sessions", limit=1, after=1, include="exchanges").json
        assert [exchange["reply"] for exchange in second["sessions"][0]["exchanges"]] == [
            "220 Welcome",
            "250 Received",
        ]


def test_sessions_are_paged_backwards(mock, client):
    for _ in range(5):
        send(mock)

    def page(before):
        answer = client.get("/sessions", limit=2, before=before, fields="number").json
        assert answer["total"] == 5
        return [session["number"] for session in answer["sessions"]], answer["next"]

    assert page(10**18) == ([4, 5], 4)
    assert page(4) == ([2, 3], 2)
    assert page(2) == ([1], None)
    assert page(1) == ([], None)
    between = client.get("/sessions", limit=2, before=4, after=2, fields="number").json
    assert between == {"sessions": [{"number": 3}], "total": 5, "next": None}
    assert "before" in client.get("/sessions", before=0).detail


def test_sessions_since_a_mark_are_those_that_began_after_it(mock, client):
    send(mock)
    mark = client.get("/mark").json["mark"]
    send(mock)

    assert [session["number"] for session in client.get("/sessions", since=mark).json["sessions"]] == [2]


def test_session_is_read_whole(mock, client):
    send(mock)
    [session] = mock.sessions()

    for wanted in (session.id, "latest"):
        whole = client.get(f"/sessions/{wanted}").json
        assert (whole["id"], whole["client_port"]) == (session.id, session.client_port)
        assert len(whole["exchanges"]) == len(session.exchanges)
        stored = client.get(f"/sessions/{wanted}", include="stored").json["stored"]
        assert Session.from_json(stored) == session


def test_transcript_is_text_or_html_as_the_client_accepts(mock, client):
    send(mock, mail="Subject: <script>alert(1)</script>")
    [session] = mock.sessions()
    path = f"{API}/sessions/latest/transcript"

    text = client.ask("GET", path)
    html = client.ask("GET", path, headers={"Accept": "text/html,*/*;q=0.1"})
    neither = client.ask("GET", path, headers={"Accept": "image/png"})

    assert (text.content.decode(), text.headers["Content-Type"]) == (session.transcript(), "text/plain; charset=utf-8")
    assert (html.content.decode(), html.headers["Content-Type"]) == (session.html(), "text/html; charset=utf-8")
    assert b"<script>" not in html.content
    assert html.headers["Content-Security-Policy"].startswith("sandbox")
    assert (neither.status, neither.detail) == (406, "Invalid Accept: expected text/plain or text/html")


@pytest.mark.parametrize("path", ["", "/transcript"])
def test_session_that_is_not_there_is_a_problem(client, path):
    for wanted, sentence in (("x", "There is no session 'x'"), ("latest", "There is no session")):
        refused = client.get(f"/sessions/{wanted}{path}")
        assert (refused.status, refused.detail) == (404, sentence)


def test_violations_are_those_of_python(mock, client):
    with RawClient(mock) as talking:
        talking.ask("EHLO a_b", "MAIL FROM: <a@example.com>", "QUIT")
    send(mock, "bob@example.com")

    listed = client.get("/violations").json

    assert [found["code"] for found in listed["violations"]] == [found.code for found in mock.violations()]
    assert {"path-space", "missing-date", "missing-message-id"} <= {found["code"] for found in listed["violations"]}
    spaced = next(found for found in listed["violations"] if found["code"] == "path-space")
    assert spaced["exchange"]["request"] == "MAIL FROM: <a@example.com>"
    musts = client.get("/violations", level="must", ignore=["missing-date", "path-space"]).json["violations"]
    assert {found["level"] for found in musts} == {"must"}
    assert not {"missing-date", "path-space"} & {found["code"] for found in musts}
    of_bob = client.get("/violations", recipient="bob@example.com").json["violations"]
    assert "path-space" not in {found["code"] for found in of_bob}
    page = client.get("/violations", limit=1, after=1).json
    assert page["violations"] == listed["violations"][1:2]
    assert (page["total"], page["next"]) == (listed["total"], 2)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"ignore": "bare_lf"}, "Unknown violation 'bare_lf': did you mean 'bare-lf'?"),
        ({"level": "may"}, "Unknown level 'may': expected must or should"),
        ({"helo": "x"}, "Unknown parameter 'helo': did you mean 'helo_name'?"),
    ],
)
def test_invalid_question_is_refused(client, words, sentence):
    assert client.get("/violations", **words).detail == sentence
