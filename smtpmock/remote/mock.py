"""The mailbox of a server elsewhere, as tests use it."""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING
from weakref import finalize

from smtpmock.errors import SettingError
from smtpmock.mailbox import registry
from smtpmock.mailbox.aio import AsyncMailbox, coroutine
from smtpmock.mailbox.explaining import is_seconds
from smtpmock.mailbox.mailbox import Mailbox
from smtpmock.remote.address import parse_address
from smtpmock.remote.backend import RemoteBackend
from smtpmock.remote.client import Client
from smtpmock.runtime.tasks import AsyncContext
from smtpmock.text import format_address, invalid

if TYPE_CHECKING:
    import os
    import ssl
    from collections.abc import Collection
    from types import TracebackType

    from typing_extensions import Self, Unpack

    from smtpmock.mailbox.mailbox import Scope
    from smtpmock.queries.words import QueryWords


class RemoteMock(AsyncContext, Mailbox):
    """The mailbox of a server in another process or on another machine: what `connect` and `spawn` return.

    It has the methods of an `SMTPMock` with the same results and exceptions, except those that start and stop it.

    Args:
        url: The URL of its HTTP interface, which may contain a user and a password.
        auth: A user and a password; None for those in the URL, if any.
        cafile: The path of the certificate to trust; None for those of the system.
        timeout: The default timeout of waits, in seconds.
        ignore_violations: Codes of violations that every call ignores.

    Raises:
        SettingError: If a value is invalid.

    Example:
        >>> from smtpmock import SMTPMock, connect
        >>> with SMTPMock(http_port=0) as server, connect(server.http_url) as mock:
        ...     mock.port == server.port, mock.messages()
        (True, [])
    """

    def __init__(
        self,
        url: str,
        *,
        auth: tuple[str, str] | None = None,
        cafile: str | os.PathLike[str] | None = None,
        timeout: float = 5,
        ignore_violations: Collection[str] = (),
    ) -> None:
        if not is_seconds(timeout) or timeout < 0:
            raise SettingError(invalid("timeout", timeout, "a number of seconds, 0 or more"))
        address = parse_address(url, auth)
        self._remote = RemoteBackend(Client(address, None if cafile is None else str(cafile)))
        self._url = str(address)
        self._certificate: Path | None = None
        super().__init__(self._remote, timeout=timeout, ignore_violations=ignore_violations)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.disconnect()

    @property
    def aio(self) -> AsyncRemote:
        """The calls of this mailbox as coroutines, for asyncio and trio: waits, assertions and `disconnect`.

        Example:
            >>> import asyncio
            >>> from smtpmock import SMTPMock, connect
            >>> async def test(url):
            ...     async with connect(url) as mock:
            ...         return await mock.aio.messages()
            >>> with SMTPMock(http_port=0) as server:
            ...     asyncio.run(test(server.http_url))
            []
        """
        return AsyncRemote(self)

    @property
    def host(self) -> str:
        """The host to which the application has to send its mail: that of the URL, unless the server names another."""
        return self._remote.smtp[0]

    @property
    def port(self) -> int:
        """The port to which the application has to send its mail."""
        return self._remote.smtp[1]

    @property
    def address(self) -> str:
        """The host and the port in one string, such as "127.0.0.1:2525"."""
        return format_address(*self._remote.smtp)

    @property
    def url(self) -> str:
        """The URL of the server for mail, such as "smtp://127.0.0.1:2525"; the scheme is "smtps" with implicit TLS."""
        scheme = "smtps" if self._remote.describe()["settings"].get("tls") == "implicit" else "smtp"
        return f"{scheme}://{self.address}"

    @property
    def http_url(self) -> str:
        """The URL of the inbox and of the API, without credentials."""
        return self._url

    @property
    def ca_certificate(self) -> Path:
        """The path of a copy of the certificate to trust, which is removed when the interpreter exits.

        Raises:
            SMTPMockError: If the server has no TLS.
        """
        if self._certificate is None:
            content = self._remote.certificate()
            with NamedTemporaryFile(prefix="smtpmock-", suffix=".pem", delete=False) as file:
                file.write(content)
            self._certificate = Path(file.name)
            finalize(self, self._certificate.unlink, missing_ok=True)
        return self._certificate

    def client_context(self) -> ssl.SSLContext:
        """Return a TLS context with which a client trusts the server.

        Raises:
            SMTPMockError: If the server has no TLS.
        """
        import ssl

        return ssl.create_default_context(cafile=self.ca_certificate)

    def scope(self, **query: Unpack[QueryWords]) -> Scope:
        """Return a mailbox that sees, waits for, removes and scripts only what matches; see `Mailbox.scope`.

        Args:
            **query: Criteria, as listed at https://smtpmock.github.io/smtpmock/queries/, except `accepted` and `since`.
        """
        scope = super().scope(**query)
        if not registry.is_known(self):  # then it is the scope that failures are explained with
            registry.note_used(scope)
        return scope

    def disconnect(self) -> None:
        """Remove the rules that were added here, and close idle connections; the mail stays where it is.

        It can be used afterwards, which connects again.
        """
        self._remote.disconnect()


class AsyncRemote(AsyncMailbox):
    """The calls of a remote mailbox as coroutines; the `aio` of a `RemoteMock` is one."""

    disconnect = coroutine(RemoteMock.disconnect)


def connect(
    url: str,
    *,
    auth: tuple[str, str] | None = None,
    cafile: str | os.PathLike[str] | None = None,
    timeout: float = 5,
    ignore_violations: Collection[str] = (),
) -> RemoteMock:
    """Return the mailbox of a server in another process or on another machine, such as `smtpmock serve`.

    Args:
        url: The URL of its HTTP interface, which may contain a user and a password.
        auth: A user and a password; None for those in the URL, if any.
        cafile: The path of the certificate to trust; None for those of the system.
        timeout: The default timeout of waits, in seconds.
        ignore_violations: Codes of violations that every call ignores.

    Raises:
        SettingError: If a value is invalid.
        SMTPMockError: If there is no such server, or it requires another login.

    Example:
        >>> from smtplib import SMTP
        >>> from smtpmock import SMTPMock, connect
        >>> with SMTPMock(http_port=0) as server, connect(server.http_url) as mock:
        ...     with SMTP(mock.host, mock.port) as client:
        ...         _ = client.sendmail("a@example.com", "b@example.com", "Subject: Welcome")
        ...     mock.wait_for_message(recipient="b@example.com").subject
        'Welcome'
    """
    mock = RemoteMock(url, auth=auth, cafile=cafile, timeout=timeout, ignore_violations=ignore_violations)
    mock._remote.check_version()
    registry.note_used(mock, mock.mark())
    return mock
