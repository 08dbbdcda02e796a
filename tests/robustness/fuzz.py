"""A fuzzer for the protocol, by hand: `python -m tests.robustness.fuzz -max_total_time=300` (needs atheris).

The first byte of an input chooses the settings, the second the size of the pieces; the rest is what the client says.
What it finds belongs in test_any_conversation.py.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["smtpmock"]):
    from tests.robustness.driven import EVERYTHING, KEEPS_EVERYTHING, Driven

from tests.robustness.strategies import CONVERSATIONS

_SETTINGS = (
    {},
    {**KEEPS_EVERYTHING, "msg_size_limit": 60},
    {**EVERYTHING, **KEEPS_EVERYTHING},
    {"fail_fast": True, "response_delay_data": 1},
    EVERYTHING,
    {**EVERYTHING, "tls": "starttls", "multiple_message_receiving": True},
    {**EVERYTHING, "tls": "implicit", "require_auth": True, "auth": {"a": "b"}},
)


def survive(data: bytes) -> None:
    """Feeds what the fuzzer made."""
    if len(data) < 3:
        return
    session = Driven(**_SETTINGS[data[0] % len(_SETTINGS)])
    said, step = data[2:], data[1] or len(data)
    session.feed_pieces(*(said[start : start + step] for start in range(0, len(said), step)))
    session.end_session()


def main() -> None:
    """Fuzzes, with the recorded conversations to begin with."""
    with tempfile.TemporaryDirectory() as corpus:
        for number, said in enumerate(CONVERSATIONS * 3):
            Path(corpus, str(number)).write_bytes(bytes((number % len(_SETTINGS), number % 23)) + said)
        atheris.Setup([*sys.argv, "-max_len=2000", "-timeout=20", corpus], survive)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
