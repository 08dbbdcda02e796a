"""Conversations about sequence, arguments, block lists and fail_fast, and the records they leave."""

import pytest

from tests.protocol.scenario import (
    ACCEPTED,
    BAD_RCPT,
    BODY,
    DATA,
    EHLO,
    FAST,
    MAIL,
    MANY_MSG,
    MANY_RCPT,
    NO_DATA,
    NO_MAIL,
    NO_RCPT,
    NO_RSET,
    NOBODY,
    NOOP,
    QUIT,
    RCPT,
    RCPT_C,
    RSET,
    Left,
    Scenario,
)

BOT = {"blacklisted_mailfrom_emails": ["bot@example.com"]}
BAD_HELO = ("EHLO ex_ample", "invalid_cmd_helo_arg")
BAD_MAIL = ("MAIL FROM:<a>", "invalid_cmd_mailfrom_arg")
BOT_MAIL = ("MAIL FROM:<bot@example.com>", "mailfrom_blacklisted_email")
WRONG_RCPT = ("RCPT TO:<b>", "invalid_cmd_rcptto_arg")
TOO_BIG = {"msg_size_limit": 4, "msg_msg_size_is_too_big": "552 too big"}
BIG = (b"hello\r\n", "msg_size_is_too_big")

SEQUENCE = (
    Scenario("RSET before HELO", {}, (NO_RSET, QUIT), (Left(rset=1, quit=True),)),
    Scenario(
        "RSET with an argument before HELO is out of sequence first",
        {},
        (("RSET now", "invalid_cmd_rset_sequence"), QUIT),
        (Left(rset=1, quit=True),),
    ),
    Scenario(
        "RSET after a refused HELO",
        {},
        (BAD_HELO, NO_RSET, QUIT),
        (Left(helo=1, rset=2, quit=True),),
    ),
    Scenario("NOOP before HELO", {}, (NOOP, QUIT), (Left(noop=True, quit=True),)),
    Scenario("HELO forgets a NOOP before it", {}, (NOOP, EHLO, QUIT), (Left(helo=2, quit=True),)),
    Scenario("MAIL forgets a NOOP after HELO", {}, (EHLO, NOOP, MAIL, QUIT), (Left(helo=1, mail=3, quit=True),)),
    Scenario("RCPT forgets a NOOP after MAIL", {}, (EHLO, MAIL, NOOP, RCPT), (Left(helo=1, mail=2, rcpt=(4,)),)),
    Scenario(
        "with multiple_rcptto RCPT forgets no NOOP",
        MANY_RCPT,
        (EHLO, MAIL, NOOP, RCPT),
        (Left(helo=1, mail=2, rcpt=(4,), noop=True),),
    ),
    Scenario(
        "NOOP with an argument is a NOOP",
        {},
        (EHLO, ("noop some words", "noop_received")),
        (Left(helo=1, noop=True),),
    ),
    Scenario("NOOP with a tab", {}, (("NOOP\tx", "noop_received"),), (Left(noop=True),)),
    Scenario("QUIT with an argument is no command", {}, (("QUIT x", "invalid_cmd"), QUIT), (Left(quit=True),)),
    Scenario("QUIT with a tab is no command", {}, (("QUIT\tx", "invalid_cmd"),), (Left(),)),
    Scenario("QUIT in mixed case between white space", {}, (("\t qUiT \t", "quit_cmd"),), (Left(quit=True),)),
    Scenario("a failed MAIL closes the way to RCPT", {}, (EHLO, BAD_MAIL, NO_RCPT), (Left(helo=1, mail=2, rcpt=(3,)),)),
    Scenario("a refused HELO closes the way to MAIL", {}, (BAD_HELO, NO_MAIL), (Left(helo=1, mail=2),)),
    Scenario(
        "a second HELO that is refused closes the way that the first opened",
        {},
        (EHLO, BAD_HELO, NO_MAIL),
        (Left(helo=2, mail=3),),
    ),
    Scenario(
        "MAIL out of sequence is told so before its argument is looked at",
        {},
        (("MAIL FROM:<a>", "invalid_cmd_mailfrom_sequence"),),
        (Left(mail=1),),
    ),
    Scenario(
        "RCPT out of sequence is told so before its argument is looked at",
        {},
        (EHLO, ("RCPT TO:<b>", "invalid_cmd_rcptto_sequence")),
        (Left(helo=1, rcpt=(2,)),),
    ),
    Scenario(
        "DATA with an argument is out of sequence first",
        {},
        (EHLO, MAIL, ("DATA now", "invalid_cmd_data_sequence")),
        (Left(helo=1, mail=2, data=3),),
    ),
    Scenario(
        "DATA after DATA with an argument",
        {},
        (EHLO, MAIL, RCPT, ("DATA\tnow", "invalid_cmd"), DATA, BODY),
        (Left(helo=1, mail=2, rcpt=(3,), data=5, msg=6),),
    ),
    Scenario(
        "RSET closes the way to RCPT",
        {},
        (EHLO, MAIL, RSET, NO_RCPT),
        (Left(helo=1, rcpt=(4,)),),
    ),
    Scenario("RSET closes the way to DATA", {}, (EHLO, MAIL, RCPT, RSET, NO_DATA), (Left(helo=1, data=5),)),
    Scenario(
        "RSET with an argument erases too",
        {},
        (EHLO, MAIL, RCPT, ("RSET x", "invalid_cmd_rset_arg"), NO_DATA),
        (Left(helo=1, data=5),),
    ),
    Scenario(
        "an unrecognised command changes nothing",
        {},
        (EHLO, MAIL, ("MAIL FROM <x@example.com>", "invalid_cmd"), RCPT),
        (Left(helo=1, mail=2, rcpt=(4,)),),
    ),
)

