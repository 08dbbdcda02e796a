"""A run of pytest in a process of its own, with the plugin as users have it."""

from __future__ import annotations

from importlib.metadata import entry_points
from importlib.util import find_spec
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

EXTRA_OPTIONS = ("-o", "asyncio_default_fixture_loop_scope=function") if find_spec("pytest_asyncio") else ()
IS_INSTALLED = any(point.value == "smtpmock.pytest_plugin" for point in entry_points(group="pytest11"))

MAIL = """
import smtplib

def send(mock, recipient="bob@example.com", subject="Welcome"):
    with smtplib.SMTP(mock.host, mock.port, local_hostname="app.example", timeout=60) as client:
        client.sendmail("shop@example.com", [recipient], f"Subject: {subject}\\r\\n\\r\\nhello")
"""


@pytest.fixture
def run_tests(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Runs tests that have a module `mail` to send with; warnings are errors, as they may be for users."""

    def run_tests(tests: str, *options: str, conftest: str = "", ini: str = "") -> pytest.RunResult:
        pytester.makepyfile(mail=MAIL)
        pytester.makeconftest(dedent(conftest))
        pytester.makeini(f"[pytest]\n{dedent(ini)}")
        pytester.makepyfile(dedent(tests))
        plugin = () if IS_INSTALLED else ("-p", "smtpmock.pytest_plugin")
        return pytester.runpytest_subprocess(*plugin, *EXTRA_OPTIONS, "-W", "error", *options, timeout=120)

    return run_tests
