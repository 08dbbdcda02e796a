"""The child process of `spawn`: a server that ends with its parent, at the end of its standard input."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import BinaryIO

_ENDED = 1_048_576  # bytes to discard at a time; there are none


def main() -> None:
    """Serve with the settings that standard input begins with, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the parent decides what it means
    told = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what is logged is not an answer
    source = sys.stdin.buffer
    values: dict[str, Any] = pickle.load(source)  # noqa: S301  # of the parent

    from smtpmock.errors import SMTPMockError
    from smtpmock.server import SMTPMock

    mock = SMTPMock(**values)
    try:
        mock.start()
        answer = {"url": mock.http_url, "cafile": _cafile(mock) if mock.settings.http_tls else None}
    except SMTPMockError as error:
        _tell(told, {"error": type(error).__name__, "text": str(error)})
        return
    _tell(told, answer)
    while source.read(_ENDED):
        pass
    with contextlib.suppress(SMTPMockError):
        mock.stop()


def _cafile(mock: Any) -> str:
    return mock.settings.certfile or str(mock.ca_certificate)


def _tell(told: BinaryIO, answer: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError), told:
        told.write(json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
