"""Rules against the settings: what a rule's reply does to the session and to its record."""

from __future__ import annotations

import pytest

from tests.rules.scripted import CONTENT, EHLO, ENVELOPE, GO_AHEAD, MAIL, OK, RCPT, Scripted, on

NO_MAIL = "503 Bad sequence of commands. MAIL FROM should be used after HELO\r\n"
NO_RCPT = "503 Bad sequence of commands. RCPT TO should be used after MAIL FROM\r\n"
NO_DATA = "503 Bad sequence of commands. DATA should be used after RCPT TO\r\n"


# In place of what the settings would have answered.


@pytest.mark.parametrize(
    ("stage", "before", "line", "setting"),
    [
        ("EHLO", (), "EHLO ex_ample", "501 HELO requires domain address or valid address literal"),
        ("EHLO", (), "EHLO bad.example", "421 Service not available"),
        ("MAIL FROM", (), MAIL, NO_MAIL.strip()),
        ("MAIL FROM", (EHLO,), "MAIL FROM:nobody", "501 MAIL FROM requires valid email address"),
        ("MAIL FROM", (EHLO,), "MAIL FROM:<bad@example.com>", "421 Service not available"),
        ("RCPT TO", (EHLO,), RCPT, NO_RCPT.strip()),
        ("RCPT TO", (EHLO, MAIL), "RCPT TO:nobody", "501 RCPT TO requires valid email address"),
        ("RCPT TO", (EHLO, MAIL), "RCPT TO:<bad@example.com>", "421 Service not available"),
        ("RCPT TO", (EHLO, MAIL), "RCPT TO:<nobody@example.com>", "550 User not found"),
        ("DATA", (EHLO, MAIL), "DATA", NO_DATA.strip()),
        ("RSET", (), "RSET", "503 Bad sequence of commands. HELO should be the first"),
    ],
)
@pytest.mark.parametrize("reply", ["299 fine", "499 not now", "599 never"])
def test_rule_stands_in_place_of_what_the_settings_refuse(stage, before, line, setting, reply):
    settings = {
        "blacklisted_helo_domains": ["bad.example"],
        "blacklisted_mailfrom_emails": ["bad@example.com"],
        "blacklisted_rcptto_emails": ["bad@example.com"],
        "not_registered_emails": ["nobody@example.com"],
    }
    rule = on(stage, reply=reply, after=sum(earlier.startswith(stage) for earlier in before))
    session, plain = Scripted(rule, **settings), Scripted(**settings)
    session.say(*before)
    plain.say(*before)

    assert plain.say(line) == f"{setting}\r\n"
    assert session.say(line) == f"{reply}\r\n"
    assert (session.last.rule, session.last.setting, session.last.accepted) == (str(rule), None, reply == "299 fine")


@pytest.mark.parametrize(
    ("stage", "line"),
    [("HELO", "HELO client.example"), ("EHLO", EHLO), ("MAIL FROM", MAIL), ("RCPT TO", RCPT), ("DATA", "DATA")],
)
@pytest.mark.parametrize(("digit", "accepted"), [("2", True), ("3", True), ("4", False), ("5", False)])
def test_state_follows_the_first_digit(stage, line, digit, accepted):
    session = Scripted(on(stage, reply=f"{digit}11 as told"))
    lines = [line if line[:4] == "HELO" else EHLO, MAIL, RCPT, "DATA"]

    replies = session.say(*lines).splitlines()

    expected = ["250 Received", "250 Received", "250 Received", GO_AHEAD.strip()]
    at = lines.index(line)
    expected[at] = f"{digit}11 as told"
    if not accepted:
        refusals = ["", NO_MAIL.strip(), NO_RCPT.strip(), NO_DATA.strip()]
        expected[at + 1 :] = refusals[at + 1 :]
    assert replies == expected
    assert session.exchanges[at + 1].accepted is accepted


def test_command_out_of_sequence_succeeds_as_far_as_its_argument_can_be_read():
    session = Scripted(on("MAIL FROM", reply="250 welcome anyhow"))

    assert session.say("MAIL FROM:<a@example.com>", RCPT, "DATA") == f"250 welcome anyhow\r\n{OK}{GO_AHEAD}"
    assert session.message(CONTENT) == OK
    [message] = session.messages()
    assert (message.sender, message.recipients, message.raw) == ("a@example.com", ("b@example.com",), CONTENT)
    assert message.is_consistent


