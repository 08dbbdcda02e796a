"""The packages that HTTP requires, which come with an extra."""

from __future__ import annotations

from importlib.util import find_spec

from smtpmock.errors import SettingError

REQUIRED = {"falcon": "falcon", "wsproto": "wsproto", "re2": "google-re2"}
"""The modules that HTTP imports, each with the name of its package."""


def check_installed() -> None:
    """Make sure that the packages that HTTP requires are installed.

    Raises:
        SettingError: If one is missing.
    """
    for module, package in REQUIRED.items():
        if find_spec(module) is None:
            raise SettingError(f'HTTP requires {package}, which is not installed: pip install "smtpmock[http]"')
