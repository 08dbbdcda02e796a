"""Profiles that a running server is told to use: here, over a remote mailbox, and over HTTP as JSON and as TOML."""

from __future__ import annotations

import json
import smtplib
from contextlib import closing
from smtplib import SMTP

import pytest

from smtpmock import (
    Profile,
    RuleError,
    ServerStateError,
    SettingError,
    SMTPMock,
    connect,
    load_profile,
    profile_names,
    spawn,
)
from tests.http.conftest import API, SECONDS, Client, send

OWN = """
title = "our relay"

[[source]]
url = "https://intranet.example/relay"
date = 2026-11-22
says = "it refuses twice"

[settings]
extensions = ["SIZE", "DSN"]
msg_greeting = "220 ours"

[[rule]]
stage = "RCPT TO"
recipient = "*@slow.example"
reply = "450 4.7.1 Later"
"""


@pytest.fixture(scope="module")
def server():
    """A server with HTTP."""
    with SMTPMock(http_port=0, session_timeout=20) as server:
        yield server
        assert server.errors == []


@pytest.fixture(params=["local", "remote"])
def mock(request, server):
    """The mailbox of the server, as it has it and over HTTP."""
    server.clear_rules()
    server.purge()
    if request.param == "local":
        yield server
    else:
        with connect(server.http_url) as mailbox:
            yield mailbox
    server.clear_rules()


@pytest.fixture
def client(server):
    """A client of the server's HTTP."""
    server.clear_rules()
    with closing(Client(server)) as client:
        yield client
    server.clear_rules()


@pytest.fixture
def file(tmp_path):
    """A profile of our own."""
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    return path


def features(mock):
    with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
        client.ehlo()
        return set(client.esmtp_features)


# Use and end.


def test_profile_is_used_by_a_running_server_until_it_is_cleared(mock, server):
    before = server.settings

    profile = mock.use_profile("full-mailbox")

    assert (profile.name, profile.title) == ("full-mailbox", load_profile("full-mailbox").title)
    assert profile.sources == load_profile("full-mailbox").sources
    assert mock.profile == profile
    assert [rule.profile for rule in mock.rules] == ["full-mailbox"]
    assert "enhancedstatuscodes" in features(mock)
    with pytest.raises(smtplib.SMTPRecipientsRefused, match=r"4\.2\.2"):
        send(server)
    mock.clear_profile()
    assert (mock.profile, mock.rules, server.settings) == (None, (), before)
    assert features(mock) == set()
    send(server)


def test_open_session_keeps_its_settings_and_meets_the_rules(mock):
    with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
        client.ehlo()
        mock.use_profile("full-mailbox")
        assert client.ehlo()[1] == b"Received"
        client.mail("a@example.com")
        assert client.rcpt("b@example.com")[0] == 452


def test_tls_and_logins_begin_and_end_with_a_profile(mock, server):
    mock.use_profile("amazon-ses")

    with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
        assert client.docmd("MAIL", "FROM:<a@example.com>")[0] == 530
        client.starttls(context=server.client_context())
        client.login("shop", "secret")
        client.sendmail("a@example.com", ["b@example.com"], "Subject: hi")
        assert client.docmd("NOOP")[0] == 250
    assert len(server) == 1
    mock.clear_profile()
    assert features(mock) == set()


def test_session_timeout_of_a_profile_counts_for_open_sessions_as_well(server, tmp_path):
    path = tmp_path / "impatient.toml"
    path.write_text("[settings]\nsession_timeout = 0.05\n")
    with SMTP(server.host, server.port, timeout=SECONDS) as client:
        server.use_profile(str(path))
        try:
            assert client.file.readline().startswith(b"421 ")
        finally:
            server.clear_profile()


def test_another_profile_takes_the_place_of_the_one_in_use(mock, server):
    own = mock.on("NOOP", reply="250 mine")
    mock.use_profile("strict-server")
    mock.use_profile("outage")

    assert [(rule.stage, rule.profile) for rule in mock.rules] == [("NOOP", ""), ("MAIL FROM", "outage")]
    assert mock.profile.name == "outage"
    assert server.settings.msg_size_limit == SMTPMock().settings.msg_size_limit
    mock.clear_profile()
    assert [rule.id for rule in mock.rules] == [own.id]