def test_recipient_that_cannot_be_read_is_accepted_as_told_and_recorded_as_it_was_given():
    session = Scripted(on("RCPT TO", reply="250 whoever"))

    assert session.say(EHLO, MAIL, "RCPT TO:whoever", "DATA") == f"{OK * 2}250 whoever\r\n{GO_AHEAD}"
    assert session.message(CONTENT) == OK
    [message] = session.messages()
    assert (message.recipients, message.is_consistent) == (("whoever",), True)


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        ("whoever", "whoever"),
        ("<whoever>", "whoever"),
        (" <who ever> ", "who ever"),
        ("<who@ex_ample.com>", "who@ex_ample.com"),
        ("<a@b> c <d@e>", "<a@b> c <d@e>"),
        ("<", "<"),
        ("<>", "<>"),
    ],
)
@pytest.mark.parametrize("settings", [{}, {"multiple_rcptto": True, "multiple_message_receiving": True}])
def test_recipient_that_a_rule_accepts_is_recorded_as_it_was_given(given, recorded, settings):
    session = Scripted(on("RCPT TO", reply="250 whoever"), **settings)
    session.say(EHLO, MAIL, f"RCPT TO:{given}", "DATA")

    assert session.message(CONTENT) == OK
    [message] = session.messages()
    assert (message.recipients, message.refused_recipients, message.is_consistent) == ((recorded,), (), True)
    assert (list(message.recipient_parameters), session.exchanges[3].argument) == ([recorded], None)


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        ("nobody", "nobody"),
        ("<nobody>", "nobody"),
        ("<no body> SIZE=1", "<no body> SIZE=1"),
        ("<a@ex_ample.com>", "a@ex_ample.com"),
    ],
)
@pytest.mark.parametrize("settings", [{}, {"multiple_rcptto": True, "multiple_message_receiving": True}])
def test_sender_that_a_rule_accepts_is_recorded_as_it_was_given_and_never_as_the_null_path(given, recorded, settings):
    senders = []
    seen = on("message", sender=lambda sender: senders.append(sender), delay=1)
    session = Scripted(on("MAIL FROM", reply="250 whoever"), seen, **settings)
    session.say(EHLO, f"MAIL FROM:{given}", RCPT, "DATA")

    assert session.message(CONTENT) == OK
    [message] = session.messages()
    assert (message.sender, message.is_consistent, senders) == (recorded, True, [recorded])
    assert session.exchanges[2].argument is None


@pytest.mark.parametrize("settings", [{}, {"multiple_rcptto": True, "multiple_message_receiving": True}])
def test_null_path_stays_the_null_path(settings):
    session = Scripted(on("MAIL FROM", reply="250 bounce"), **settings)
    session.say(EHLO, "MAIL FROM:<>", RCPT, "DATA")

    session.message(CONTENT)
    assert [message.sender for message in session.messages()] == [""]


def test_refused_recipient_that_cannot_be_read_is_recorded_as_it_was_given():
    session = Scripted(multiple_rcptto=True, multiple_message_receiving=True)
    session.say(EHLO, MAIL, "RCPT TO:<who ever>", RCPT, "DATA")

    session.message(CONTENT)
    assert [(message.recipients, message.refused_recipients) for message in session.messages()] == [
        (("b@example.com",), ("who ever",))
    ]


def test_refused_recipient_is_not_a_recipient_and_one_accepted_by_a_rule_is():
    session = Scripted(
        on("RCPT TO", recipient="b@example.com", reply="550 no"),
        on("RCPT TO", recipient="nobody@example.com", reply="250 yes"),
        not_registered_emails=["nobody@example.com"],
        multiple_rcptto=True,
    )

    assert session.say(EHLO, MAIL, RCPT, "RCPT TO:<nobody@example.com>", "DATA") == (
        f"{OK}{OK}550 no\r\n250 yes\r\n{GO_AHEAD}"
    )
    assert session.message(CONTENT) == OK
    [message] = session.messages()
    assert message.recipients == ("nobody@example.com",)
    assert message.rcptto_request_response == ((RCPT, "550 no"), ("RCPT TO:<nobody@example.com>", "250 yes"))


