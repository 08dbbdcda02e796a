"""What the tests of rules over sockets use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from smtpmock import SMTPMock

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def mock() -> Iterator[SMTPMock]:
    """A server that records everything."""
    with SMTPMock(multiple_rcptto=True, multiple_message_receiving=True) as running:
        yield running
    assert running.errors == []
