"""Messages and attachments as files: safe names on all systems, and never in place of another file."""

from __future__ import annotations

import re
from email import message_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpmock import Attachment, QueryError, SMTPMock
from smtpmock.mail.files import safe_name


@pytest.fixture(scope="module")
def mock():
    with SMTPMock() as running:
        yield running


def deliver(mock, subject):
    return mock.deliver(f"To: b@example.com\r\nSubject: {subject}\r\n\r\nhi\r\n".encode(), "a@example.com")


def test_message_is_saved_as_it_was_received(mock, tmp_path):
    message = deliver(mock, "Welcome")
    path = message.save(tmp_path / "new" / "folder" / "mail.eml")

    assert path == tmp_path / "new" / "folder" / "mail.eml"
    assert path.read_bytes() == message.raw
    assert message_from_bytes(path.read_bytes())["Subject"] == "Welcome"
    assert deliver(mock, "Other").save(str(path)).read_bytes() != message.raw


def test_messages_are_saved_under_their_numbers_and_subjects(mock, tmp_path):
    mark = mock.mark()
    for subject in ("Welcome", "../../etc/passwd", "", "Re: a/b", "x" * 500):
        deliver(mock, subject)
    first = mark.message + 1
    paths = mock.save_messages(tmp_path / "mails", since=mark)

    names = ["-Welcome", "-passwd", "", "-b", "-" + "x" * 60]
    assert [path.name for path in paths] == [f"{first + i:04}{name}.eml" for i, name in enumerate(names)]
    assert {path.parent for path in paths} == {tmp_path / "mails"}
    assert paths[0].read_bytes() == mock.messages(since=mark)[0].raw


def test_files_that_exist_stay(mock, tmp_path):
    message = deliver(mock, "Twice")
    [path] = mock.save_messages(tmp_path, subject="Twice")
    path.write_bytes(b"mine")
    [second] = mock.save_messages(tmp_path, subject="Twice")

    assert path.read_bytes() == b"mine"
    assert second.name == f"{message.number:04}-Twice-1.eml"
    with pytest.raises(QueryError):
        mock.save_messages(tmp_path, subjet="x")


@pytest.mark.parametrize("name", ["NUL", "con.txt", "Com1.tar.gz", "LPT\xb9", "aux .pdf", "CONIN$"])
def test_names_of_devices_are_no_names_of_files(name, tmp_path):
    assert Attachment(name, "text/plain", b"x").save(tmp_path).name.startswith("_")
    assert safe_name("console.txt", "") == ("console", ".txt")


@given(st.text(max_size=300) | st.from_regex(r"(?i)(con|nul|com1|\.\.|/|\\|[ .]){1,4}(\.[a-z]{0,12})?", fullmatch=True))
def test_any_name_is_safe(name):
    stem, suffix = safe_name(name, "attachment")
    whole = stem + suffix

    assert stem
    assert not set(whole) & set('<>:"/\\|?*')
    assert whole.isprintable()
    assert whole.strip(". ") == whole
    assert len(whole.encode("utf-8", "surrogatepass")) <= 255
    assert not re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", whole)