@pytest.mark.parametrize("reply", ["250 ok", "299 ok", "354 ok"])
def test_message_that_a_rule_accepts_is_kept_with_its_reply(reply):
    session = Scripted(on("message", reply=reply))

    assert session.deliver() == f"{reply}\r\n"
    [message] = session.messages()
    assert (message.msg_response, message.is_consistent, message.raw) == (reply, True, CONTENT)


@pytest.mark.parametrize("reply", ["451 later", "554 never"])
def test_message_that_a_rule_refuses_appears_when_the_session_ends(reply):
    session = Scripted(on("message", reply=reply))

    assert session.deliver() == f"{reply}\r\n"
    assert session.messages() == []
    session.say("QUIT")
    [message] = session.messages()
    assert (message.msg_response, message.is_consistent, message.state) == (reply, False, "message refused")


def test_message_over_the_limit_is_accepted_by_a_rule():
    session = Scripted(on("message", reply="250 well"), msg_size_limit=10)

    assert session.deliver() == "250 well\r\n"
    [message] = session.messages()
    assert message.is_consistent


def test_data_with_another_success_code_is_followed_by_the_message():
    session = Scripted(on("DATA", reply="250 odd"))

    assert session.say(*ENVELOPE, "DATA") == f"{OK * 3}250 odd\r\n"
    assert session.message(CONTENT) == OK


def test_data_refused_by_a_rule_is_followed_by_commands():
    session = Scripted(on("DATA", reply="451 later", times=1))

    assert session.say(*ENVELOPE, "DATA", "NOOP", "DATA") == f"{OK * 3}451 later\r\n250 Ok\r\n{GO_AHEAD}"


def test_quit_refused_by_a_rule_does_not_end_the_session():
    session = Scripted(on("QUIT", reply="421 not yet", times=1))

    assert session.say("QUIT", "NOOP") == "421 not yet\r\n250 Ok\r\n"
    assert not session.closed
    assert session.say("QUIT") == "221 Closing connection\r\n"
    assert session.closed


def test_refusal_by_a_rule_ends_the_session_with_fail_fast():
    session = Scripted(on("RCPT TO", reply="450 again"), fail_fast=True)

    assert session.say(*ENVELOPE) == f"{OK * 2}450 again\r\n"
    assert session.closed


def test_success_by_a_rule_goes_on_with_fail_fast():
    session = Scripted(on("MAIL FROM", reply="250 yes"), fail_fast=True)

    assert session.say(MAIL, RCPT) == f"250 yes\r\n{OK}"
    assert not session.closed


def test_greeting_by_a_rule():
    session = Scripted(on("connect", reply=["220-mail.example.com", "220 at your service"]))

    assert session.greeting == "220-mail.example.com\r\n220 at your service\r\n"
    assert session.say("NOOP") == "250 Ok\r\n"


def test_reply_421_of_its_own_does_not_close():
    session = Scripted(on("NOOP", reply="421 busy"))

    assert session.say("NOOP", "NOOP") == "421 busy\r\n" * 2
    assert not session.closed


@pytest.mark.parametrize(
    ("reply", "sent"),
    [
        ("250", "250\r\n"),
        ("250 ", "250\r\n"),
        ("250-one", "250 one\r\n"),
        (["250 one", "250-two", "250 three"], "250-one\r\n250-two\r\n250 three\r\n"),
        (("250-one", "250-two"), "250-one\r\n250 two\r\n"),
        (["250", "250"], "250-\r\n250\r\n"),
        ("250 Grüße", "250 Grüße\r\n"),
        ("999 odd", "999 odd\r\n"),
        ("000", "000\r\n"),
    ],
)
def test_lines_of_a_reply_are_joined_as_smtp_wants(reply, sent):
    session = Scripted(on("NOOP", reply=reply))

    assert session.say("NOOP") == sent
    assert session.last.reply == sent.removesuffix("\r\n").replace("\r\n", "\n")


def test_pipelined_commands_are_answered_in_order_each_by_its_rule():
    session = Scripted(on("RCPT TO", recipient="b*", reply="450 b"), on("RCPT TO", recipient="c*", reply="550 c"))
    lines = (EHLO, MAIL, RCPT, "RCPT TO:<c@example.com>", "RCPT TO:<d@example.com>")

    assert session.send("".join(f"{line}\r\n" for line in lines)) == f"{OK * 2}450 b\r\n550 c\r\n{OK}"
