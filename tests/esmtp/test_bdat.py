"""Messages in chunks (RFC 3030)."""

from __future__ import annotations

import tracemalloc

import pytest

from smtpmock import Rule
from tests.esmtp.talk import EHLO, MAIL, RCPT, Talk

RECEIVED = "250 Received\r\n"
OUT_OF_SEQUENCE = "503 Bad sequence of commands. BDAT should be used after RCPT TO\r\n"
NO_SIZE = "501 BDAT requires a number of octets, and LAST for the last chunk\r\n"
TOO_BIG = "552 Message exceeded max size of 10 bytes\r\n"


def ready(*rules, **settings):
    talk = Talk(*rules, extensions=["CHUNKING"], **settings)
    talk.say(EHLO, MAIL, RCPT)
    return talk


def raws(talk):
    return [message.raw for message in talk.messages() if message.is_consistent]


class TestMessage:
    def test_one_chunk_is_one(self):
        talk = ready()

        assert talk.send("BDAT 7 LAST\r\nhello\r\n") == RECEIVED
        [message] = talk.messages()
        assert (message.raw, message.is_consistent, message.state) == (b"hello\r\n", True, "accepted")
        assert (message.data_request, message.msg_response) == ("BDAT 7 LAST", "250 Received")
        assert talk.say("NOOP") == "250 Ok\r\n"

    def test_chunks_are_put_together(self):
        talk = ready()

        assert talk.send("BDAT 3\r\nabc") == RECEIVED
        assert raws(talk) == []
        assert talk.send("BDAT 2\r\nde", "BDAT 1 LAST\r\nf") == RECEIVED * 2
        assert raws(talk) == [b"abcdef"]

    def test_each_chunk_is_an_exchange(self):
        talk = ready()
        talk.send("BDAT 3\r\nabc", "bdat 0 last\r\n")

        assert talk.said[3:] == [("BDAT 3", "250 Received"), ("bdat 0 last", "250 Received")]
        assert [exchange.stage for exchange in talk.exchanges[-2:]] == ["BDAT", "message"]

    def test_the_last_chunk_may_be_empty(self):
        talk = ready()

        assert talk.send("BDAT 3\r\nabc", "BDAT 0 LAST\r\n") == RECEIVED * 2
        assert raws(talk) == [b"abc"]

    def test_a_message_may_be_empty(self):
        talk = ready()

        assert talk.send("BDAT 0 LAST\r\n") == RECEIVED
        assert raws(talk) == [b""]

    def test_an_empty_chunk_in_the_middle_changes_nothing(self):
        talk = ready()

        assert talk.send("BDAT 0\r\n", "BDAT 1\r\na", "BDAT 0\r\n", "BDAT 1 LAST\r\nb") == RECEIVED * 4
        assert raws(talk) == [b"ab"]

    def test_octets_are_octets(self):
        octets = bytes(range(256)) + b"\r\n.\r\nQUIT\r\n..\nBDAT 1 LAST\r\n\r"
        talk = ready()

        assert talk.send(f"BDAT {len(octets)} LAST\r\n", octets) == RECEIVED
        assert raws(talk) == [octets]
        assert not talk.ended

    def test_the_delay_of_the_message_is_that_of_its_last_chunk(self):
        talk = ready(response_delay_message=2.5)
        talk.send("BDAT 1\r\na")
        assert talk.delays == []
        talk.send("BDAT 1 LAST\r\nb")
        assert talk.delays == [2.5]

    def test_several_in_a_session(self):
        talk = ready(multiple_message_receiving=True)
        talk.send("BDAT 1 LAST\r\na")
        talk.say(MAIL, RCPT)
        talk.send("BDAT 1 LAST\r\nb")

        assert raws(talk) == [b"a", b"b"]

    def test_DATA_in_the_next_transaction(self):  # noqa: N802
        talk = ready(multiple_message_receiving=True)
        talk.send("BDAT 1 LAST\r\na")

        assert talk.say(MAIL, RCPT, "DATA", "b", ".").splitlines()[-1] == "250 Received"
        assert raws(talk) == [b"a", b"b\r\n"]


