"""The command: binds its port before anything else, then loads gevent, patches the sockets of its process and serves.

Whoever spawned it may connect a moment later: what is heavy happens while the connection waits in the backlog.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from smtpmock import __version__
from smtpmock.errors import RuleError, SettingError, StartError

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from smtpmock.cli import Options

_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command until it is told to stop by a signal.

    Args:
        arguments: The command line without the name of the command; None for that of the process.

    Returns:
        The exit status: 0, or 1 if the address cannot be had, or 2 for a mistake on the command line.
    """
    # Blocked, a signal that comes early waits until there is something to stop.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
    from smtpmock import cli
    from smtpmock.runtime.listener import listen

    try:
        options = cli.parse(sys.argv[1:] if arguments is None else arguments, os.environ)
        if options.version:
            _print_version()
            return 0
        _serve(options, listen(options.settings.host, options.settings.port))
    except (SettingError, RuleError) as error:
        return _refuse(error, 2)
    except StartError as error:
        return _refuse(error, 1)
    return 0


def _serve(options: Options, listener: socket.socket) -> None:
    from gevent.monkey import patch_socket

    patch_socket()

    from smtpmock.server import SMTPMock

    settings = options.settings
    server = SMTPMock(settings)
    for rule in options.rules:
        server.add_rule(rule)
    if settings.tls and not settings.certfile:
        _say(f"Certificate authority: {server.ca_certificate}")
    server.start_on(listener)
    if not settings.port and not (settings.log_to_stdout and settings.log_server_activity):
        _say(f"SMTP mock server started on port: {server.port}")
    signal.sigwait(_STOP)
    server.stop()


def _print_version() -> None:
    try:
        from smtpmock._build import built_at, commit
    except ImportError:  # run from a checkout
        commit = built_at = "unknown"
    _say(f"smtpmock: {__version__}\ncommit: {commit}\nbuilt at: {built_at}")


def _say(text: str) -> None:
    try:
        print(text, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter tries again at its exit
        raise StartError(f"Standard output cannot be written to: {error.strerror}.") from error


def _refuse(error: Exception, status: int) -> int:
    print(f"smtpmock: {error}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
