"""Two actions are questions: what a rule book or a store answers late, or refuses, changes no reply but its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpmock.protocol.actions import Count, Keep
from tests.esmtp.talk import b64
from tests.protocol.conversation import STARTED
from tests.rules.scripted import CONTENT, EHLO, ENVELOPE, GO_AHEAD, MAIL, OK, RCPT, Scripted, on

if TYPE_CHECKING:
    from smtpmock.protocol.actions import Question

BOTH = {"multiple_rcptto": True, "multiple_message_receiving": True}
FULL = "451 4.3.0 The message cannot be stored now: try again later\r\n"


class Late(Scripted):
    """A conversation whose questions are answered only when the client has sent all that it has to send."""

    def __init__(self, *rules: Any, **settings: Any) -> None:
        self.question: Question | None = None
        self.questions: list[Question] = []
        self.waiting = b""  # what the client has sent meanwhile
        super().__init__(*rules, **settings)
        self.greeting += self.settle()

    def asked(self, question: Question) -> bytes:
        assert self.question is None
        self.question = question
        self.questions.append(question)
        return b""

    def send(self, *pieces: str | bytes) -> str:
        return self.begin(*pieces) + self.settle()

    def begin(self, *pieces: str | bytes) -> str:
        """Send the pieces; return what is answered until a question is open."""
        self.waiting += b"".join(piece if isinstance(piece, bytes) else piece.encode() for piece in pieces[:1])
        replies = self.go_on()
        self.waiting += b"".join(piece if isinstance(piece, bytes) else piece.encode() for piece in pieces[1:])
        return replies + self.go_on()

    def go_on(self) -> str:
        replies = ""
        while self.question is None and not self.closed and (self.waiting or self.connection.paused):
            data, self.waiting = self.waiting, b""
            replies += self.carry_out(self.connection.feed(data, STARTED + 1))
        return replies

    def settle(self) -> str:
        """Answer all questions; return what is said then."""
        replies = ""
        while self.question is not None:
            question, self.question = self.question, None
            replies += self.carry_out(self.connection.resume(self.answer(question)))
            replies += self.go_on()
        return replies


STAGES = {
    "connect": ("220 hello", "close", "garbage"),
    "EHLO": ("250 hello", "502 what", "half"),
    "MAIL FROM": ("250 yes", "451 later", "close"),
    "RCPT TO": ("250 yes", "450 later", "garbage"),
    "DATA": ("354 go", "451 later", "accept"),
    "BDAT": ("250 yes", "451 later", "accept"),
    "body": ("accept", "close", "silence"),
    "message": ("250 yes", "451 later", "half", "garbage", "silence"),
    "AUTH": ("235 in", "535 out", "close"),
    "RSET": ("250 yes", "451 no"),
    "NOOP": ("451 no", "silence", "accept"),
    "QUIT": ("221 bye", "451 stay"),
    "*": ("accept", "421 busy"),
}
COUNTS = st.fixed_dictionaries(
    {},
    optional={
        "times": st.integers(0, 3),
        "after": st.integers(0, 2),
        "every": st.integers(1, 3),
        "probability": st.sampled_from([0.3, 0.7]),
        "per": st.just("session"),
        "delay": st.just(0.5),
    },
)


@st.composite
def rules(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    stage = draw(st.sampled_from(sorted(STAGES)))
    action = draw(st.sampled_from(STAGES[stage]))
    return stage, {"reply" if " " in action else "then": action, **draw(COUNTS)}


LINES = [
    *(EHLO, MAIL, RCPT, "DATA\r\nhello\r\n.", "DATA", "hello", ".", "BDAT 3\r\nabc", "BDAT 2 LAST\r\nab", "BDAT x"),
    *(
        "RSET",
        "NOOP",
        "AUTH LOGIN",
        b64("bob"),
        b64("secret"),
        "*",
        "FOO",
        "QUIT",
        "NOOP\r\nNOOP\r\nRSET",
        "x" * 17_000,
    ),
]


def outcome(session: Scripted, replies: str) -> tuple[object, ...]:
    settled = session.connection.is_between_commands
    session.end()
    return (
        session.greeting + replies,
        [(one.request, one.reply, one.accepted, one.rule, one.setting) for one in session.exchanges],
        [(one.raw, one.state, one.recipients, one.refused_recipients) for one in session.messages()],
        [(rule.asked, rule.hits) for rule in session.book.rules],
        sum(session.delays),
        settled,
        session.closed,
    )


@given(
    made=st.lists(rules(), max_size=4),
    lines=st.lists(st.sampled_from(LINES), max_size=14),
    settings=st.sampled_from([{}, BOTH, {"fail_fast": True}, {"require_auth": True}]),
)
def test_whoever_answers_late_gets_the_same_replies_and_records(made, lines, settings):
    settings = {"extensions": "all", "auth": "any", **settings}
    prompt = Scripted(*(on(stage, **words) for stage, words in made), **settings)
    late = Late(*(on(stage, **words) for stage, words in made), **settings)

    assert outcome(late, late.say(*lines)) == outcome(prompt, prompt.say(*lines))


def test_a_rule_that_is_not_counted_asks_no_question():
    session = Late(on("*", delay=1), on("RCPT TO", reply="250 yes"))
    session.deliver()

    assert [type(question) for question in session.questions] == [Keep]


def test_a_counted_rule_asks_with_its_key_and_goes_on_with_the_answer():
    rule = on("RCPT TO", per="recipient", times=1, reply="450 again")
    session = Late(rule)
    session.say(EHLO, MAIL)

    assert session.begin(f"{RCPT}\r\n", "NOOP\r\n") == ""
    assert session.question == Count(rule.id, "b@example.com")
    assert session.exchanges[-1].stage == "MAIL FROM"  # it is not made before the answer
    assert session.settle() == "450 again\r\n250 Ok\r\n"


@pytest.mark.parametrize(
    ("answer", "reply"), [(1, "450 again"), (2, "450 again"), (3, "250 Received"), (99, "250 Received")]
)
def test_the_count_is_that_of_the_book_which_others_share(answer, reply):
    class Elsewhere(Scripted):
        def answer(self, question):
            return answer if isinstance(question, Count) else super().answer(question)

    session = Elsewhere(on("RCPT TO", times=2, reply="450 again"))

    assert session.say(*ENVELOPE) == f"{OK * 2}{reply}\r\n"


@pytest.mark.parametrize(
    "words", [{"times": 1, "delay": 1}, {"times": 1, "then": "accept"}, {"every": 9, "then": "close"}]
)
def test_the_message_that_follows_a_question_about_its_beginning_is_no_haste(words):
    session = Late(on("body", **words))
    for line in (*ENVELOPE, "DATA"):
        session.say(line)

    assert session.message(CONTENT) == OK
    assert session.session.violations == ()


def test_replies_before_a_question_are_given_in_order_after_the_answer():
    session = Late(on("NOOP", times=1, reply="451 no"))

    assert session.begin("HELP\r\nNOOP\r\nNOOP\r\nRSET\r\n") == ""
    assert [reply[:3] for reply in session.settle().splitlines()] == ["502", "451", "250", "503"]


@pytest.mark.parametrize("settings", [{}, BOTH])
def test_a_client_that_leaves_before_the_answer_leaves_a_record_of_what_was_answered(settings):
    session = Late(on("RCPT TO", times=1, reply="450 again"), **settings)
    session.say(EHLO, MAIL)
    session.begin(f"{RCPT}\r\n")
    session.carry_out(session.connection.end(STARTED + 2, gone=True))

    [message] = session.messages()
    assert (message.sender, message.recipients, message.state) == ("a@example.com", (), "ended after MAIL FROM")
    assert session.ended


# A store that fails.


class Full(Scripted):
    """A conversation whose store refuses so many messages."""

    def __init__(self, *rules: Any, refusals: int = 1, **settings: Any) -> None:
        self.refusals = refusals
        super().__init__(*rules, **settings)

    def answer(self, question: Question) -> bool | int:
        if isinstance(question, Keep) and self.refusals:
            self.refusals -= 1
            return False
        return super().answer(question)


def test_a_message_that_cannot_be_stored_is_451_and_no_accepted_mail():
    session = Full(**BOTH)

    assert session.deliver() == FULL
    last = session.last
    assert (last.stage, last.accepted, last.setting, last.rule) == ("message", False, None, None)
    assert (last.cause.limit, last.cause.kind, str(last.cause)) == ("store", "limit", "the limit store")
    [message] = session.messages()
    assert (message.accepted, message.state, message.msg_response) == (False, "message refused", FULL.strip())
    assert (message.sender, message.recipients, message.raw) == ("a@example.com", ("b@example.com",), b"")


def test_the_reply_has_a_status_code_where_these_are_on():
    session = Full(extensions=["ENHANCEDSTATUSCODES"])

    assert session.deliver() == "451 4.3.0 The message cannot be stored now: try again later\r\n"


@pytest.mark.parametrize("settings", [{}, BOTH], ids=["as in go-smtp-mock", "keep everything"])
@pytest.mark.parametrize("again", [(), (MAIL, RCPT), ("RSET", MAIL, RCPT), ENVELOPE], ids=str)
def test_the_session_goes_on_and_the_message_can_be_sent_again(settings, again):
    session = Full(**settings)
    session.deliver()

    assert set(session.say(*again).splitlines()) <= {"250 Received", "250 Ok"}
    assert session.say("DATA") == GO_AHEAD
    assert session.message(CONTENT) == OK
    session.say("QUIT")
    failed, accepted = [[one for one in session.messages() if one.accepted is wanted] for wanted in (False, True)]
    assert [(one.raw, one.recipients, one.quit_sent) for one in accepted] == [(CONTENT, ("b@example.com",), True)]
    assert len(failed) == (1 if settings else 0)
    assert len({one.id for one in session.messages()}) == len(session.messages())


@pytest.mark.parametrize("settings", [{}, BOTH])
def test_a_message_in_chunks_can_be_sent_again_too(settings):
    session = Full(extensions=["CHUNKING"], **settings)

    assert session.say(*ENVELOPE).endswith(OK)
    assert session.send(b"BDAT 3 LAST\r\nabc") == FULL
    assert session.say("RSET", MAIL, RCPT) == f"250 Ok\r\n{OK * 2}"
    assert session.send(b"BDAT 3 LAST\r\nabc") == OK
    assert [message.raw for message in session.messages() if message.accepted] == [b"abc"]


def test_a_session_that_ends_after_it_leaves_the_attempt_alone():
    for settings in ({}, BOTH):
        session = Full(refusals=3, **settings)
        session.deliver()
        session.say("QUIT")

        [message] = session.messages()
        assert (message.accepted, message.state, message.msg_response) == (False, "message refused", FULL.strip())


def test_fail_fast_ends_the_session_after_it():
    session = Full(fail_fast=True)

    assert session.deliver() == FULL
    assert session.closed


@pytest.mark.parametrize("words", [{"reply": "250 mine"}, {"then": "close"}, {"then": "garbage"}, {"then": "silence"}])
def test_a_rule_does_not_hide_that_the_message_was_not_stored(words):
    session = Full(on("message", **words))

    assert session.deliver() == FULL
    assert not session.closed
    assert session.messages() == []
    assert session.last.rule is None


def test_a_message_that_a_rule_refuses_is_not_offered_to_the_store():
    session = Full(on("message", reply="554 no"), refusals=99)

    assert session.deliver() == "554 no\r\n"
    assert session.refusals == 99