class TestOrder:
    def test_before_RCPT_a_chunk_is_refused_but_read(self):  # noqa: N802
        talk = Talk(extensions=["CHUNKING"])

        assert talk.send("BDAT 6\r\nQUIT\r\n") == OUT_OF_SEQUENCE
        assert talk.say(EHLO, MAIL).splitlines()[-1] == "250 Received"
        assert talk.send("BDAT 6 LAST\r\nQUIT\r\n") == OUT_OF_SEQUENCE
        assert not talk.ended
        assert talk.say(RCPT) == RECEIVED
        assert talk.send("BDAT 1 LAST\r\nx") == RECEIVED

    def test_a_refused_chunk_of_no_octets_is_answered_at_once(self):
        assert Talk(extensions=["CHUNKING"]).say("BDAT 0 LAST", "NOOP") == f"{OUT_OF_SEQUENCE}250 Ok\r\n"

    def test_after_a_refused_recipient_alone_it_is_out_of_sequence(self):
        talk = Talk(extensions=["CHUNKING"], not_registered_emails=["b@example.com"])
        talk.say(EHLO, MAIL, RCPT)

        assert talk.send("BDAT 1 LAST\r\nx") == OUT_OF_SEQUENCE

    @pytest.mark.parametrize("last", ["", " LAST"])
    def test_after_the_message_another_chunk_needs_another_transaction(self, last):
        talk = ready()

        assert talk.send("BDAT 1 LAST\r\na", f"BDAT 6{last}\r\nQUIT\r\n") == RECEIVED + OUT_OF_SEQUENCE
        assert raws(talk) == [b"a"]

    def test_after_DATA_it_is_out_of_sequence(self):  # noqa: N802
        talk = ready()

        assert talk.say("DATA", "a", ".").splitlines()[-1] == "250 Received"
        assert talk.send("BDAT 1 LAST\r\nb") == OUT_OF_SEQUENCE
        assert raws(talk) == [b"a\r\n"]

    @pytest.mark.parametrize("many", [False, True])
    @pytest.mark.parametrize("chunk", ["BDAT 1\r\na", "BDAT 0\r\n", "BDAT 1 LAST\r\na"])
    def test_DATA_after_it_is_out_of_sequence(self, chunk, many):  # noqa: N802
        talk = ready(multiple_message_receiving=many)

        assert talk.send(chunk) == RECEIVED
        assert talk.say("DATA") == "503 Bad sequence of commands. DATA should be used after RCPT TO\r\n"

    def test_RCPT_after_it_is_out_of_sequence(self):  # noqa: N802
        talk = ready(multiple_rcptto=True)
        talk.send("BDAT 1\r\na")

        assert talk.say(RCPT).startswith("503 ")
        assert talk.send("BDAT 1 LAST\r\nb") == RECEIVED
        assert talk.messages()[0].recipients == ("b@example.com",)

    @pytest.mark.parametrize("many", [False, True])
    def test_RSET_throws_the_chunks_away(self, many):  # noqa: N802
        talk = ready(multiple_message_receiving=many)
        talk.send("BDAT 3\r\nabc")

        assert talk.say("RSET", MAIL, RCPT) == "250 Ok\r\n" + RECEIVED * 2
        assert talk.send("BDAT 1 LAST\r\nd") == RECEIVED
        assert raws(talk) == [b"d"]

    @pytest.mark.parametrize("command", [EHLO, MAIL])
    def test_what_begins_anew_throws_the_chunks_away(self, command):
        talk = ready()
        talk.send("BDAT 3\r\nabc")
        talk.say(*{EHLO: (EHLO, MAIL, RCPT), MAIL: (MAIL, RCPT)}[command])
        talk.send("BDAT 1 LAST\r\nd")

        assert raws(talk) == [b"d"]

    @pytest.mark.parametrize("command", ["NOOP", "HELP", "VRFY bob"])
    def test_what_is_no_part_of_the_transaction_may_stand_between(self, command):
        talk = ready()
        talk.send("BDAT 1\r\na")
        talk.say(command)
        talk.send("BDAT 1 LAST\r\nb")

        assert raws(talk) == [b"ab"]

    def test_QUIT_between_chunks_leaves_no_message(self):  # noqa: N802
        talk = ready()
        talk.send("BDAT 1\r\na", "QUIT\r\n")

        assert talk.closed
        assert [(message.is_consistent, message.raw) for message in talk.messages()] == [(False, b"")]

    def test_a_connection_that_ends_in_a_chunk_leaves_no_message(self):
        talk = ready()
        talk.send("BDAT 9 LAST\r\na")
        assert not talk.connection.is_between_commands
        talk.end()

        assert [(message.is_consistent, message.raw) for message in talk.messages()] == [(False, b"")]

    def test_before_TLS_where_that_is_required_it_is_refused_but_read(self):  # noqa: N802
        talk = Talk(extensions=["CHUNKING"], tls="starttls", require_tls=True)

        assert talk.send("BDAT 6 LAST\r\nQUIT\r\n") == "530 STARTTLS is required first\r\n"
        assert not talk.ended

    def test_where_it_is_off_there_is_no_such_command(self):
        assert Talk(extensions=["DSN"]).say(EHLO, MAIL, RCPT, "BDAT 0 LAST").splitlines()[-1].startswith("502 ")


