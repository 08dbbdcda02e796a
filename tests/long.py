"""Long runs, which are asked for: SMTPMOCK_LONG=1."""

from __future__ import annotations

import os

LONG = os.environ.get("SMTPMOCK_LONG", "") not in ("", "0")
