"""A client and a server of different versions: they work together, or say in one sentence that they do not."""

from __future__ import annotations

import re

import pytest

from smtpmock import RemoteMock, SMTPMockError, __version__, connect
from tests.remote.proxy import changed
from tests.sending import send

NEWER = "3.99.0"


def newer(path, document):
    """The answers of a later version, which knows more."""
    if path.endswith("/server"):
        return {**document, "version": NEWER, "features": [*document["features"], "telepathy"], "mood": "fine"}
    for name in ("messages", "sessions", "rules"):
        for one in document.get(name, ()):
            one["aura"] = "blue"
    return {**document, "weather": "sunny"}


def test_what_a_later_version_adds_around_the_records_is_ignored(server):
    with changed(server.http_url, newer) as url, connect(url) as mock:
        send(server)
        assert mock.wait_for_message().subject == "hi"
        assert mock.messages() == server.messages()
        assert mock.wait_for_session() == server.wait_for_session()
        rule = mock.fail_next(stage="NOOP")
        assert (rule.hits, [str(one) for one in mock.rules]) == (0, [str(one) for one in server.rules])
        assert len(mock.purge()) == 1


@pytest.mark.parametrize("name", ["messages", "sessions"])
def test_records_that_this_version_cannot_read_are_told_with_both_versions(server, name):
    def unreadable(path, document):
        document = newer(path, document)
        for one in document.get(name, ()):
            one["stored"]["record"]["aura"] = "blue"
        return document

    send(server)
    server.wait_for_session()
    with changed(server.http_url, unreadable) as url, connect(url) as mock, pytest.raises(SMTPMockError) as caught:
        getattr(mock, name)()
    said = f"smtpmock {__version__} cannot read a {name[:-1]} of smtpmock {NEWER} (Unknown field 'aura'"
    assert said in str(caught.value)
    assert re.fullmatch(r"The SMTP mock at \S+ cannot be used: [^\n]+\.", str(caught.value))


def test_an_earlier_version_that_lacks_something_is_refused_with_what_it_lacks(server):
    def earlier(path, document):
        if path.endswith("/server"):
            lacked = [feature for feature in document["features"] if feature not in ("stored", "waits")]
            return {**document, "version": "2.9.0", "features": lacked}
        return document

    with changed(server.http_url, earlier) as url, pytest.raises(SMTPMockError) as caught:
        connect(url)
    assert str(caught.value) == (
        f"The SMTP mock at {url} cannot be used: it is smtpmock 2.9.0, which lacks stored, waits; "
        f"this is smtpmock {__version__}."
    )


def test_a_rule_that_a_later_version_knows_is_told_in_one_sentence(server):
    def later(path, document):
        for one in document.get("rules", ()):
            one["stage"] = "TELEPATHY"
        return document

    server.fail_next()
    with changed(server.http_url, later) as url, pytest.raises(SMTPMockError, match=r"cannot read the rule") as caught:
        RemoteMock(url).rules  # noqa: B018
    assert "\n" not in str(caught.value)