def test_clearing_the_rules_ends_the_use_of_a_profile(mock, server):
    mock.use_profile("closes-idle")
    assert server.settings.session_timeout == 10

    mock.clear_rules()

    assert (mock.profile, server.settings.session_timeout) == (None, 20)


def test_rules_of_a_profile_in_use_need_not_be_used(mock):
    mock.use_profile("outage")

    mock.assert_rules_used()


def test_file_is_a_profile_that_is_read_where_it_is_named(mock, file):
    profile = mock.use_profile(str(file))

    assert (profile.name, profile.title) == (str(file), "our relay")
    assert profile.sources == (("https://intranet.example/relay", "2026-11-22", "it refuses twice"),)
    assert "dsn" in features(mock)
    assert [str(rule) for rule in mock.rules] == [
        "RCPT TO recipient='*@slow.example' reply='450 4.7.1 Later'",
    ]
    mock.use_profile(load_profile(str(file))._replace(name="ours"))
    assert mock.profile.name == "ours"


def test_profile_of_the_start_stays_beneath():
    with SMTPMock(profile="full-mailbox", msg_greeting="220 started") as mock:
        mock.use_profile("closes-idle")
        assert [rule.profile for rule in mock.rules] == ["full-mailbox"]
        assert (mock.settings.session_timeout, mock.settings.msg_greeting) == (10, "220 started")
        mock.clear_rules()
        assert [rule.profile for rule in mock.rules] == ["full-mailbox"]
        assert mock.settings.session_timeout == 30


def test_profile_is_used_before_the_start_and_outlives_a_stop():
    mock = SMTPMock()
    mock.use_profile("full-mailbox")
    for _ in range(2):
        with mock, pytest.raises(smtplib.SMTPRecipientsRefused):
            send(mock)


# Refusals, which leave everything as it was.


REFUSED = {
    "name": ("outag", SettingError, "Unknown profile 'outag': did you mean 'outage'?"),
    "type": (7, SettingError, "Invalid profile 7: expected the name of a profile, the path of its file, or a Profile"),
    "start": (
        {"settings": {"port": 25, "max_messages": 1}},
        SettingError,
        "The profile 'x' cannot be used by a running server: port and max_messages can only be set at its start",
    ),
    "word": ({"settings": {"prot": 1}}, SettingError, "Invalid profile 'x': Unknown setting 'prot': did you mean"),
    "value": ({"settings": {"tls": "no"}}, SettingError, "Invalid tls 'no': expected"),
    "together": ({"settings": {"require_auth": True}}, SettingError, "Invalid require_auth True: expected auth"),
    "rule": ({"rule": [{"stage": "NOPE"}]}, RuleError, "x, rule 1: Unknown stage 'NOPE': did you mean 'NOOP'?"),
    "never": (
        {"settings": {"msg_greeting": "220 x"}, "rule": [{"stage": "NOOP", "delay": 1}, {"stage": "AUTH", "delay": 1}]},
        RuleError,
        "A rule at AUTH can never apply: the server does not offer AUTH.",
    ),
}


@pytest.mark.parametrize(("profile", "error", "sentence"), REFUSED.values(), ids=REFUSED)
def test_refused_profile_leaves_everything_as_it_was(mock, server, profile, error, sentence):
    mock.use_profile("outage")
    before = server.settings, server.rules

    with pytest.raises(error) as refusal:
        mock.use_profile(Profile.from_document("x", profile) if isinstance(profile, dict) else profile)

    assert str(refusal.value).startswith(sentence)
    assert (server.settings, server.rules, server.profile.name) == (*before, "outage")


