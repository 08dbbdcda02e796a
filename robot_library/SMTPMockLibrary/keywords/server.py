"""Starting, stopping and choosing servers."""

from typing import Any

from robot.api import logger
from robot.api.deco import keyword

from smtpmock.errors import SettingError
from smtpmock.settings.declarations import SETTINGS
from smtpmock.text import unknown
from SMTPMockLibrary.failures import Keywords, explained
from SMTPMockLibrary.servers import AutoStop, MockServer
from SMTPMockLibrary.signatures import setting_values, takes_settings


class ServerKeywords(Keywords):
    """Keywords about servers as a whole."""

    @keyword("Start SMTP Mock", tags=("Server",))
    @explained
    @takes_settings
    def start_smtp_mock(
        self, alias: str | None = None, *, auto_stop: AutoStop | None = None, **settings: Any
    ) -> MockServer:
        """Starts an SMTP server, which is then the one that keywords speak to.

        Returns an object with ``host``, ``port`` and ``url``, as in ``${server.port}``. The port is a free one unless
        ``port`` says otherwise. ``alias`` is the name for `Switch SMTP Mock` and `Stop SMTP Mock`; without it that is
        a number. ``auto_stop`` says when the server is stopped if no keyword does it, instead of what the import of the
        library said.

        Each setting of the server is an argument, to be given by name. Durations are like ``0.2``, ``200 ms`` or
        ``1 min``, lists like ``a@example.com,b@example.com``. Passwords in ``auth`` can be secrets of Robot Framework
        7.4 or later, as the whole or as values of a dictionary. Everything that a client sends is recorded:
        ``multiple_rcptto`` and ``multiple_message_receiving`` are on unless told otherwise.

        %SETTINGS%

        Examples:
        | ${server} =    Start SMTP Mock
        | Log    The application has to send its mail to port ${server.port}
        | Start SMTP Mock    slow    response_delay_message=200 ms    not_registered_emails=nobody@example.com
        | Start SMTP Mock    secure    tls=starttls    auth=shop:secret    require_auth=True    strict=True
        """
        from smtpmock import SMTPMock

        if alias and "=" in alias:  # Robot Framework takes a name that it does not know for a part of the value
            raise SettingError(unknown("setting", alias.partition("=")[0], SETTINGS))
        server = self.servers.start(SMTPMock(**setting_values(settings)), alias, auto_stop)
        logger.info(f"SMTP mock '{server.alias}' listens on {server.url}")
        return server

    @keyword("Stop SMTP Mock", tags=("Server",))
    @explained
    def stop_smtp_mock(self, alias: str | None = None) -> None:
        """Stops the current server, or the one with that alias; what it received is gone then.

        When the keyword ends, no session runs and the port is free. The server that was used before becomes the
        current one. If ``strict`` was set, the keyword fails if a rule of the server was never used, unless it is in
        the teardown of a test that has failed anyway.

        Examples:
        | Start SMTP Mock    fallback
        | Stop SMTP Mock    fallback
        | Stop SMTP Mock
        """
        self.servers.stop(alias)

    @keyword("Stop All SMTP Mocks", tags=("Server",))
    @explained
    def stop_all_smtp_mocks(self) -> None:
        """Stops all servers, those too that other tests and suites started; it does not mind if there are none.

        As with `Stop SMTP Mock`, a rule that a strict server never used fails it; all servers are stopped first.

        Example:
        | Start SMTP Mock    fallback
        | Stop All SMTP Mocks
        """
        self.servers.stop_all()

    @keyword("Switch SMTP Mock", tags=("Server",))
    @explained
    def switch_smtp_mock(self, alias: str) -> str:
        """Makes the server with that alias the current one; returns the alias of the one that was current before.

        Example:
        | Start SMTP Mock    fallback
        | ${fallback} =    Switch SMTP Mock    1
        | Get Message    recipient=bob@example.com
        | Switch SMTP Mock    ${fallback}
        """
        return self.servers.switch(alias)
