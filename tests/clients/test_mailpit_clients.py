"""Clients that were written for Mailpit, unchanged: two of Node.js, and mailpit-api-client."""

from __future__ import annotations

import json
from pathlib import Path
from smtplib import SMTP
from typing import TYPE_CHECKING, Any

import pytest

from smtpmock import SMTPMock
from smtpmock.http.mailpit.message import NO_THUMBNAIL, NOT_DONE
from tests.clients.mail import run

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent


@pytest.fixture
def mock() -> Iterator[SMTPMock]:
    with SMTPMock(http_port=0) as mock:
        yield mock
        assert mock.errors == []


class Results:
    """The results of a client, by the name of the method."""

    def __init__(self, script: str, package: str, mock: SMTPMock) -> None:
        if not (HERE / "node_modules" / package).is_dir():
            pytest.skip(f"{package} is not installed: npm install --no-package-lock --prefix {HERE}")
        program = run("node", str(HERE / script), mock.http_url)
        assert (program.returncode, program.stderr) == (0, b"")
        output = json.loads(program.stdout)
        self.methods: list[str] = output["methods"]
        self._results: list[tuple[str, Any]] = output["results"]

    def untried(self) -> set[str]:
        return set(self.methods) - {name for name, _ in self._results}

    def of(self, method: str) -> list[Any]:
        """Return the results of all calls of a method, in order; undefined is None."""
        return [value for name, value in self._results if name == method]

    def errors(self) -> set[str]:
        return {name for name, value in self._results if isinstance(value, dict) and "error" in value}


def test_mailpit_api(mock):
    results = Results("mailpit_api.js", "mailpit-api", mock)

    assert results.untried() == set()
    refused = {"htmlCheck", "linkCheck", "spamAssassinCheck", "getAttachmentThumbnail", "releaseMessage"}
    assert results.errors() == {*refused, "waitForMessage", "getMessageSummary"}
    for method in ("deleteMessages", "setReadStatus", "setTags", "renameTag", "deleteTag", "deleteMessagesBySearch"):
        assert set(results.of(method)) == {"ok"}
    order, other = (sent["ID"] for sent in results.of("sendMessage"))
    everything, second_page, nothing = results.of("listMessages")
    assert [message["ID"] for message in everything["messages"]] == [other, order]
    assert [message["ID"] for message in second_page["messages"]] == [order]
    assert nothing["total"] == 0
    [found] = results.of("searchMessages")
    assert [message["ID"] for message in found["messages"]] == [order]
    waited, late = results.of("waitForMessage")
    assert (waited["ID"], waited["Text"].strip(), waited["HTML"].strip()) == (order, "Hello", "<p>Hello</p>")
    assert late["error"] == 'Timeout waiting for messages matching query "to:nobody"'
    assert [page["messages_count"] for page in results.of("waitForMessages")] == [2, 2]
    latest, missing = results.of("getMessageSummary")
    assert latest["ID"] == other
    assert missing["error"].endswith("/api/v1/message/no-such-id: There is no message 'no-such-id'")
    assert results.of("getMessageHeaders")[0]["Subject"] == ["Your order"]
    assert "\r\nSubject: Your order\r\n" in results.of("getMessageSource")[0]
    assert results.of("getMessageAttachment") == [{"type": "text/plain", "text": "content"}]
    assert results.of("renderMessageHTML") == ["<p>Hello</p>\n", '<base target="_blank"><p>Hello</p>\n']
    assert results.of("renderMessageText") == ["Hello\n"]
    assert results.of("getTags") == [["tag 2", "tag1"], ["tag 3"]]
    assert results.of("getInfo")[0]["Messages"] == 2
    assert results.of("getConfiguration")[0]["ChaosEnabled"] is True
    assert results.of("getChaosTriggers")[0]["Sender"] == {"ErrorCode": 451, "Probability": 0}
    assert [triggers["Sender"]["Probability"] for triggers in results.of("setChaosTriggers")] == [5, 0]
    for method, sentence in {
        "htmlCheck": NOT_DONE["html-check"],
        "linkCheck": NOT_DONE["link-check"],
        "spamAssassinCheck": NOT_DONE["sa-check"],
        "releaseMessage": NOT_DONE["release"],
        "getAttachmentThumbnail": NO_THUMBNAIL,
    }.items():
        assert results.of(method)[0]["error"].startswith("Mailpit API Error: 400 Bad Request at ")
        assert results.of(method)[0]["error"].endswith(f": {sentence}")


