"""Conversations of more than one message: which records are erased, which stay, and what is added to them."""

import pytest

from smtpmock.protocol.actions import Amend, Erase
from tests.protocol.conversation import Conversation
from tests.protocol.scenario import (
    ACCEPTED,
    BAD_RCPT,
    BODY,
    DATA,
    EHLO,
    MAIL,
    MANY_MSG,
    MANY_RCPT,
    NO_DATA,
    NO_MAIL,
    NO_RCPT,
    NOBODY,
    NOOP,
    QUIT,
    RCPT,
    RCPT_C,
    RSET,
    Left,
    Scenario,
)

BOTH = MANY_RCPT | MANY_MSG
WHOLE = Left(helo=1, mail=2, rcpt=(3,), data=4, msg=5)
WHOLE_QUIT = Left(helo=1, mail=2, rcpt=(3,), data=4, msg=5, quit=True)
BAD_HELO = ("HELO -", "invalid_cmd_helo_arg")
TOO_BIG = {"msg_size_limit": 10, "msg_msg_size_is_too_big": "552 too big"}
BIG = (b"hello world\r\n", "msg_size_is_too_big")
SECOND = (b"second\r\n", "msg_received")

SINGLE = (
    Scenario("MAIL erases an accepted message", {}, (*ACCEPTED, MAIL), (Left(helo=1, mail=6),)),
    Scenario(
        "a MAIL that fails erases an accepted message",
        {},
        (*ACCEPTED, ("MAIL FROM:", "invalid_cmd_mailfrom_arg")),
        (Left(helo=1, mail=6),),
    ),
    Scenario("HELO erases an accepted message", {}, (*ACCEPTED, EHLO, NO_RCPT), (Left(helo=6, rcpt=(7,)),)),
    Scenario("a HELO that fails erases it all", {}, (*ACCEPTED, BAD_HELO, NO_MAIL), (Left(helo=6, mail=7),)),
    Scenario(
        "DATA erases an accepted message and takes another for the same recipients",
        {},
        (*ACCEPTED, DATA, SECOND, QUIT),
        (Left(helo=1, mail=2, rcpt=(3,), data=6, msg=7, quit=True),),
    ),
    Scenario(
        "DATA with an argument erases an accepted message",
        {},
        (*ACCEPTED, ("DATA x", "invalid_cmd")),
        (Left(helo=1, mail=2, rcpt=(3,), data=6),),
    ),
    Scenario(
        "RCPT erases an accepted message, and opens the way to another",
        {},
        (*ACCEPTED, RCPT_C, DATA, SECOND),
        (Left(helo=1, mail=2, rcpt=(6,), data=7, msg=8),),
    ),
    Scenario(
        "a refused RCPT erases an accepted message and closes the way to DATA",
        NOBODY,
        (*ACCEPTED, BAD_RCPT, NO_DATA),
        (Left(helo=1, mail=2, rcpt=(6,), data=7),),
    ),
    Scenario(
        "RSET with an argument erases an accepted message",
        {},
        (*ACCEPTED, ("RSET x", "invalid_cmd_rset_arg")),
        (Left(helo=1, rset=6),),
    ),
    Scenario("a second RSET stands for the first", {}, (*ACCEPTED, RSET, RSET), (Left(helo=1, rset=7),)),
    Scenario("MAIL forgets the RSET before it", {}, (EHLO, RSET, MAIL), (Left(helo=1, mail=3),)),
    Scenario(
        "NOOP and QUIT are added to an accepted message",
        {},
        (*ACCEPTED, NOOP, QUIT),
        (Left(helo=1, mail=2, rcpt=(3,), data=4, msg=5, noop=True, quit=True),),
    ),
    Scenario(
        "RCPT and DATA forget a NOOP after the message",
        {},
        (*ACCEPTED, NOOP, DATA, SECOND),
        (Left(helo=1, mail=2, rcpt=(3,), data=7, msg=8),),
    ),
    Scenario("an unrecognised line erases nothing", {}, (*ACCEPTED, ("RCPT TO <x@y>", "invalid_cmd")), (WHOLE,)),
    Scenario(
        "a message that was too big is replaced by the next DATA",
        TOO_BIG,
        (EHLO, MAIL, RCPT, DATA, BIG, DATA, SECOND),
        (Left(helo=1, mail=2, rcpt=(3,), data=6, msg=7),),
    ),
    Scenario(
        "a message that was too big is left with its reply",
        TOO_BIG,
        (EHLO, MAIL, RCPT, DATA, BIG, QUIT),
        (WHOLE_QUIT,),
    ),
)

SINGLE_MANY_RECIPIENTS = (
    Scenario(
        "RCPT is added to an accepted message",
        MANY_RCPT,
        (*ACCEPTED, RCPT_C, QUIT),
        (Left(helo=1, mail=2, rcpt=(3, 6), data=4, msg=5, quit=True),),
    ),
    Scenario(
        "a refused RCPT is added to an accepted message, which stays consistent",
        MANY_RCPT | NOBODY,
        (*ACCEPTED, NOOP, BAD_RCPT),
        (Left(helo=1, mail=2, rcpt=(3, 7), data=4, msg=5, noop=True),),
    ),
    Scenario(
        "DATA after an added RCPT erases the message",
        MANY_RCPT,
        (*ACCEPTED, RCPT_C, DATA),
        (Left(helo=1, mail=2, rcpt=(3, 6), data=7),),
    ),
)

