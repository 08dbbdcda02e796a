"""Right and wrong use of the public API, for type checkers; see test_types.py. It is never run."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import cast

import pytest

from smtpmock import (
    Exchange,
    Level,
    Message,
    ReceivedMessage,
    Session,
    Settings,
    SettingWords,
    SMTPMock,
    Stage,
    Text,
    Then,
    Violation,
)
from smtpmock.pytest_plugin import SMTPMockFactory

# Settings.

settings = Settings(
    port=2525,
    fail_fast=True,
    session_timeout=timedelta(minutes=1),
    response_delay_quit=0.5,
    not_registered_emails=("nobody@example.com",),
    extensions="all",
    tls="starttls",
    auth={"shop": "secret"},
    msg_greeting="220 Hello",
    max_messages=None,
)
Settings(auth="any", extensions=["SIZE"], shutdown_timeout=1, tls=None)
Settings(auth=lambda user, secret: user == secret)

Settings(prot=1)  # error: call-arg
Settings(port="2525")  # error: arg-type
Settings(fail_fast="yes")  # error: arg-type
Settings(session_timeout="1 min")  # error: arg-type
Settings(not_registered_emails=5)  # error: arg-type
Settings(tls="ssl")  # error: arg-type
Settings(tls_fault="expird")  # error: arg-type
Settings(auth="everybody")  # error: arg-type
Settings(msg_greeting=220)  # error: arg-type
settings.port = 25  # error: misc
print(settings.prot)  # error: attr-defined

mock = SMTPMock(settings, host="::1", ignore_violations=["helo-not-qualified"], allow_local_addresses=True)
SMTPMock(prot=1)  # error: call-arg
SMTPMock(fail_fast="yes")  # error: arg-type
SMTPMock({"port": 1})  # error: arg-type
mock.timeout = 3  # error: attr-defined
print(mock.adress)  # error: attr-defined

# Queries.

wanted: Text = "*@example.com"
message: Message = mock.message(recipient="bob@example.com", subject=re.compile("Invoice"), accepted=None)
mock.messages(sender=lambda sender: sender.endswith("@example.com"), text=wanted, size=">= 1000")
mock.messages(header={"X-Id": "42", "Subject": re.compile("7")}, size=lambda size: size > 7, refused_recipient="*")
mock.wait_for_message(timeout=1, since=message, header="X-Id: 42", accepted=False, user="bob", client="127.0.0.1")
mock.wait_for_messages(2, 1.5, since=mock.mark(), attachment="*.pdf", link="/confirm/", html="<b>", helo_name="a.b")
mock.assert_no_message(within=0, recipient="bob@example.com")
mock.assert_message_count(2, subject="Invoice")
mock.purge(accepted=True)
session: Session = mock.wait_for_session(helo_name="app.example", client="127.0.0.1", since=mock.mark())

mock.message(recipent="bob@example.com")  # error: call-arg
mock.messages(subject=7)  # error: arg-type
mock.messages(consistent=True)  # error: call-arg
mock.messages(accepted="any")  # error: arg-type
mock.messages(header=["X-Id"])  # error: arg-type
mock.messages(size=1.5)  # error: arg-type
mock.messages(size=lambda size: size.upper())  # error: attr-defined
mock.messages(since=7)  # error: arg-type
mock.wait_for_messages("2")  # error: arg-type
mock.wait_for_message(5, recipent="bob@example.com")  # error: call-arg
mock.assert_no_message(recipent="bob@example.com")  # error: call-arg
mock.assert_message_count(recipent="bob@example.com")  # error: call-arg
mock.purge(recipent="bob@example.com")  # error: call-arg
mock.sessions(recipient="bob@example.com")  # error: call-arg
mock.wait_for_session(since=message)  # error: arg-type

# Violations.

level: Level = "should"
found: list[Violation] = mock.violations("bare-lf", level=level, recipient="bob@example.com")
mock.assert_no_violations(["bare-lf"], level="must")
mock.assert_no_violations(level="shuld")  # error: arg-type

# Rules.


def is_forged(received: ReceivedMessage) -> bool:
    return received.content.from_ != received.sender


asked = input()  # a stage that is known at run time only
then: Then = "close"
rule = mock.on("RCPT TO", recipient="*@slow.example", delay=2, reply="451 later", times=3, per="recipient")
mock.on("message", where=is_forged, reply="553 forged")
mock.on("message", where=lambda received: received.content.subject == "spam", then=then)
mock.on("EHLO", reply=["250-old.example.com", "250 SIZE 1000"])
mock.on("MAIL FROM", sender=re.compile("@example"), size=lambda size: size > 1000, reply=("552 no",))
mock.on("command", verb="EXPN", reply="252 no", user=None)
mock.on("STARTTLS", tls="expired")
mock.on(cast("Stage", asked), reply="450 later")
mock.greylist(retry_after=60, recipient="bob@example.com")
mock.fail_next(2, "DATA")
mock.reject_recipient(lambda recipient: "+" in recipient)
rule.assert_used(times=1)

mock.on("RCPT")  # error: arg-type
mock.on("rcpt to", reply="450 later")  # error: arg-type
mock.on("RCPT TO", repply="450 later")  # error: call-arg
mock.on("RCPT TO", reply=450)  # error: arg-type
mock.on("RCPT TO", then="clsoe")  # error: arg-type
mock.on("RCPT TO", per="client")  # error: arg-type
mock.on("RCPT TO", times="2")  # error: arg-type
mock.on("STARTTLS", tls="hide")  # error: arg-type
mock.on("message", where="spam")  # error: arg-type
mock.on("message", where=lambda received: received.subject)  # error: attr-defined
mock.on(asked)  # error: arg-type
mock.greylist(recipent="bob@example.com")  # error: call-arg
mock.greylist(times=2)  # error: call-arg
mock.fail_next(stage="MAIL")  # error: arg-type
mock.reject_recipient(None)  # error: arg-type

# Records.

recipients: tuple[str, ...] = message.recipients + message.refused_recipients
parameters: Mapping[str, str] = message.parameters
numbers: tuple[int, int, str, str] = (message.number, session.number, message.id, session.id)
exchange: Exchange = session.exchanges[0]
reason: tuple[str | None, str, bytes] = (exchange.cause.setting, exchange.cause.rule, exchange.request_bytes)
session.number = 7  # error: misc
print(message.subjct)  # error: attr-defined
session.client.upper().foo()  # error: attr-defined

# Fixtures.


@pytest.fixture(scope="session")
def smtpmock_settings() -> SettingWords:
    return {"not_registered_emails": ["nobody@example.com"], "strict": True}


def test_fallback(smtpmock: SMTPMock, smtpmock_session: SMTPMock, smtpmock_factory: SMTPMockFactory) -> None:
    broken = smtpmock_factory(msg_greeting="554 No service")
    assert broken.address != smtpmock.address
    smtpmock_factory(prot=1)  # error: call-arg
    smtpmock_factory(fail_fast="yes")  # error: arg-type
    smtpmock_settings: SettingWords = {"prot": 1}  # error: typeddict-unknown-key
    print(smtpmock_settings)
