"""A worker: a server on sockets that it inherits, until the parent process says so or ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from typing import Any

from smtpmock import SMTPMock
from smtpmock.errors import SMTPMockError
from smtpmock.runtime.signals import STOP_SIGNALS

_ENDED = 1_048_576  # bytes to discard at a time; there are none


def main() -> None:
    """Serve as the first line of standard input says, until its end."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # the parent, which gets them as well, decides what they mean
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
    from smtpmock.runtime.gevent_internals import patch_sockets

    patch_sockets()
    source = sys.stdin.buffer
    task: dict[str, Any] = json.loads(source.readline())
    with os.fdopen(task["told"], "wb") as told:
        try:
            server, text = _start(task)
        except (SMTPMockError, OSError) as error:
            told.write(json.dumps({"error": str(error)}).encode())
            return
        told.write(json.dumps({"text": text}).encode())
    while source.read(_ENDED):
        pass
    with contextlib.suppress(SMTPMockError):
        server.stop()


def _start(task: dict[str, Any]) -> tuple[SMTPMock, str]:
    import socket

    from smtpmock import serve

    options = serve.parse(task["arguments"], os.environ)
    server = SMTPMock(options.settings)
    serve.show_warnings(server)
    if task["is_first"]:
        for rule in options.rules:
            server.add_rule(rule)
    server.start_on(*(socket.socket(fileno=descriptor) for descriptor in task["sockets"]))
    if task["is_first"] and options.demo:
        from smtpmock.demo import send_demo

        send_demo(server)
    shown = f"SMTP: {server.url}"
    return server, f"{shown}\nInbox: {server.http_url}" if options.settings.http_port is not None else shown


if __name__ == "__main__":
    main()