class TestSize:
    @pytest.mark.parametrize(
        "argument",
        [
            *("", " ", " x", " -1", " +1", " 1.0", " 0x1", " 1e3", " \u0661", " 1 2", " 1 FIRST", " 1 LAST LAST"),
            *(" 1LAST", " LAST", " LAST 1", f" {'9' * 400}", " 1,", "\t1"),
        ],
    )
    def test_what_is_no_size_is_refused_at_once(self, argument):
        talk = ready()

        assert talk.say(f"BDAT{argument}") == NO_SIZE
        assert talk.send("BDAT 1 LAST\r\na") == RECEIVED

    def test_zeros_in_front_do_no_harm(self):
        assert ready().send("BDAT 0000001 LAST\r\na") == RECEIVED

    def test_at_the_limit_a_message_is_taken(self):
        talk = ready(msg_size_limit=10)

        assert talk.send("BDAT 5\r\n12345", "BDAT 5 LAST\r\n67890") == RECEIVED * 2

    def test_over_the_limit_the_chunk_is_refused_but_read_and_so_are_those_behind_it(self):
        talk = ready(msg_size_limit=10)

        assert talk.send("BDAT 5\r\n12345", "BDAT 6\r\nQUIT\r\n") == RECEIVED + TOO_BIG
        assert talk.send("BDAT 6\r\nQUIT\r\n", "BDAT 6 LAST\r\nQUIT\r\n") == OUT_OF_SEQUENCE * 2
        assert talk.say("DATA").startswith("503 ")
        assert (talk.ended, raws(talk)) == (False, [])
        assert talk.say("RSET", MAIL, RCPT) == "250 Ok\r\n" + RECEIVED * 2
        assert talk.send("BDAT 1 LAST\r\na") == RECEIVED

    def test_over_the_limit_the_last_chunk_is_refused_and_the_record_says_so(self):
        talk = ready(msg_size_limit=10)

        assert talk.send("BDAT 5\r\n12345", "BDAT 6 LAST\r\nQUIT\r\n") == RECEIVED + TOO_BIG
        talk.end()
        [message] = talk.messages()
        assert (message.is_consistent, message.state) == (False, "message refused")
        assert message.msg_response == "552 Message exceeded max size of 10 bytes"

    def test_a_chunk_larger_than_memory_is_not_kept(self):
        talk = ready(msg_size_limit=1000)
        piece = b"x" * 65_536
        talk.say("BDAT 999999999999999999 LAST")
        tracemalloc.start()
        try:
            for _ in range(500):
                assert talk.send(piece) == ""
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert most < 4 * len(piece)
        talk.end()
        assert raws(talk) == []

    def test_a_refused_chunk_larger_than_memory_is_not_kept(self):
        talk = Talk(extensions=["CHUNKING"])
        talk.say("BDAT 999999999999999999 LAST")
        piece = b"x" * 65_536
        tracemalloc.start()
        try:
            for _ in range(500):
                assert talk.send(piece) == ""
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert most < 4 * len(piece)