MULTIPLE = (
    Scenario(
        "MAIL after a message starts a record with the HELO part",
        MANY_MSG,
        (*ACCEPTED, MAIL, RCPT, DATA, SECOND, QUIT),
        (WHOLE, Left(helo=1, mail=6, rcpt=(7,), data=8, msg=9, quit=True)),
    ),
    Scenario(
        "HELO after a message starts an empty record",
        MANY_MSG,
        (*ACCEPTED, ("HELO other.example", "helo_received"), QUIT),
        (WHOLE, Left(helo=6, quit=True)),
    ),
    Scenario("a failed HELO after a message", MANY_MSG, (*ACCEPTED, BAD_HELO, NO_MAIL), (WHOLE, Left(6, 7))),
    Scenario(
        "a failed MAIL after a message",
        MANY_MSG,
        (*ACCEPTED, ("MAIL FROM:<a b@c>", "invalid_cmd_mailfrom_arg"), NO_RCPT),
        (WHOLE, Left(helo=1, mail=6, rcpt=(7,))),
    ),
    Scenario(
        "RCPT and DATA after a message change nothing", MANY_MSG, (*ACCEPTED, NO_RCPT, NO_DATA, QUIT), (WHOLE_QUIT,)
    ),
    Scenario(
        "with both modes RCPT and DATA after a message change nothing", BOTH, (*ACCEPTED, NO_RCPT, NO_DATA), (WHOLE,)
    ),
    Scenario(
        "RSET after a message is noted, and RCPT stays out of sequence",
        MANY_MSG,
        (*ACCEPTED, RSET, NO_RCPT, NO_DATA, QUIT),
        (Left(helo=1, mail=2, rcpt=(3,), data=4, msg=5, rset=6, quit=True),),
    ),
    Scenario(
        "RSET with an argument after a message is noted",
        MANY_MSG,
        (*ACCEPTED, ("RSET x", "invalid_cmd_rset_arg"), NOOP),
        (Left(helo=1, mail=2, rcpt=(3,), data=4, msg=5, rset=6, noop=True),),
    ),
    Scenario(
        "NOOP and QUIT belong to the record that is current",
        MANY_MSG,
        (*ACCEPTED, NOOP, MAIL, NOOP, QUIT),
        (
            Left(helo=1, mail=2, rcpt=(3,), data=4, msg=5, noop=True),
            Left(helo=1, mail=7, noop=True, quit=True),
        ),
    ),
    Scenario(
        "a transaction without a message is erased by the next MAIL",
        MANY_MSG,
        (*ACCEPTED, MAIL, RCPT, MAIL),
        (WHOLE, Left(helo=1, mail=8)),
    ),
    Scenario(
        "a message that was too big is not accepted, and is forgotten",
        MANY_MSG | TOO_BIG,
        (EHLO, MAIL, RCPT, DATA, BIG, MAIL, RCPT, DATA, SECOND),
        (Left(helo=1, mail=6, rcpt=(7,), data=8, msg=9),),
    ),
    Scenario(
        "RSET before the end of a second transaction leaves the first alone",
        BOTH,
        (*ACCEPTED, MAIL, RCPT, RSET, QUIT),
        (WHOLE, Left(helo=1, mail=6, rcpt=(7,), rset=8, quit=True)),
    ),
    Scenario(
        "each message keeps its own recipients",
        BOTH,
        (*ACCEPTED, MAIL, RCPT, RCPT_C, DATA, SECOND, MAIL, RCPT_C, DATA, BODY),
        (
            WHOLE,
            Left(helo=1, mail=6, rcpt=(7, 8), data=9, msg=10),
            Left(helo=1, mail=11, rcpt=(12,), data=13, msg=14),
        ),
    ),
    Scenario(
        "HELO before any message forgets the transaction",
        MANY_MSG,
        (EHLO, MAIL, RCPT, ("HELO again.example", "helo_received"), NO_RCPT),
        (Left(helo=4, rcpt=(5,)),),
    ),
)


@pytest.mark.parametrize("scenario", SINGLE + SINGLE_MANY_RECIPIENTS + MULTIPLE, ids=lambda scenario: scenario.name)
def test_conversation(scenario: Scenario) -> None:
    assert scenario.play() == scenario.expected()


def test_what_a_packet_adds_to_a_record_is_stored_once_and_before_the_replies() -> None:
    conversation = Conversation(**MANY_RCPT).accepted()
    packet = b"".join(b"RCPT TO:<b%d@example.com>\r\n" % number for number in range(100))
    amended, replies = conversation.step(packet + b"NOOP\r\n")

    assert isinstance(amended, Amend)
    assert len(amended.record.rcptto) == 101
    assert amended.record.noop
    assert replies == b"250 Received\r\n" * 100 + b"250 Ok\r\n"


def test_what_a_packet_adds_to_a_record_is_stored_before_the_record_is_erased() -> None:
    conversation = Conversation(**MANY_RCPT).accepted()
    amended, erased, replies = conversation.step(b"RCPT TO:<c@example.com>\r\nRSET\r\n")

    assert isinstance(amended, Amend)
    assert len(amended.record.rcptto) == 2
    assert isinstance(erased, Erase)
    assert replies == b"250 Received\r\n250 Ok\r\n"
