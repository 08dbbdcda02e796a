"""Fixtures of the tests of remote mailboxes: a server with HTTP, and a mailbox that is connected to it."""

from __future__ import annotations

import pytest

from smtpmock import SMTPMock, connect


@pytest.fixture
def server():
    with SMTPMock(http_port=0) as running:
        yield running
    assert running.errors == []


@pytest.fixture
def mock(server):
    with connect(server.http_url) as connected:
        yield connected
