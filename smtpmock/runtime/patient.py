"""A gevent server that survives a lack of descriptors: it waits for free ones, and writes nothing to standard error."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

from gevent.server import StreamServer

if TYPE_CHECKING:
    from smtpmock.runtime.log import Log

_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_RETRY_SECONDS = 0.1


class PatientServer(StreamServer):
    """A StreamServer that waits for free descriptors when they run out.

    Attributes:
        patient_log: The log that is told.
    """

    patient_log: Log
    _is_exhausted = False

    def do_read(self) -> Any:
        """Accept a connection, unless there is none or it cannot be had."""
        try:
            accepted = self.accept()
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            if not self._is_exhausted:
                self.patient_log.warning(f"SMTP mock server cannot accept connections: {error.strerror}")
            self._is_exhausted = True
            self.stop_accepting()
            self._timer: Any = self.loop.timer(_RETRY_SECONDS)
            self._timer.start(self._try_again)
            return None
        self._is_exhausted = False
        return accepted

    def accept(self) -> Any:
        """Return a connection and the address of the client; None if there is no connection."""
        return super().do_read()

    def _try_again(self) -> None:
        self._timer.close()  # libuv goes on using it otherwise
        if self.started:
            self.start_accepting()