RECIPIENTS = (
    Scenario(
        "a refused recipient closes the way to DATA, an accepted one opens it again",
        NOBODY,
        (EHLO, MAIL, BAD_RCPT, NO_DATA, RCPT, DATA, BODY),
        (Left(helo=1, mail=2, rcpt=(5,), data=6, msg=7),),
    ),
    Scenario(
        "a recipient that cannot be read closes the way to DATA",
        {},
        (EHLO, MAIL, RCPT, WRONG_RCPT, NO_DATA),
        (Left(helo=1, mail=2, rcpt=(4,), data=5),),
    ),
    Scenario(
        "with multiple_rcptto one accepted recipient among failures is enough",
        MANY_RCPT | NOBODY,
        (EHLO, MAIL, WRONG_RCPT, RCPT, BAD_RCPT, DATA, BODY, QUIT),
        (Left(helo=1, mail=2, rcpt=(3, 4, 5), data=6, msg=7, quit=True),),
    ),
    Scenario(
        "with multiple_rcptto a recipient may be named twice",
        MANY_RCPT,
        (EHLO, MAIL, RCPT, RCPT, DATA, BODY),
        (Left(helo=1, mail=2, rcpt=(3, 4), data=5, msg=6),),
    ),
    Scenario(
        "with multiple_rcptto MAIL forgets the recipients",
        MANY_RCPT,
        (EHLO, MAIL, RCPT, MAIL, NO_DATA),
        (Left(helo=1, mail=4, data=5),),
    ),
    Scenario(
        "with multiple_rcptto a RCPT out of sequence is noted with the others",
        MANY_RCPT,
        (EHLO, NO_RCPT, NO_RCPT),
        (Left(helo=1, rcpt=(2, 3)),),
    ),
    Scenario(
        "a custom failing code is still success",
        {"msg_rcptto_received": "550 no"},
        (EHLO, MAIL, RCPT, DATA, BODY),
        (Left(helo=1, mail=2, rcpt=(3,), data=4, msg=5),),
    ),
    Scenario(
        "a custom succeeding code is still failure",
        NOBODY | {"msg_rcptto_not_registered_email": "250 fine"},
        (EHLO, MAIL, BAD_RCPT, NO_DATA),
        (Left(helo=1, mail=2, rcpt=(3,), data=4),),
    ),
    Scenario(
        "a custom greeting and end of data are still success",
        {"msg_helo_received": "421 go", "msg_msg_received": "554 kept"},
        ACCEPTED,
        (Left(helo=1, mail=2, rcpt=(3,), data=4, msg=5),),
    ),
)

