from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from smtpmock import SMTPMock

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def mock() -> Iterator[SMTPMock]:
    """Start a server with the defaults, but for one recipient whom it refuses."""
    with SMTPMock(not_registered_emails=["nobody@example.com"]) as mock:
        yield mock
