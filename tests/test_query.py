"""The words in which messages are asked for."""

from __future__ import annotations

import re
from email.message import EmailMessage
from smtplib import SMTP

import pytest

from smtpmock import MESSAGE_WORDS, ExpectationError, MessageTimeoutError, QueryError
from tests.places import PLACES, served

REFUSED = ["no@example.com", "refused@example.com"]


@pytest.fixture(scope="module", params=PLACES)
def place(request):
    return request.param


@pytest.fixture(scope="module")
def mock(place):
    """A server that was sent a welcome, an invoice and a notice, and a transaction that came to nothing."""
    welcome = EmailMessage()
    welcome["Subject"] = "Welcome, Bób"
    welcome["X-Id"] = "first"
    welcome["X-Id"] = "second"
    welcome.set_content("Hello\nprice * 2: https://shop.example/activate?code=1\n")
    welcome.add_alternative('<p>Hi <a href="https://shop.example/help">help</a></p>', subtype="html")
    invoice = EmailMessage()
    invoice["Subject"] = "Invoice 7"
    invoice.set_content("attached\n")
    invoice.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="invoice-7.pdf")
    settings = {"multiple_rcptto": True, "multiple_message_receiving": True, "not_registered_emails": REFUSED}
    with served(place, **settings) as m:
        with SMTP(m.host, m.port, local_hostname="App.example") as client:
            client.send_message(welcome, "Shop@Example.com", ["Bob@example.com"])
            client.send_message(invoice, "billing@example.com", ["bob@example.com", "carol@EXAMPLE.org"])
        with SMTP(m.host, m.port, local_hostname="cron.example") as client:
            client.sendmail("", ["refused@example.com", "bob@example.com"], "no header at all")
            client.docmd("MAIL", "FROM:<Shop@Example.com>")
            client.docmd("RCPT", "TO:<dave@example.com>")
            client.docmd("RCPT", "TO:<no@example.com>")
        yield m


WELCOME, INVOICE, NOTICE, FAILED = 1, 2, 3, 4
ACCEPTED = [WELCOME, INVOICE, NOTICE]
ALL = [*ACCEPTED, FAILED]


def numbers(mock, **query):
    return [message.number for message in mock.messages(**query)]


def test_without_words_every_accepted_message_is_meant(mock):
    assert numbers(mock) == ACCEPTED


@pytest.mark.parametrize(("accepted", "found"), [(True, ACCEPTED), (False, [FAILED]), (None, ALL)])
def test_accepted_tells_which_records_are_meant(mock, accepted, found):
    assert numbers(mock, accepted=accepted) == found


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Bob@example.com", [WELCOME]),
        ("Bob@EXAMPLE.COM", [WELCOME]),
        ("bob@example.com", [INVOICE, NOTICE]),
        ("carol@example.org", [INVOICE]),
        ("bob@example.co", []),
        ("example.com", []),
        ("*@example.com", ACCEPTED),
        ("*@EXAMPLE.org", [INVOICE]),
        ("b*b@*", [INVOICE, NOTICE]),
        ("Bob@*", [WELCOME]),
        ("Bob*", ACCEPTED),  # without an @ the case of no part matters
        ("*Carol*", [INVOICE]),
        ("*.ORG", [INVOICE]),
        ("bob@example.c?m", []),
        ("[bB]ob@example.com", []),
        (re.compile("^bob@", re.IGNORECASE), ACCEPTED),
        (re.compile(r"org|ORG"), [INVOICE]),
        (lambda address: address.startswith("carol"), [INVOICE]),
    ],
)
def test_recipient(mock, wanted, found):
    assert numbers(mock, recipient=wanted) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"recipient": "no@example.com"}, [FAILED]),  # a failed attempt is found by whom it tried
        ({"recipient": "dave@example.com"}, [FAILED]),
        ({"recipient": "refused@example.com"}, []),  # accepted mail by whom it was for
        ({"refused_recipient": "no@example.com"}, [FAILED]),
        ({"refused_recipient": "*@EXAMPLE.com"}, [NOTICE, FAILED]),
        ({"refused_recipient": "refused@example.com"}, [NOTICE]),
        ({"refused_recipient": "dave@example.com"}, []),
        ({"refused_recipient": re.compile("^no@")}, [FAILED]),
    ],
)
def test_refused_recipients(mock, query, found):
    assert numbers(mock, **query, accepted=None) == found


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Shop@example.COM", [WELCOME, FAILED]),
        ("shop@example.com", []),
        ("", [NOTICE]),
        ("*@example.com", [WELCOME, INVOICE, FAILED]),
        ("*", ALL),
        (re.compile("^$"), [NOTICE]),
    ],
)
def test_sender(mock, wanted, found):
    assert numbers(mock, sender=wanted, accepted=None) == found


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Bób", [WELCOME]),
        ("welcome", []),
        ("Invoice*", [INVOICE]),
        ("*7", [INVOICE]),
        ("nvoice*", []),
        ("Invoice ?", []),
        (re.compile(r"\d"), [INVOICE]),
        (str.islower, []),
        (len, [WELCOME, INVOICE]),
    ],
)
def test_subject(mock, wanted, found):
    assert numbers(mock, subject=wanted) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"text": "price"}, [WELCOME]),
        ({"text": "Hello*code=1*"}, [WELCOME]),  # over the lines
        ({"text": re.compile(r"price \* 2")}, [WELCOME]),
        ({"text": "attached"}, [INVOICE]),
        ({"html": "<p>Hi"}, [WELCOME]),
        ({"html": lambda html: not html}, [INVOICE, NOTICE, FAILED]),
        ({"attachment": "invoice"}, [INVOICE]),
        ({"attachment": "*.pdf"}, [INVOICE]),
        ({"attachment": "pdf*"}, []),
        ({"attachment": lambda name: True}, [INVOICE]),
        ({"link": "/activate"}, [WELCOME]),
        ({"link": "https://*/help"}, [WELCOME]),
        ({"link": re.compile("^http:")}, []),
        ({"helo_name": "app.EXAMPLE"}, [WELCOME, INVOICE]),
        ({"helo_name": "app"}, []),
        ({"helo_name": "*.Example"}, ALL),
        ({"client": "127.0.0.1"}, ALL),
        ({"client": "127.0.0"}, []),
        ({"client": "127.*"}, ALL),
    ],
)
def test_contents_and_the_client(mock, query, found):
    assert numbers(mock, **query, accepted=None) == found


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"X-Id": "first"}, [WELCOME]),
        ({"x-id": "econd"}, [WELCOME]),  # any of them, any case of the name
        ({"X-Id": "f*d"}, []),
        ({"X-Id": "*"}, [WELCOME]),
        ({"X-Id": re.compile("^second$")}, [WELCOME]),
        ({"X-Id": "first", "Subject": "Invoice"}, []),
        ({"X-Id": "first", "Subject": "Welcome"}, [WELCOME]),
        ({"X-None": "*"}, []),
        ({}, ALL),
        ("X-Id: first", [WELCOME]),
    ],
)
def test_header(mock, wanted, found):
    assert numbers(mock, header=wanted, accepted=None) == found


