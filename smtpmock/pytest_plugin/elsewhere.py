"""The fixtures for a server that runs elsewhere: `--smtpmock-url`, `SMTPMOCK_URL`, or the setting `smtpmock_url`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smtpmock import Mailbox, QueryWords, Settings

VARIABLE = "SMTPMOCK_URL"
OF_CLIENT = ("timeout", "strict", "ignore_violations")
"""The settings that belong to the client, and that a marker may change."""

_OF_SERVER = ("host", "port")


@pytest.fixture(scope="session")
def smtpmock_scope() -> QueryWords:
    """Return the criteria for the mail of this worker; override this fixture for pytest-xdist.

    Example:
        .. code-block:: python

            @pytest.fixture(scope="session")
            def smtpmock_scope(worker_id):
                return {"recipient": f"*@{worker_id}.example"}
    """
    return {}


def server_url(config: pytest.Config) -> str:
    """Return the URL of the server that runs elsewhere; "" if the fixtures start servers."""
    return config.getoption("smtpmock_url") or os.environ.get(VARIABLE, "") or str(config.getini("smtpmock_url"))


def connected(
    request: pytest.FixtureRequest, settings: Mapping[str, Any], marked: Mapping[str, Any]
) -> tuple[Mailbox, bool]:
    """Return the mailbox of the server that runs elsewhere, empty and without rules, and True if it is strict.

    Args:
        request: The request of the fixture.
        settings: The settings of the fixture `smtpmock_settings`.
        marked: The settings of the markers.
    """
    from smtpmock import Settings, SMTPMockError, parse_setting

    config = request.config
    _refuse(config, settings, marked)
    values: dict[str, Any] = {}
    try:
        for name in ("timeout", "ignore_violations"):
            text = config.getoption(f"smtpmock_{name}") or config.getini(f"smtpmock_{name}")
            if text:
                values[name] = parse_setting(name, str(text))
        checked = Settings(**{**values, **marked})
        mailbox = _prepared(request, checked)
    except SMTPMockError as error:
        _fail(str(error))
    return mailbox, checked.strict


def refuse_factory(config: pytest.Config) -> None:
    """Refuse to start servers if the server runs elsewhere."""
    if server_url(config):
        _fail("The fixture smtpmock_factory cannot start servers: the server runs elsewhere (smtpmock_url)")


def _prepared(request: pytest.FixtureRequest, settings: Settings) -> Mailbox:
    from smtpmock import RemoteMock, connect

    url = server_url(request.config)
    of_client: Any = {"timeout": settings.timeout, "ignore_violations": settings.ignore_violations}
    scope = request.getfixturevalue("smtpmock_scope")
    if scope:
        mailbox: Mailbox = RemoteMock(url, **of_client).scope(**scope)
    elif hasattr(request.config, "workerinput"):  # a worker of pytest-xdist
        _fail(
            "Several workers share the server at smtpmock_url: override the fixture smtpmock_scope, so that each has "
            "its own mail, as in {'recipient': f'*@{worker_id}.example'}"
        )
    else:
        mailbox = connect(url, **of_client)
        mailbox.clock.reset()
    mailbox.clear_rules()
    mailbox.purge()
    return mailbox


def _refuse(config: pytest.Config, settings: Mapping[str, Any], marked: Mapping[str, Any]) -> None:
    """Refuse settings that the server elsewhere would have to be started with."""
    for name in _OF_SERVER:
        if config.getoption(f"smtpmock_{name}") or config.getini(f"smtpmock_{name}"):
            _fail(f"The option smtpmock_{name} has no effect: the server runs elsewhere (smtpmock_url)")
    if settings:
        _fail(
            f"The fixture smtpmock_settings cannot set {', '.join(settings)}: the server runs elsewhere (smtpmock_url)"
        )
    for name in marked:
        if name not in OF_CLIENT:
            _fail(
                f"The marker smtpmock cannot set {name}: the server runs elsewhere (smtpmock_url). "
                f"Those of the client are {', '.join(OF_CLIENT)}"
            )


def _fail(text: str) -> NoReturn:
    pytest.fail(text, pytrace=False)
