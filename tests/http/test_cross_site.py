"""A page of somebody else, or a mail, can do nothing in a real browser beside a server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from smtpmock import SMTPMock
from tests.http.browser import load, needs_chromium, site, visit
from tests.http.conftest import API

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_chromium

ATTACK = """
<form id=form method=post target=frame action="MOCK/api/smtpmock/v1/offline"></form><iframe name=frame></iframe>
<script>
const said = {};
const tell = (what, how) => { said[what] = how; document.body.dataset.said = JSON.stringify(said); };
const attempt = (what, path, options) => fetch("MOCK" + path, options).then(
    answer => answer.text().then(text => tell(what, answer.type + " " + answer.status + " " + text.length)),
    () => tell(what, "failed"));
const api = "/api/smtpmock/v1";
document.getElementById("form").submit();
attempt("read", api + "/messages");
attempt("deliver", api + "/messages", {method: "POST", body: "{}", headers: {"Content-Type": "application/json"}});
attempt("blind", api + "/rules", {method: "POST", mode: "no-cors", body: '{"stage": "NOOP", "delay": 1}'});
attempt("delete", "/api/v1/messages", {method: "DELETE"});
const source = new EventSource("MOCK" + api + "/events");
source.onopen = () => { tell("events", "open"); source.close(); };
source.onerror = () => { tell("events", "failed"); source.close(); };
const socket = new WebSocket("MOCK/api/events".replace("http", "ws"));
socket.onopen = () => { tell("websocket", "open"); socket.close(); };
socket.onerror = () => tell("websocket", "failed");
</script>
"""


def attack(folder: Path, mock: SMTPMock, origin: str, pages: list[str]) -> dict[str, str]:
    """Visit a page that does what it can; return how each attempt ended."""
    pages.append(ATTACK.replace("MOCK", mock.http_url))
    shown = visit(f"{origin}/", folder)
    said = re.search(r'data-said="([^"]*)"', shown)
    assert said, shown
    return dict(re.findall(r"&quot;(\w+)&quot;:&quot;([^&]*)&quot;", said[1]))


@pytest.fixture
def mail(mock):
    """A message that is there."""
    return mock.deliver(b"Subject: hi\r\n\r\nhello", "a@example.com", ["b@example.com"])


def test_page_of_another_site_can_do_nothing(tmp_path, mock, mail):
    with site() as (origin, pages):
        said = attack(tmp_path, mock, origin, pages)

    assert said == {
        "read": "failed",
        "deliver": "failed",
        "blind": "opaque 0 0",
        "delete": "failed",
        "events": "failed",
        "websocket": "failed",
    }
    assert (mock.messages(), mock.rules, mock.is_online) == ([mail], (), True)


def test_page_of_a_listed_origin_can_do_all_of_it(tmp_path):
    with site() as (origin, pages), SMTPMock(http_port=0, http_cors_origins=[origin]) as mock:
        mock.deliver(b"Subject: hi\r\n\r\nhello", "a@example.com", ["b@example.com"])
        said = attack(tmp_path, mock, origin, pages)

        assert (said["events"], said["websocket"]) == ("open", "open")
        assert said["read"].startswith("cors 200 ")
        assert said["delete"].startswith("cors 200 ")
        assert said["deliver"].startswith("cors 400 ")  # it was no message
        assert (mock.messages(), mock.is_online) == ([], False)


def test_name_that_leads_to_this_machine_is_not_enough(tmp_path, mock, mail):
    url = urlsplit(mock.http_url)
    rules = f"--host-resolver-rules=MAP rebound.example {url.hostname}"

    refused = visit(f"http://rebound.example:{url.port}{API}/messages/latest/text", tmp_path, rules)
    answered = visit(f"{mock.http_url}{API}/messages/latest/text", tmp_path, rules)

    assert "Unknown host" in refused
    assert "hello" not in refused
    assert "hello" in answered


HOSTILE = b"""Content-Type: text/html\r\n\r\n<body><p id=p>read me</p>
<script>document.getElementById("p").textContent = "ran"</script>
<img src=x onerror="document.getElementById('p').textContent = 'ran'">
<iframe srcdoc="<script>parent.document.getElementById('p').textContent = 'ran'</script>"></iframe>
<svg onload="document.getElementById('p').textContent = 'ran'"></svg>
<form id=f method=post action="/api/smtpmock/v1/offline"><input autofocus onfocus="f.submit()"></form>
<meta http-equiv=refresh content="0;url=/api/smtpmock/v1/server">
"""


@pytest.mark.parametrize("path", [f"{API}/messages/latest/html", "/view/latest.html"])
def test_mail_runs_nothing(tmp_path, mock, path):
    mock.deliver(HOSTILE, "a@example.com", ["b@example.com"])

    shown = visit(mock.http_url + path, tmp_path)

    assert '<p id="p">read me</p>' in shown
    assert mock.is_online


def test_mail_would_run_under_no_policy(tmp_path):
    with site(HOSTILE.partition(b"<form")[0].decode()) as (origin, _):
        assert '<p id="p">ran</p>' in visit(origin, tmp_path)


def test_page_of_the_server_has_no_inline_script_and_may_run_none(client):
    page = client.ask("GET", "/")
    policy = page.headers["Content-Security-Policy"]

    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert [tag for tag in re.findall(rb"<script[^>]*>", page.content) if b" src=" not in tag] == []
    assert b"<script" in page.content


def test_page_of_the_server_runs_its_own_script_under_its_policy(tmp_path, mock):
    shown = load(mock.http_url, tmp_path)

    assert '<message-list role="listbox"' in shown  # which the script adds
