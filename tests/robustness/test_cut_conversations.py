"""Every recorded conversation, cut at every byte by a close and by a reset."""

from __future__ import annotations

import random
from typing import Any

import pytest

from smtpmock import SMTPMock
from tests import parity
from tests.long import LONG
from tests.raw_client import Client
from tests.robustness.driven import KEEPS_EVERYTHING, Driven, assert_harmless

_OVER_SOCKETS = None if LONG else 60  # cuts of each kind; None for all
_MOST_PLACES = None if LONG else 60  # of each conversation; None for all


def said(scenario: dict[str, Any]) -> bytes:
    return "".join(step["send"] for step in scenario["steps"]).encode()


CUTS = [(scenario, place) for scenario in parity.SCENARIOS for place in range(len(said(scenario)) + 1)]


@pytest.mark.parametrize("kept", [{}, KEEPS_EVERYTHING], ids=["as-configured", "everything-kept"])
@pytest.mark.parametrize("scenario", parity.SCENARIOS, ids=parity.name)
def test_a_conversation_cut_at_any_byte_ends_and_leaves_what_was_said(
    scenario: dict[str, Any], kept: dict[str, bool]
) -> None:
    settings = {**scenario["config"], **kept}
    whole = Driven(**settings)
    steps = [step["send"].encode() for step in scenario["steps"] if step["send"]]
    whole.feed_pieces(*steps)
    places = range(len(said(scenario)) + 1)
    if _MOST_PLACES is not None:
        places = sorted(random.Random(7).sample(places, min(len(places), _MOST_PLACES)))
    for place in places:
        session = Driven(**settings)
        left = place
        for step in steps:
            session.feed_pieces(step[:left])
            left = max(left - len(step), 0)
        session.end_session()
        # What was answered before the cut is the beginning of what is answered without one.
        assert whole.replies.startswith(session.replies)
        assert len(session.messages()) <= len(whole.messages()) + 1


@pytest.mark.parametrize("how", ["close", "reset"])
def test_cut_over_sockets_every_session_ends_and_the_server_serves(how: str) -> None:
    cuts = CUTS if _OVER_SOCKETS is None else random.Random(7).sample(CUTS, _OVER_SOCKETS)
    for scenario in parity.SCENARIOS:
        places = [place for found, place in cuts if found is scenario]
        if not places:
            continue
        with SMTPMock(**scenario["config"]) as mock:
            for place in places:
                _talk_and_cut(mock, said(scenario)[:place], how)
                mark = mock.mark()
                _talk_and_cut(mock, b"QUIT\r\n", "close")  # it is served, whatever became of the one before
                mock.wait_for_session(timeout=30, since=mark)
        assert mock.errors == []
        assert len(mock.sessions()) == 2 * len(places)
        assert all(session.ended_at for session in mock.sessions())
        assert_harmless(mock.sessions(), mock.messages(accepted=None))


def _talk_and_cut(mock: SMTPMock, data: bytes, how: str) -> None:
    client = Client(mock, greeting=None)
    assert client.read_reply()[:3].isdigit()
    client.send_bytes(data)
    {"close": client.close, "reset": client.reset}[how]()
