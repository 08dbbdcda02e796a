"""The worlds in which the server has to work: how a script begins in each."""

from __future__ import annotations

import os

import pytest

ON_LIBUV = os.environ.get("GEVENT_LOOP", "").startswith("libuv")
"""True if the tests run on the loop that gevent uses on Windows."""

PLAIN = ""
PATCHED = """\
from gevent import monkey
monkey.patch_all()
"""
PATCHED_LATE = """\
from smtpmock import SMTPMock
early = SMTPMock()
early.start()
from gevent import monkey
monkey.patch_all()
"""

in_every_world = pytest.mark.parametrize(
    "world",
    [
        pytest.param(PLAIN, id="plain"),
        pytest.param(PATCHED, id="patched"),
        pytest.param(PATCHED_LATE, id="patched-late"),
    ],
)