BLOCKED = (
    Scenario(
        "a blocked sender closes the way to RCPT",
        BOT,
        (EHLO, BOT_MAIL, NO_RCPT),
        (Left(helo=1, mail=2, rcpt=(3,)),),
    ),
    Scenario(
        "a blocked sender in a source route and brackets is blocked",
        BOT,
        (EHLO, ("MAIL FROM:<@r.example,@s.example:bot@EXAMPLE.com>", "mailfrom_blacklisted_email")),
        (Left(helo=1, mail=2),),
    ),
    Scenario(
        "a blocked sender with a display name and no brackets at the end is blocked",
        BOT,
        (EHLO, ("MAIL FROM:Bot 7 <bot@example.com", "mailfrom_blacklisted_email")),
        (Left(helo=1, mail=2),),
    ),
    Scenario(
        "a sender that differs in the case of its local part is not blocked",
        BOT,
        (EHLO, ("MAIL FROM:<Bot@example.com>", "mailfrom_received")),
        (Left(helo=1, mail=2),),
    ),
    Scenario(
        "after a blocked HELO another one is welcome",
        {"blacklisted_helo_domains": ["Bad.Example"]},
        (("HELO bad.example", "helo_blacklisted_domain"), NO_MAIL, EHLO, MAIL),
        (Left(helo=3, mail=4),),
    ),
    Scenario(
        "with multiple_rcptto a blocked recipient between two others",
        MANY_RCPT | {"blacklisted_rcptto_emails": ["x@Example.Com"]},
        (EHLO, MAIL, RCPT, ("RCPT TO:<x@example.com>", "rcptto_blacklisted_email"), RCPT_C, DATA, BODY),
        (Left(helo=1, mail=2, rcpt=(3, 4, 5), data=6, msg=7),),
    ),
    Scenario(
        "with both multiple modes a blocked sender after a message starts a record of its own",
        MANY_RCPT | MANY_MSG | BOT,
        (*ACCEPTED, BOT_MAIL, QUIT),
        (Left(helo=1, mail=2, rcpt=(3,), data=4, msg=5), Left(helo=1, mail=6, quit=True)),
    ),
)

ENDS_FAST = tuple(
    Scenario(f"fail_fast ends after {name}", FAST | settings, steps, (left,), closed=True)
    for name, settings, steps, left in (
        ("a HELO without argument", {}, (("HELO", "invalid_cmd_helo_arg"),), Left(helo=1)),
        (
            "a blocked HELO",
            {"blacklisted_helo_domains": ["b.example"]},
            (("HELO b.example", "helo_blacklisted_domain"),),
            Left(helo=1),
        ),
        ("a blocked sender", BOT, (EHLO, BOT_MAIL), Left(helo=1, mail=2)),
        ("a RCPT out of sequence", {}, (EHLO, NO_RCPT), Left(helo=1, rcpt=(2,))),
        ("a recipient that cannot be read", {}, (EHLO, MAIL, WRONG_RCPT), Left(helo=1, mail=2, rcpt=(3,))),
        (
            "an unknown recipient behind a good one",
            MANY_RCPT | NOBODY,
            (EHLO, MAIL, RCPT, BAD_RCPT),
            Left(helo=1, mail=2, rcpt=(3, 4)),
        ),
        ("DATA out of sequence", {}, (EHLO, MAIL, NO_DATA), Left(helo=1, mail=2, data=3)),
        ("RSET out of sequence", {}, (NO_RSET,), Left(rset=1)),
        ("RSET with an argument", {}, (EHLO, ("RSET x", "invalid_cmd_rset_arg")), Left(helo=1, rset=2)),
        (
            "a message that is too big",
            TOO_BIG,
            (EHLO, MAIL, RCPT, DATA, BIG),
            Left(helo=1, mail=2, rcpt=(3,), data=4, msg=5),
        ),
        ("a refused RCPT after a message that it erased", {}, (*ACCEPTED, WRONG_RCPT), Left(helo=1, mail=2, rcpt=(6,))),
        ("a RCPT after a message that stays", MANY_MSG, (*ACCEPTED, NO_RCPT), Left(1, 2, (3,), 4, 5)),
    )
)

ENDS_LATER = (
    Scenario(
        "fail_fast ends nothing after what is no command",
        FAST,
        (
            ("FOO", "invalid_cmd"),
            ("QUIT x", "invalid_cmd"),
            ("MAIL FOO:<a@b>", "invalid_cmd"),
            ("", "invalid_cmd"),
            EHLO,
        ),
        (Left(helo=5),),
    ),
)


@pytest.mark.parametrize(
    "scenario", SEQUENCE + RECIPIENTS + BLOCKED + ENDS_FAST + ENDS_LATER, ids=lambda scenario: scenario.name
)
def test_conversation(scenario: Scenario) -> None:
    assert scenario.play() == scenario.expected()
