"""Fixtures of the tests of rules over sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.places import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smtpmock import Mailbox


@pytest.fixture
def mock(place: str) -> Iterator[Mailbox]:
    """A server that records everything, in each place."""
    with served(place, multiple_rcptto=True, multiple_message_receiving=True) as running:
        yield running