class TestFailFast:
    @pytest.mark.parametrize("chunk", ["BDAT x\r\n", "BDAT 3\r\n", "BDAT 11\r\n"])
    def test_a_refused_chunk_ends_the_session(self, chunk):
        talk = Talk(extensions=["CHUNKING"], fail_fast=True, msg_size_limit=10)
        if chunk == "BDAT 11\r\n":
            talk.say(EHLO, MAIL, RCPT)
        talk.send(chunk, b"x" * 11)

        assert talk.closed


class TestRules:
    def test_they_are_asked_about_each_chunk_but_the_last_which_is_the_message(self):
        chunk, message = Rule("BDAT", {"delay": 1}), Rule("message", {"reply": "450 Later"})
        talk = ready(chunk, message)

        assert talk.send("BDAT 1\r\na", "BDAT 1\r\nb", "BDAT 1 LAST\r\nc") == f"{RECEIVED * 2}450 Later\r\n"
        assert (chunk.hits, message.hits, raws(talk)) == (2, 1, [])

    def test_a_chunk_that_a_rule_refuses_fails_the_transaction(self):
        talk = ready(Rule("BDAT", {"times": 1, "reply": "452 Disk full"}))

        assert talk.send("BDAT 6\r\nQUIT\r\n", "BDAT 1 LAST\r\na") == f"452 Disk full\r\n{OUT_OF_SEQUENCE}"
        assert talk.say("RSET", MAIL, RCPT) == "250 Ok\r\n" + RECEIVED * 2
        assert talk.send("BDAT 1 LAST\r\na") == RECEIVED

    def test_a_message_that_a_rule_refuses_fails_the_transaction(self):
        talk = ready(Rule("message", {"times": 1, "reply": "452 Disk full"}))

        assert talk.send("BDAT 1 LAST\r\na", "BDAT 1 LAST\r\nb") == f"452 Disk full\r\n{OUT_OF_SEQUENCE}"
        assert talk.say("RSET", MAIL, RCPT) == "250 Ok\r\n" + RECEIVED * 2
        assert talk.send("BDAT 1 LAST\r\nc") == RECEIVED

    def test_they_are_asked_about_the_first_octets(self):
        body = Rule("body", {"then": "close"})
        talk = ready(body)
        talk.send("BDAT 9 LAST\r\n")
        assert not talk.closed
        talk.send("x")

        assert (talk.closed, body.hits, raws(talk)) == (True, 1, [])


class TestViolations:
    def test_what_follows_a_chunk_is_no_haste(self):
        talk = ready()
        talk.send("BDAT 3 LAST\r\nabc")

        assert "pipelining-not-offered" not in talk.violations

    def test_a_command_behind_a_chunk_is_where_PIPELINING_is_off(self):  # noqa: N802
        talk = ready()
        talk.send("BDAT 3\r\nabcBDAT 0 LAST\r\n")

        assert raws(talk) == [b"abc"]
        assert "pipelining-not-offered" in talk.violations

    def test_a_line_feed_alone_is_not_blamed_on_the_command_before(self):
        talk = ready()
        talk.send("BDAT 1 LAST\na")

        [blamed] = [one.exchange for one in talk.session.violations if one.code == "bare-lf-command"]
        assert (blamed, blamed.request) == (talk.exchanges[-1], "BDAT 1 LAST")
