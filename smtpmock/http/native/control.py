"""Control of the server: its clock, its availability, and the certificate to trust."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smtpmock.errors import RuleError
from smtpmock.http.native.operations import Answer, NotFoundError, Operation, checked_object

if TYPE_CHECKING:
    from smtpmock.http.native.operations import Call

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\r?\n?")

_CLOCK = {
    "anyOf": [
        {
            "type": "object",
            "properties": {"advance": {"type": "number", "minimum": 0, "description": "Seconds to move it forward"}},
            "required": ["advance"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {"reset": {"const": True, "description": "True to return to the normal time"}},
            "required": ["reset"],
            "additionalProperties": False,
        },
    ]
}


def _set_clock(call: Call) -> Any:
    words, clock = checked_object(call.body, ("advance", "reset"), "field"), call.context.mailbox.clock
    if len(words) != 1:
        raise RuleError("Invalid body: expected either advance or reset")
    if "advance" in words:
        clock.advance(words["advance"])
    elif words["reset"] is True:
        clock.reset()
    else:
        raise RuleError("Invalid reset: expected true")
    return {"ahead": clock.ahead}


def _go_offline(call: Call) -> Any:
    call.context.mailbox.go_offline()
    return {"online": call.context.mailbox.is_online}


def _go_online(call: Call) -> Any:
    call.context.mailbox.go_online()
    return {"online": call.context.mailbox.is_online}


_ONLINE = {
    "type": "object",
    "properties": {"online": {"type": "boolean", "description": "True if SMTP connections are accepted"}},
    "required": ["online"],
}


def _show_certificate(call: Call) -> Answer:
    server = call.context.server
    if not (server.settings.tls or server.settings.http_tls):
        raise NotFoundError("The server has no TLS: there is no certificate to trust")
    file = Path(server.settings.certfile) if server.settings.certfile else server.ca_certificate
    certificates = b"".join(_CERTIFICATE.findall(file.read_bytes()))  # the file may hold the private key, too
    return Answer(certificates, "application/x-pem-file", {"Content-Disposition": 'attachment; filename="ca.pem"'})


OPERATIONS = (
    Operation(
        "POST",
        "/clock",
        "Move the clock of greylists and rate limits forward, or return it to the normal time",
        _set_clock,
        {
            "type": "object",
            "properties": {"ahead": {"type": "number", "description": "The seconds by which it is ahead"}},
            "required": ["ahead"],
        },
        body=_CLOCK,
    ),
    Operation(
        "POST",
        "/offline",
        "Refuse SMTP connections until the server is online again; open sessions go on, and so does HTTP",
        _go_offline,
        _ONLINE,
        problems=(503,),
    ),
    Operation(
        "POST",
        "/online",
        "Accept SMTP connections again, on the same port",
        _go_online,
        _ONLINE,
        problems=(503,),
    ),
    Operation(
        "GET",
        "/ca.pem",
        "Download the certificate to trust",
        _show_certificate,
        "application/x-pem-file",
        problems=(404,),
    ),
)