def test_scope_refuses_what_concerns_others(mock):
    scope = mock.scope(recipient="*@w1.example")

    for use in (lambda: scope.use_profile("outage"), scope.clear_profile):
        with pytest.raises(ServerStateError, match="it would concern all who share the server"):
            use()
    assert scope.profile is None


def test_servers_that_share_a_store_have_the_profile_of_their_start():
    pytest.importorskip("redis")
    mock = SMTPMock(store="redis://127.0.0.1:1/0")

    with pytest.raises(SettingError, match="servers that share a store share rules, but not settings"):
        mock.use_profile("outage")


# Remote mailboxes.


def test_profile_ends_with_the_connection_that_began_it(server):
    with connect(server.http_url) as mine:
        mine.use_profile("outage")
        with connect(server.http_url) as other:
            assert other.profile.name == "outage"
        assert server.profile.name == "outage"  # it was not the other's
    assert (server.profile, server.rules) == (None, ())


def test_profile_of_somebody_else_stays_when_a_connection_ends(server):
    with connect(server.http_url) as mine:
        mine.use_profile("outage")
        server.use_profile("full-mailbox")
    assert server.profile.name == "full-mailbox"
    server.clear_rules()


def test_spawned_server_has_the_profile_of_its_start_and_can_use_another():
    with spawn(profile="full-mailbox") as mock:
        assert [rule.profile for rule in mock.rules] == ["full-mailbox"]
        with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
            client.ehlo()
            assert "enhancedstatuscodes" in client.esmtp_features
            client.mail("a@example.com")
            assert client.rcpt("b@example.com")[0] == 452
        assert mock.use_profile("closes-idle").settings["session_timeout"] == 10


# HTTP.


def test_profiles_are_listed_with_sources_settings_and_rules(client):
    listed = client.get("/profiles").json

    assert (listed["total"], listed["next"]) == (len(profile_names()), None)
    assert [profile["name"] for profile in listed["profiles"]] == profile_names()
    assert client.get("/profiles", limit=1).json["next"] == 1
    for found in listed["profiles"]:
        profile = load_profile(found["name"])
        assert found == client.get(f"/profiles/{profile.name}").json
        assert found["title"] == profile.title
        assert found["sources"] == [source._asdict() for source in profile.sources]
        assert set(found["settings"]) == {name for name in profile.settings if name != "auth"}  # accounts are secret
        assert [rule["stage"] for rule in found["rules"]] == [rule["stage"] for rule in profile.rules]
    [limit] = [found for found in listed["profiles"] if found["name"] == "microsoft-365-submission"]
    assert limit["rules"][1] == {
        "stage": "MAIL FROM",
        "delay": 2,
        "gate": {"limit_rate": {"messages": 30, "per": 60, "by": "user"}},
        "summary": "MAIL FROM delay=2 (at most 30 in 60 s for each user)",
    }


def test_profile_is_used_and_cleared_over_http(client, server):
    assert client.get("/profile").json == {"profile": None}

    used = client.put("/profile", {"name": "full-mailbox"})

    assert (used.status, used.json) == (200, client.get("/profiles/full-mailbox").json)
    assert client.get("/profile").json == {"profile": used.json}
    assert [rule["profile"] for rule in client.get("/rules").json["rules"]] == ["full-mailbox"]
    assert "ENHANCEDSTATUSCODES" in client.get("/server").json["settings"]["extensions"]
    assert client.delete("/profile").json == {"profile": used.json}
    assert client.delete("/profile").json == {"profile": None}
    assert client.get("/rules").json["rules"] == []


@pytest.mark.parametrize("kind", ["application/toml", "application/json"])
def test_profile_of_ones_own_is_sent(client, server, kind, file):
    if kind == "application/json":
        [source] = load_profile(str(file)).sources
        document = {
            "title": "our relay",
            "source": [source._asdict()],
            "settings": {"extensions": ["SIZE", "DSN"], "msg_greeting": "220 ours"},
            "rule": [{"stage": "RCPT TO", "recipient": "*@slow.example", "reply": "450 4.7.1 Later"}],
        }
        body = json.dumps(document)
    else:
        body = OWN

    used = client.ask("PUT", f"{API}/profile", body=body.encode(), headers={"Content-Type": kind})

    assert used.status == 200
    assert used.json["name"] == used.json["title"] == "our relay"
    assert used.json["sources"] == [
        {"url": "https://intranet.example/relay", "date": "2026-11-22", "says": "it refuses twice"}
    ]
    assert server.settings.msg_greeting == "220 ours"
    assert features(server) == {"size", "dsn"}
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(server, "b@slow.example")