def test_size_is_that_of_the_message_in_bytes(mock):
    size = len(mock.messages()[0].raw)
    assert numbers(mock, size=size) == numbers(mock, size=f"={size}") == numbers(mock, size=str(size)) == [WELCOME]
    assert WELCOME in numbers(mock, size=f">= {size}")
    assert WELCOME in numbers(mock, size=f"<={size}")
    assert WELCOME not in numbers(mock, size=f"< {size}")
    assert WELCOME not in numbers(mock, size=f">{size}")
    assert numbers(mock, size=lambda found: found == size) == [WELCOME]


def test_all_words_have_to_hold(mock):
    assert numbers(mock, recipient="bob@example.com", sender="billing@example.com") == [INVOICE]
    assert numbers(mock, sender="billing@example.com", recipient="bob@example.com", subject="Welcome") == []


def test_since_a_mark_or_a_message(mock):
    first, second, *_ = mock.messages()
    assert numbers(mock, since=first, accepted=None) == [INVOICE, NOTICE, FAILED]
    assert numbers(mock, since=second) == [NOTICE]
    assert numbers(mock, since=first, recipient="bob@example.com") == [INVOICE, NOTICE]
    assert numbers(mock, since=mock.mark(), accepted=None) == []


def test_a_function_is_asked_only_where_the_words_before_it_hold(mock):
    asked = []
    assert numbers(mock, sender="billing@example.com", subject=lambda subject: asked.append(subject) or True) == [2]
    assert asked == ["Invoice 7"]


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ("recipent", "recipient"),
        ("to_recipient", "recipient"),
        ("headers", "header"),
        ("attachments", "attachment"),
        ("helo", "helo_name"),
        ("acepted", "accepted"),
        ("refused_recipents", "refused_recipient"),
        ("after_since", "since"),
    ],
)
def test_a_misspelt_word_is_refused_with_the_nearest(mock, word, nearest):
    for ask in (mock.messages, mock.message, mock.wait_for_messages, mock.wait_for_message, mock.assert_no_message):
        with pytest.raises(QueryError) as caught:
            ask(**{word: "x"})
        assert str(caught.value) == f"Unknown criterion {word!r}: did you mean {nearest!r}?"
        assert isinstance(caught.value, ValueError)


def test_a_word_that_resembles_none_is_refused_with_all_that_exist(mock):
    with pytest.raises(QueryError, match=r"^Unknown criterion 'xyz': expected one of .+$") as caught:
        mock.messages(xyz="x")
    assert str(caught.value).endswith(f": expected one of {', '.join(MESSAGE_WORDS)}")


