from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from smtpmock import SMTPMock

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def mock() -> Iterator[SMTPMock]:
    """A server that keeps everything and knows one whom it refuses."""
    with SMTPMock(
        multiple_rcptto=True, multiple_message_receiving=True, not_registered_emails=["nobody@example.com"]
    ) as mock:
        yield mock