def test_expressions_of_a_profile_that_is_sent_are_searched_for_in_linear_time(client, server):
    rule = {"stage": "message", "subject": "REGEXP:^(a+)+$", "reply": "550 no"}

    assert client.put("/profile", {"rule": [rule]}).json["rules"][0]["subject"] == "REGEXP:^(a+)+$"

    send(server, mail=f"Subject: {'a' * 5000}!")
    with pytest.raises(smtplib.SMTPDataError):
        send(server, mail="Subject: aaa")


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"name": "outag"}, 400, "Unknown profile 'outag': did you mean 'outage'?"),
        ({"name": "./own.toml"}, 400, "Unknown profile './own.toml': expected one of "),
        ({"name": 7}, 400, "Invalid name 7: expected a text of 1 to 200 characters"),
        ({"name": "x" * 201}, 400, "Invalid name 'xxx"),
        ({}, 400, "Invalid profile {}: expected an object with a name, or with settings and rules"),
        ([], 400, "Invalid profile []: expected an object with a name"),
        ({"nme": "outage"}, 400, "Invalid profile 'a profile': Unknown part 'nme': expected one of "),
        ({"name": "x", "rules": []}, 400, "Invalid profile 'x': Unknown part 'rules': did you mean 'rule'?"),
        ({"settings": {"certfile": "/etc/passwd"}}, 400, "Invalid profile 'a profile': certfile names a file of the"),
        ({"settings": {"http_port": 1}}, 400, "The profile 'a profile' cannot be used by a running server: http_port"),
        ({"settings": {"profile": "x"}}, 400, "Invalid profile 'a profile': expected a table of settings, without a"),
        ({"rule": [{"stage": "message", "where": "x"}]}, 400, "The condition where takes a function, which cannot"),
        ({"rule": [{"stage": "message", "subject": "REGEXP:("}]}, 400, "Invalid regular expression"),
        ({"rule": [{"stage": "RCPT"}]}, 400, "a profile, rule 1: Unknown stage 'RCPT': did you mean 'RCPT TO'?"),
        ({"title": "x" * 70_000}, 413, "The body is too large: at most 65536 bytes are read"),
    ],
)
def test_profile_that_cannot_be_used_is_a_problem(client, server, body, status, sentence):
    refused = client.put("/profile", body)

    assert (refused.status, refused.detail[: len(sentence)]) == (status, sentence)
    assert server.profile is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"settings", "The body cannot be read: "),
        (b"\xff", "The body cannot be read: "),
        (b"a = " + b"[" * 5_000, "The body cannot be read: it is nested too deeply"),
        (b"a" + b".a" * 30_000 + b" = 1", "The body cannot be read: a line has more than 200 dots"),
        (b"[sttings]", "Invalid profile 'a profile': Unknown part 'sttings': did you mean 'settings'?"),
    ],
)
def test_toml_that_cannot_be_read_is_a_problem(client, text, sentence):
    refused = client.ask("PUT", f"{API}/profile", body=text, headers={"Content-Type": "application/toml"})

    assert (refused.status, refused.detail[: len(sentence)]) == (400, sentence)


def test_unknown_profile_is_not_found_with_the_nearest_name(client):
    missing = client.get("/profiles/outag")

    assert (missing.status, missing.detail) == (404, "Unknown profile 'outag': did you mean 'outage'?")


def test_other_operations_take_no_toml(client):
    refused = client.ask("POST", f"{API}/clock", body=b"advance = 1", headers={"Content-Type": "application/toml"})

    assert refused.status == 415