def test_sessions_are_asked_for_with_words_of_their_own(mock):
    assert mock.wait_for_session(0, helo_name="cron.example").number == 2
    assert mock.wait_for_session(0, client="127.0.0.1").number == 1
    assert mock.wait_for_session(0, id=mock.sessions()[1].id).number == 2
    with pytest.raises(MessageTimeoutError, match=r"^No session with id='x' ended within 0 s"):
        mock.wait_for_session(0, id="x")
    with pytest.raises(QueryError, match=r"^Unknown criterion 'helo': did you mean 'helo_name'\?$"):
        mock.wait_for_session(0, helo="cron.example")
    with pytest.raises(QueryError, match=r"^Unknown criterion 'subject': expected one of .*, client, id, since$"):
        mock.wait_for_session(0, subject="x")


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("bcc", "Unknown criterion 'bcc': use recipient"),
        ("consistent", "Unknown criterion 'consistent': use accepted"),
    ],
)
def test_a_word_that_has_another_name_here_is_refused_with_that(mock, word, sentence):
    for ask in (mock.messages, mock.purge, mock.assert_message_count):
        with pytest.raises(QueryError) as caught:
            ask(**{word: "x"})
        assert str(caught.value) == sentence
    assert numbers(mock) == ACCEPTED


TEXT = "a text, a pattern with *, a compiled regular expression or a function."


@pytest.mark.parametrize(
    ("word", "wanted", "text"),
    [
        ("recipient", b"b@example.com", f"Invalid recipient b'b@example.com': expected {TEXT}"),
        ("subject", None, f"Invalid subject None: expected {TEXT}"),
        ("text", 7, f"Invalid text 7: expected {TEXT}"),
        (
            "size",
            "many",
            "Invalid size 'many': expected a number of bytes, a comparison as in '>= 1000', or a function.",
        ),
        (
            "size",
            True,
            "Invalid size True: expected a number of bytes, a comparison as in '>= 1000', or a function.",
        ),
        (
            "header",
            "X-Id",
            "Invalid header 'X-Id': expected a dictionary, as in {'X-Id': '42'}, or 'X-Id: 42'.",
        ),
        (
            "header",
            {1: "x"},
            "Invalid header {1: 'x'}: expected a dictionary, as in {'X-Id': '42'}, or 'X-Id: 42'.",
        ),
        ("header", {"X-Id": 42}, f"Invalid header X-Id 42: expected {TEXT}"),
        ("accepted", "yes", "Invalid accepted 'yes': expected True, False, or None for both."),
        ("since", 3, "Invalid since 3: expected a mark or a received message."),
    ],
)
def test_a_value_that_cannot_be_asked_for_is_refused(mock, word, wanted, text):
    with pytest.raises(QueryError) as caught:
        mock.messages(**{word: wanted})
    assert str(caught.value) == text


# Headers, bodies and case.


@pytest.fixture(scope="module")
def greeted(place):
    """A server that was sent one mail, whose headers name others than its envelope."""
    mail = EmailMessage()
    mail["From"] = "Shop <shop@example.com>, second@example.com"
    mail["To"] = "Bob Example <Bob@example.com>"
    mail["Cc"] = "team@example.com"
    mail["Subject"] = "Welcome, Zoë"
    mail["X-Id"] = "ab"
    mail.set_content("plain text")
    mail.add_alternative("<p>HTML <b>seen</b> by readers</p>", subtype="html")
    with served(place) as running:
        running.deliver(mail, "bounce@example.com", ["bob@example.com"])
        yield running


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ({"to": "Bob@EXAMPLE.com"}, [1]),
        ({"to": "bob@example.com"}, []),
        ({"to": "bob@example.com", "ignore_case": True}, [1]),
        ({"to": "Bob"}, []),
        ({"cc": "team@*"}, [1]),
        ({"from_": "shop@example.com"}, [1]),
        ({"from": "second@example.com"}, [1]),
        ({"body": "plain"}, [1]),
        ({"body": "seen by"}, [1]),
        ({"body": "<b>"}, []),
        ({"subject": "WELCOME, ZOË"}, []),
        ({"subject": "WELCOME, ZOË", "ignore_case": True}, [1]),
        ({"subject": "welcome*", "ignore_case": True}, [1]),
        ({"subject": re.compile("^welcome"), "ignore_case": True}, [1]),
        ({"header": {"X-Id": "AB"}, "ignore_case": True}, [1]),
        ({"recipient": "BOB@example.com", "ignore_case": True}, [1]),
        ({"recipient": "BOB@example.com", "ignore_case": False}, []),
    ],
)
def test_headers_bodies_and_case(greeted, words, found):
    assert numbers(greeted, **words) == found


def test_ignore_case_needs_a_text(mock):
    with pytest.raises(QueryError, match=r"^Invalid ignore_case True: expected a criterion with a text as well"):
        mock.messages(ignore_case=True, size=">= 1")
    with pytest.raises(QueryError, match=r"^Invalid ignore_case 'yes': expected True or False$"):
        mock.messages(ignore_case="yes", subject="x")
    with pytest.raises(ExpectationError, match=r"^No message with subject='x', ignore_case=True has arrived"):
        mock.message(ignore_case=True, subject="x")