def test_cypress_mailpit(mock):
    results = Results("cypress_mailpit.js", "cypress-mailpit", mock)

    assert results.untried() == set()
    assert results.errors() == {
        "mailpitNotHasEmailsByTo",
        "mailpitGetMailSpamAssassinSummary",
        "mailpitGetMailSpamAssainSummary",
    }
    first, second = (sent["ID"] for sent in results.of("mailpitSendMail"))
    both, one = results.of("mailpitGetAllMails")
    assert [mail["ID"] for mail in both["messages"]] == [second, first]
    assert [mail["ID"] for mail in one["messages"]] == [first]
    for method, expected in {
        "mailpitHasEmailsBySubject": first,
        "mailpitHasEmailsByTo": first,
        "mailpitHasEmailsBySearch": second,
        "mailpitGetEmailsBySubject": second,
        "mailpitGetEmailsByTo": second,
        "mailpitSearchEmails": first,
    }.items():
        [page] = results.of(method)
        assert [mail["ID"] for mail in page["messages"]] == [expected]
    assert results.of("mailpitNotHasEmailsByTo")[1] == {"error": "Timed out after 1ms waiting for condition"}
    assert results.of("mailpitGetSubject") == ["Second"]
    assert results.of("mailpitGetFromAddress") == ["from@example.com"]
    assert results.of("mailpitGetRecipientAddress") == [["bob@example.com"]]
    assert results.of("mailpitGetAttachments") == [["a.txt"]]
    assert results.of("mailpitGetMailHTMlBody") == ["<p>hello from mailpit</p>\n"]
    assert results.of("mailpitGetMailTextBody") == ["hello from mailpit\n"]
    assert results.of("mailpitGetMailSpamAssassinSummary") == [{"error": f"400: {NOT_DONE['sa-check']}"}]
    for method in ("mailpitSetStatusAsUnRead", "mailpitSetAllEmailStatusAsRead"):
        assert results.of(method) == ["ok"]
    [message] = mock.messages()
    assert message.is_read
    assert message.bcc == ("bcc@example.com",)


# mailpit-api-client


@pytest.fixture
def api(mock):
    return pytest.importorskip("mailpit.client.api").API(mock.http_url, timeout=30)


def send(mock: SMTPMock, subject: str) -> str:
    mail = (
        "From: Shop <shop@example.com>\r\nTo: Bob <bob@example.com>\r\nDelivered-To: bob@example.com\r\n"
        f"Subject: {subject}\r\nDate: Sat, 21 Nov 2026 10:30:00 +0100\r\nMessage-ID: <{subject}@example.com>\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        "--b\r\n\r\nHello\r\n--b\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\ncontent\r\n--b--\r\n"
    )
    with SMTP(mock.host, mock.port) as client:
        client.sendmail("shop@example.com", ["bob@example.com"], mail)
    return mock.messages()[-1].id


def test_mailpit_api_client_reads(mock, api):
    one, two = send(mock, "one"), send(mock, "two")

    page = api.get_messages(limit=1, start=1)
    message = api.get_message(one)
    headers = api.get_message_headers(one)

    assert (page.total, page.unread, page.count, page.start) == (2, 2, 1, 1)
    assert [(listed.id, listed.subject, listed.attachments) for listed in page.messages] == [(one, "one", 1)]
    assert page.messages[0].created == mock.message(id=one).received_at.replace(
        microsecond=mock.message(id=one).received_at.microsecond // 1000 * 1000
    )
    assert (message.read, message.text, message.from_.name) == (True, "Hello", "Shop")
    assert message.date.isoformat() == "2026-11-21T10:30:00+01:00"
    assert message == api.get_message(one)
    assert message != api.get_message(two)
    assert api.get_message_attachment(one, message.attachments[0].part_id) == "content"
    assert (headers.message_id, headers.delivered_to) == (["<one@example.com>"], ["bob@example.com"])


def test_mailpit_api_client_marks_and_deletes_with_forms(mock, api):
    one, two, three = send(mock, "one"), send(mock, "two"), send(mock, "three")

    api.put_messages([one, three], "Read", True)
    assert [message.is_read for message in mock.messages()] == [True, False, True]
    api.put_messages([one], "Read", False)
    assert [message.is_read for message in mock.messages()] == [False, False, True]

    api.delete_messages([one, three])
    assert [message.id for message in mock.messages()] == [two]
    api.delete_messages([])
    assert mock.messages() == []


def test_mailpit_api_client_raises_for_what_is_missing(api):
    from httpx import HTTPStatusError

    with pytest.raises(HTTPStatusError, match="404"):
        api.get_message("no-such-id")


def test_test_case_of_mailpit_api_client(mock):
    testing = pytest.importorskip("mailpit.testing.unittest")
    send(mock, "one")

    class Case(testing.EMailTestCase):
        api_url = mock.http_url

        def runTest(self) -> None:  # noqa: N802  # the name is unittest's
            self.assertMessageReceived("one@example.com")

    Case.setUpClass()
    case = Case()
    case.debug()
    with pytest.raises(AssertionError, match="has not been received"):
        case.assertMessageReceived("two@example.com")
