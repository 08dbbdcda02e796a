"""The environment of child processes of the tests."""

from __future__ import annotations

import signal


def _heed_hangups() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


heed_hangups = _heed_hangups if hasattr(signal, "SIGHUP") else None
"""For `preexec_fn`: whoever runs the tests may ignore SIGHUP, which a child would inherit."""
