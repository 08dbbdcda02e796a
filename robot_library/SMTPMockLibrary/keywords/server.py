"""Starting, stopping and switching servers."""

from datetime import timedelta
from typing import Any

from robot.api import logger
from robot.api.deco import keyword

from SMTPMockLibrary.api import connect_mock, create_mock
from SMTPMockLibrary.failures import Keywords, explain_failures
from SMTPMockLibrary.owners import AutoStop
from SMTPMockLibrary.servers import MockServer
from SMTPMockLibrary.signatures import given_settings, narrowing_criteria, takes_criteria, takes_settings
from SMTPMockLibrary.types import Alias


class ServerKeywords(Keywords):
    """Keywords that start, stop and switch servers."""

    @keyword("Start SMTP Mock", tags=("Server",))
    @explain_failures
    @takes_settings
    def start_smtp_mock(self, alias: Alias = None, *, auto_stop: AutoStop | None = None, **settings: Any) -> MockServer:
        """Starts an SMTP server and makes it the current one.

        Returns an object with the attributes ``host``, ``port`` and ``url``, as in ``${server.port}``. The system
        assigns a free port unless ``port`` is given. ``alias`` can be passed to `Switch SMTP Mock` and
        `Stop SMTP Mock`; the default is a number. ``auto_stop`` overrides the value given when importing the library.

        All settings of the server are named arguments. Durations have the form ``0.2``, ``200 ms`` or ``1 min``, lists
        the form ``a@example.com,b@example.com``. With Robot Framework 7.4 or later, ``auth`` accepts secrets: as a
        whole, or as the values of a dictionary. All recipients and all messages are recorded, because
        ``multiple_rcptto`` and ``multiple_message_receiving`` are enabled by default.

        %SETTINGS%

        Examples:
        | ${server} =    Start SMTP Mock
        | Log    The application must send its mail to port ${server.port}
        | Start SMTP Mock    slow    response_delay_message=200 ms    not_registered_emails=nobody@example.com
        | Start SMTP Mock    secure    tls=starttls    auth=shop:secret    require_auth=True    strict=True
        """
        server = self.servers.start(create_mock(**given_settings(settings)), alias, auto_stop)
        logger.info(f"SMTP mock '{server.alias}' is listening on {server.url}")
        return server

    @keyword("Connect To SMTP Mock", tags=("Server",))
    @explain_failures
    @takes_criteria
    def connect_to_smtp_mock(
        self,
        url: str,
        alias: Alias = None,
        *,
        user: str | None = None,
        password: Any = None,
        cafile: str | None = None,
        timeout: timedelta = timedelta(seconds=5),
        strict: bool = False,
        auto_stop: AutoStop | None = None,
        **criteria: Any,
    ) -> MockServer:
        """Connects to a server that runs elsewhere, such as ``smtpmock serve``, and makes it the current one.

        ``url`` is that of its inbox, such as ``http://mock:8025``. All keywords work as with a server that was started
        here. Connecting removes nothing: use `Purge Messages` and `Clear Rules` for a server that was used before.
        `Stop SMTP Mock` and the end by ``auto_stop`` end the connection and remove the rules that were added through
        it; the server goes on.

        ``user`` and ``password``, which may be a secret, are those that the server requires, ``cafile`` is the
        certificate to trust, and ``timeout`` the default timeout of waits. With ``strict``, it is an error to leave a
        rule unused that was added through the connection.

        With criteria, the keywords see, wait for, remove and script only the mail that matches, so that parallel runs,
        such as those of Pabot, can share a server. See the `Selecting messages` section; ``accepted`` and ``since`` are
        refused. Keywords that would concern the others, such as `Take SMTP Mock Offline`, fail.

        Examples:
        | ${elsewhere} =    Start SMTP Mock    http_port=0
        | Connect To SMTP Mock    ${elsewhere.mock.http_url}    alias=shared
        | Connect To SMTP Mock    ${elsewhere.mock.http_url}    recipient=*@suite1.example
        """
        given = str(getattr(password, "value", password or ""))  # a secret of Robot Framework 7.4
        auth = None if user is None else (user, given)
        connection, mock = connect_mock(
            url, narrowing_criteria(criteria), auth=auth, cafile=cafile, timeout=timeout.total_seconds()
        )
        server = self.servers.connect(connection, mock, alias, auto_stop, strict=strict)
        logger.info(f"SMTP mock '{server.alias}' is at {server.url}")
        return server

    @keyword("Get SMTP Mock", tags=("Getter", "Server"))
    @explain_failures
    def get_smtp_mock(self, alias: str | None = None) -> MockServer:
        """Returns the current server, or the one with the given alias, as `Start SMTP Mock` does.

        It has the attributes ``alias``, ``host``, ``port``, ``url``, such as ``smtp://127.0.0.1:2525``, and ``mock``:
        the server itself, with all its Python methods.

        Example:
        | Start SMTP Mock    fallback
        | ${server} =    Get SMTP Mock    fallback
        | Should Be Equal    ${server.host}    127.0.0.1
        | Should Be Equal    ${server.url}    smtp://${server.host}:${server.port}
        """
        return self.servers.get(alias)

    @keyword("Take SMTP Mock Offline", tags=("Server",))
    @explain_failures
    def take_smtp_mock_offline(self, alias: str | None = None) -> None:
        """Makes the current server, or the one with the given alias, refuse connections, as if it were down.

        Open sessions go on, and the server keeps its port, its messages and its rules. It accepts connections again
        after `Bring SMTP Mock Online`, and in any case at the end of the test.

        Example:
        | Take SMTP Mock Offline
        | Sign Up    bob@example.com
        | Bring SMTP Mock Online
        | Sign Up    bob@example.com    subject=Second attempt
        | Wait For Message    recipient=bob@example.com    subject=Second attempt
        """
        self.servers.get(alias).mock.go_offline()

    @keyword("Bring SMTP Mock Online", tags=("Server",))
    @explain_failures
    def bring_smtp_mock_online(self, alias: str | None = None) -> None:
        """Makes the server accept connections again, on the same port. Does nothing if it does already.

        Example:
        | Take SMTP Mock Offline
        | Bring SMTP Mock Online
        """
        self.servers.get(alias).mock.go_online()

    @keyword("Stop SMTP Mock", tags=("Server",))
    @explain_failures
    def stop_smtp_mock(self, alias: str | None = None) -> None:
        """Stops the current server, or the one with the given alias, and discards what it received.

        When the keyword ends, no session is open and the port is free. The server used before becomes the current one.
        With the setting ``strict``, the keyword fails if a rule of the server was never used, except in the teardown of
        a test that has already failed.

        Examples:
        | Start SMTP Mock    fallback
        | Stop SMTP Mock    fallback
        | Stop SMTP Mock
        """
        self.servers.stop(alias)

    @keyword("Stop All SMTP Mocks", tags=("Server",))
    @explain_failures
    def stop_all_smtp_mocks(self) -> None:
        """Stops all servers, including those started by other tests and suites. Passes if none is running.

        Like `Stop SMTP Mock`, it fails if a rule of a server with ``strict`` was never used, but only after all servers
        have been stopped.

        Example:
        | Start SMTP Mock    fallback
        | Stop All SMTP Mocks
        """
        self.servers.stop_all()

    @keyword("Switch SMTP Mock", tags=("Server",))
    @explain_failures
    def switch_smtp_mock(self, alias: str) -> str:
        """Makes the server with the given alias the current one. Returns the alias of the previous one.

        Example:
        | Start SMTP Mock    fallback
        | ${fallback} =    Switch SMTP Mock    1
        | Get Message    recipient=bob@example.com
        | Switch SMTP Mock    ${fallback}
        """
        return self.servers.switch(alias)
