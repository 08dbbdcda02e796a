"""The command: opens its port first, then loads gevent, patches the sockets of its process and serves.

Whoever starts it may connect a moment later: the connection waits in the backlog while everything else is loaded. So
this module imports as little as possible before the port is open: `signal` instead of `_signal` would take 5 ms more.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # it has no stub
import os
import sys

from smtpmock import __version__, listen
from smtpmock.errors import RuleError, SettingError, StartError

_SERVICE = "serve"
_MATRIX = "matrix"

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from collections.abc import Mapping, Sequence

    from smtpmock.cli import Options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command until a signal stops it.

    Args:
        arguments: The command line without the name of the command; None for that of the process.

    Returns:
        The exit status: 0, or 1 if the address is unavailable, or 2 for a mistake on the command line. A second signal
        exits with 128 and its number.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == [_MATRIX]:
        return _run_matrix(arguments[1:])
    if hasattr(_signal, "pthread_sigmask"):  # a signal that comes early waits until there is something to stop
        early = (_signal.SIGINT, _signal.SIGTERM, _signal.SIGQUIT, _signal.SIGHUP)
        _signal.pthread_sigmask(_signal.SIG_BLOCK, early)
    is_service = arguments[:1] == [_SERVICE]
    guessed = guessed_service_addresses(arguments, os.environ) if is_service else ()
    is_shared = "workers" in _given(arguments)
    listeners = [
        EarlyListener(*address, is_shared=is_shared) for address in guessed or [guessed_address(arguments, os.environ)]
    ]
    try:
        if is_service:
            from smtpmock import serve

            options = serve.parse(arguments[1:], os.environ)
        else:
            from smtpmock import cli

            options = cli.parse(arguments, os.environ)
        if options.version:
            _print_version()
        else:
            _serve(options, listeners, arguments[1:])
    except (SettingError, RuleError) as error:
        return _refuse(error, 2)
    except StartError as error:
        return _refuse(error, 1)
    finally:
        for listener in listeners:
            listener.close()
        _give_up_closed_output()
    return 0


def _run_matrix(arguments: Sequence[str]) -> int:
    from smtpmock import matrix_command

    try:
        return matrix_command.run(arguments, os.environ)
    except (SettingError, RuleError) as error:
        return _refuse(error, 2)
    except StartError as error:
        return _refuse(error, 1)
    except KeyboardInterrupt:
        return 130
    finally:
        _give_up_closed_output()


def guessed_address(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[str, int]:
    """Return the host and the port that the command will probably listen on, without loading what reads its settings.

    Example:
        >>> guessed_address(["-port=2525", "--host", "::1"], {})
        ('::1', 2525)
    """
    given = _given(arguments)
    host = given.get("host", environment.get("SMTPMOCK_HOST", ""))
    return host or "127.0.0.1", _port(given.get("port", environment.get("SMTPMOCK_PORT", "")))


def guessed_service_addresses(arguments: Sequence[str], environment: Mapping[str, str]) -> list[tuple[str, int]]:
    """Return the addresses on which `smtpmock serve` will probably listen: for SMTP, and for HTTP.

    Example:
        >>> guessed_service_addresses(["serve", "--smtp-port", "2525", "--http-host=::1"], {})
        [('127.0.0.1', 2525), ('::1', 8025)]
    """
    given = _given(arguments)

    def guess(flag: str, default: str) -> str:
        variable = environment.get(f"SMTPMOCK_{flag.replace('-', '_').upper()}", "")
        return given.get(flag) or ("" if variable.startswith("tcp://") else variable) or default

    host = guess("host", "127.0.0.1")
    smtp = given.get("smtp-port") or guess("port", "1025")
    return [(host, _port(smtp)), (guess("http-host", host), _port(guess("http-port", "8025")))]


def _given(arguments: Sequence[str]) -> dict[str, str]:
    """Return the values of what looks like flags, by their names without dashes."""
    given = {}
    for argument, following in zip(arguments, (*arguments, "")[1:], strict=True):
        flag, has_value, value = argument.partition("=")
        if flag.startswith("-"):
            given[flag.removeprefix("-").removeprefix("-")] = value if has_value else following
    return given


def _port(text: str) -> int:
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) < 6 and int(text) < 65536 else 0


class EarlyListener:
    """A socket that listens on an address before anyone knows whether that address is the right one."""

    def __init__(self, host: str, port: int, *, is_shared: bool = False) -> None:
        self._address = host, port
        self._is_shared = is_shared
        self._listener: _socket.socket | None = None
        try:
            self._listener = listen(host, port, is_shared=is_shared)
        except StartError as error:
            self._error = error

    def take(self, host: str, port: int) -> _socket.socket:
        """Return the socket, or another one if this is not its address.

        Raises:
            StartError: If the address is unavailable.
        """
        if self._address != (host, port):
            self.close()
            return listen(host, port, is_shared=self._is_shared)
        if self._listener is None:
            raise self._error
        return self._listener

    def close(self) -> None:
        """Close the socket, unless a server has taken it over."""
        if self._listener is not None:
            self._listener.close()


def _serve(options: Options, listeners: Sequence[EarlyListener], arguments: Sequence[str]) -> None:
    from smtpmock.runtime.signals import catch_stop_signals

    settings = options.settings
    if options.workers > 1:
        from smtpmock.workers.parent import check_workers

        check_workers(options.workers, settings)
    taken = [listeners[0].take(settings.host, settings.port)]
    if settings.http_port is not None:
        taken.append(listeners[1].take(settings.http_host or settings.host, settings.http_port))
    stop_signals = catch_stop_signals()
    if options.workers > 1:
        from smtpmock.workers.parent import serve_with_workers

        serve_with_workers(options.workers, arguments, taken, stop_signals, _print)
        return
    from smtpmock.runtime.gevent_internals import patch_sockets

    patch_sockets()

    from smtpmock import SMTPMock

    server = SMTPMock(settings)
    for rule in options.rules:
        server.add_rule(rule)
    if settings.http_port is not None:
        from smtpmock.serve import show_warnings

        show_warnings(server)
        server.start_on(*taken)
        if options.demo:
            from smtpmock.demo import send_demo

            send_demo(server)
        _print(f"SMTP: {server.url}\nInbox: {server.http_url}")
    else:
        if settings.tls and not settings.certfile:
            _print(f"Certificate authority: {server.ca_certificate}")
        server.start_on(*taken)
        if not settings.port and not (settings.log_to_stdout and settings.log_server_activity):
            _print(f"SMTP mock server started on port: {server.port}")
    stop_signals()
    stop_signals.bear(server.stop)


def _print_version() -> None:
    try:
        from smtpmock._build import built_at, commit
    except ImportError:  # run from a checkout
        commit = built_at = "unknown"
    _print(f"smtpmock: {__version__}\ncommit: {commit}\nbuilt at: {built_at}")


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except OSError as error:
        raise StartError(f"Cannot write to standard output: {error.strerror}") from error


def _give_up_closed_output() -> None:
    """Keep the interpreter from complaining at its exit about output that it cannot write: that was reported."""
    try:
        sys.stdout.flush()
    except AttributeError:
        pass  # there is no standard output
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _refuse(error: Exception, status: int) -> int:
    print(f"smtpmock: {error}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
