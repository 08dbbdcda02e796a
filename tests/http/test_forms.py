"""Values of the Python API as JSON."""

from __future__ import annotations

from datetime import datetime, timezone

from smtpmock.http.native.forms import as_json
from smtpmock.messages import message


class Stopped(datetime):
    """What those put in the place of `datetime` who stop the clock for a test."""


def test_time_is_written_whoever_made_it(mock, client, monkeypatch):
    assert as_json(Stopped(2026, 1, 2, tzinfo=timezone.utc)) == "2026-01-02T00:00:00Z"

    mock.deliver(b"Subject: hi\r\n\r\n", "a@example.com", ["b@example.com"])
    expected = client.get("/messages").json["messages"][0]["received_at"]
    monkeypatch.setattr(message, "datetime", Stopped)
    assert client.get("/messages").json["messages"][0]["received_at"] == expected
