"""Short by default; SMTPMOCK_LONG=1 makes them long. With -s the figures can be read."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from tests.long import LONG

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG_SECONDS = 1800


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give long tests more time than pyproject.toml does."""
    if LONG:
        for item in items:
            item.add_marker(pytest.mark.timeout(LONG_SECONDS))


@pytest.fixture
def many_descriptors() -> Iterator[int]:
    """As many descriptors as this process may have; tells how many."""
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    yield most
    resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))
