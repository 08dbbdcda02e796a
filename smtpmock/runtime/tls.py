"""The server's side of TLS and its faults. It uses gevent's ssl, and is loaded on first use."""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any

from gevent import ssl

from smtpmock.errors import SettingError
from smtpmock.records.session import TLS
from smtpmock.runtime.certificates import certificates

if TYPE_CHECKING:
    from collections.abc import Callable

    from gevent.socket import socket

    from smtpmock.settings.declarations import Settings

_BROKEN_CERTIFICATE = ("expired", "wrong-host", "unknown-authority")
_LONGEST_RECORD = 16_389  # RFC 8446 section 5.1, with its header
# A fatal alert, handshake_failure: record type 21, TLS 1.2, two bytes (RFC 5246 sections 6.2.1 and 7.2).
_REFUSAL = bytes((21, 3, 3, 0, 2, 2, 40))


class ServerTLS:
    """Start TLS on connections as the settings say.

    Args:
        settings: The settings of the server.
        host: The name or address that its certificate is for.

    Raises:
        SettingError: If a certificate, a key or ciphers cannot be used.
    """

    def __init__(self, settings: Settings, host: str) -> None:
        self._settings = settings
        self._host = host
        self._contexts: dict[str, Any] = {}
        self._names: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
        self._context("")
        if not isinstance(sys.unraisablehook, _ServerNameHook):
            sys.unraisablehook = _ServerNameHook(sys.unraisablehook)

    def wrap(self, sock: socket, fault: str) -> Any:
        """Return the socket to go on with, before the handshake.

        Args:
            sock: The connection.
            fault: The fault of the handshake, as in the setting `tls_fault`; "" for none.

        Raises:
            OSError: If it is to fail at once.
        """
        if fault in ("refuse", "cut"):
            sock.recv(_LONGEST_RECORD)  # all of its hello: what is not read would turn the alert into a reset
            if fault == "refuse":
                sock.sendall(_REFUSAL)
            raise ConnectionAbortedError(0, f"ended on purpose (tls: {fault})")
        context = self._context(fault if fault in _BROKEN_CERTIFICATE else "")
        return context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)

    def handshake(self, secure: Any) -> TLS:
        """Do the handshake and return what was negotiated.

        Raises:
            OSError: If it fails.
        """
        secure.do_handshake()
        cipher = secure.cipher()
        return TLS(
            secure.version() or "",
            cipher[0] if cipher else "",
            self._names.get(secure, ""),
            tuple((secure.getpeercert() or {}).items()),
        )

    def _context(self, fault: str) -> Any:
        if fault not in self._contexts:
            self._contexts[fault] = self._make_context(fault)
        return self._contexts[fault]

    def _make_context(self, fault: str) -> Any:
        settings = self._settings
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = self._note_name
        if settings.certfile and not fault:
            _load(context.load_cert_chain, "certfile", settings.certfile, settings.keyfile or None)
        else:
            context.load_cert_chain(certificates().server(self._host, fault, settings.tls_names))
        if settings.client_certificate:
            required = settings.client_certificate == "required"
            context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
            if settings.client_cafile:
                _load(context.load_verify_locations, "client_cafile", settings.client_cafile)
            else:
                context.load_verify_locations(certificates().ca)
        if settings.tls_minimum_version:
            context.minimum_version = getattr(ssl.TLSVersion, settings.tls_minimum_version.replace(".", "_"))
        if settings.tls_ciphers:
            _load(context.set_ciphers, "tls_ciphers", settings.tls_ciphers)
        return context

    def _note_name(self, sock: Any, name: str | None, _: Any) -> None:
        if name is not None:
            self._names[sock] = name


class _ServerNameHook:
    """Silence what `ssl` prints about a server name that is not ASCII; the handshake fails, and that is recorded.

    `ssl` decodes the name before it calls anyone who could catch the exception, and only prints it then.

    Args:
        previous: The hook for all else.
    """

    def __init__(self, previous: Callable[[sys.UnraisableHookArgs], object]) -> None:
        self._previous = previous

    def __call__(self, unraisable: sys.UnraisableHookArgs) -> None:
        if not (isinstance(unraisable.exc_value, UnicodeDecodeError) and isinstance(unraisable.object, bytes)):
            self._previous(unraisable)


def https_context(settings: Settings, host: str) -> ssl.SSLContext:
    """Return the TLS context of HTTPS.

    Args:
        settings: The settings of the server.
        host: The name or address that a certificate which is made for it is for.

    Raises:
        SettingError: If a certificate or a key cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if settings.certfile:
        _load(context.load_cert_chain, "certfile", settings.certfile, settings.keyfile or None)
    else:
        context.load_cert_chain(certificates().server(host, "", settings.tls_names))
    return context


def _load(load: Any, setting: str, *values: Any) -> None:
    try:
        load(*values)
    except (OSError, ValueError) as error:
        raise SettingError(f"Invalid {setting} {values[0]!r}: {error}") from None
