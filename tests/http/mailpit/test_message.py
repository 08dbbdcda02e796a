"""One message: what is shown of it, its parts, its source, and its pages for browsers."""

from __future__ import annotations

import json
from hashlib import md5, sha1, sha256
from smtplib import SMTP

import pytest

from smtpmock import SMTPMock
from smtpmock.http.mailpit.view import POLICY
from tests.http.conftest import Client


def lone(response) -> str:
    """Return the policy of a response, and check what goes with it."""
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    return response.headers.get("Content-Security-Policy", "")


def address(mail: str, name: str = "") -> dict[str, str]:
    return {"Name": name, "Address": mail}


COMMON = {
    "MessageID": "order-7@example.com",
    "From": address("shop@example.com", "Zoë"),
    "To": [address("bob@example.com", "Doe, Bob"), address("carol@example.com")],
    "Cc": [address("dave@example.com")],
    "Bcc": [address("hidden@example.com")],
    "ReplyTo": [address("answers@example.com")],
    "Subject": "Grüße",
    "Username": "",
    "Tags": [],
}


def attachment(part: str, name: str, kind: str, content: bytes, content_id: str = "") -> dict[str, object]:
    return {
        "PartID": part,
        "FileName": name,
        "ContentType": kind,
        "ContentID": content_id,
        "Size": len(content),
        "Checksums": {
            "MD5": md5(content).hexdigest(),
            "SHA1": sha1(content).hexdigest(),
            "SHA256": sha256(content).hexdigest(),
        },
    }


def test_message_is_shown_whole_and_marked_as_read(mock, mailpit, order):
    assert mock.message(id=order).is_read is False

    assert mailpit.get(f"/message/{order}") == {
        **COMMON,
        "ID": order,
        "Read": True,
        "Size": len(mock.message(id=order).raw),
        "Date": "2026-11-21T10:30:00+01:00",
        "ReturnPath": "bounces@example.com",
        "Text": "Hello,\n  world\n",
        "HTML": '<p>Hello <img src="cid:logo@example.com"> <img src=CID:none></p>\n',
        "Attachments": [attachment("2", "Grüße.pdf", "application/pdf", b"%PDF-1.7")],
        "Inline": [attachment("3", "logo@example.com", "image/png", b"\x89PNG", "logo@example.com")],
        "ListUnsubscribe": {
            "Header": "<https://example.com/stop?id=7>, <mailto:stop@example.com>",
            "HeaderPost": "List-Unsubscribe=One-Click",
            "Links": ["https://example.com/stop?id=7", "mailto:stop@example.com"],
            "Errors": "",
        },
    }
    assert mock.message(id=order).is_read is True


def test_summary(mock, mailpit, order):
    message = mock.message(id=order)

    [summary] = mailpit.get("/messages")["messages"]

    assert summary == {
        **COMMON,
        "ID": order,
        "Read": False,
        "Size": len(message.raw),
        "Created": message.received_at.isoformat(timespec="milliseconds"),
        "Attachments": 1,
        "Snippet": "Hello, world",
    }


def test_user_and_tags_are_shown(mailpit, client):
    with SMTPMock(http_port=0, auth="any") as mock, SMTP(mock.host, mock.port) as smtp:
        smtp.login("ann", "secret")
        smtp.sendmail("a@example.com", ["b@example.com"], "")
        mock.update_messages(tags=["late"])
        other = Client(mock)
        shown = json.loads(other.ask("GET", "/api/v1/message/latest").content)
        other.close()

    assert (shown["Username"], shown["Tags"]) == ("ann", ["late"])


def test_mail_without_anything(mock, mailpit, send):
    identity = send(raw=b"")
    received = mock.message(id=identity).received_at

    shown = mailpit.get("/message/latest")

    assert shown == {
        "ID": identity,
        "MessageID": "",
        "Read": True,
        "From": address(""),
        "To": [],
        "Cc": [],
        "ReplyTo": [],
        "Bcc": [address("bob@example.com")],
        "Subject": "",
        "Username": "",
        "Tags": [],
        "Size": 2,
        "Text": "",
        "HTML": "",
        "Inline": [],
        "Attachments": [],
        "Date": received.isoformat(),
        "ReturnPath": "shop@example.com",
        "ListUnsubscribe": {"Header": "", "HeaderPost": "", "Links": [], "Errors": ""},
    }


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"From: nobody in particular\r\n\r\n", address("nobody")),
        (b"From: (none)\r\n\r\n", address("", "(none)")),
        (b"From: a@x.example, b@x.example\r\n\r\n", address("a@x.example")),
    ],
)
def test_first_author_counts(mailpit, send, raw, expected):
    send(raw=raw)

    assert mailpit.get("/message/latest")["From"] == expected


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("21 Nov 2026 10:30 -0000", "2026-11-21T10:30:00+00:00"),
        ("21 Nov 2026 10:30:00 -0330", "2026-11-21T10:30:00-03:30"),
    ],
)
def test_date_of_the_mail_is_shown_with_its_zone(mailpit, send, date, expected):
    send(raw=f"Date: {date}\r\n\r\n".encode())

    assert mailpit.get("/message/latest")["Date"] == expected


def test_html_alone_has_a_text(mailpit, send):
    send(raw=b"Content-Type: text/html\r\n\r\n<h1>Your  code</h1>\n<p>is <b>123456</b></p><script>x</script>")

    assert mailpit.get("/message/latest")["Text"] == "Your code\nis 123456"
    assert mailpit.get("/messages")["messages"][0]["Snippet"] == "Your code is 123456"
    assert mailpit.ask("GET", "/view/latest.txt").content == b"Your code\nis 123456"


def test_snippet_is_short(mailpit, send):
    send(raw=b"\r\n" + b"word \n" * 1000)

    assert mailpit.get("/messages")["messages"][0]["Snippet"] == f"{'word ' * 49}word…"


@pytest.mark.parametrize(
    ("header", "links", "errors"),
    [
        ("<https://a.example/u>", ["https://a.example/u"], ""),
        ("<MAILTO:a@b.example?subject=x> (by mail)", ["MAILTO:a@b.example?subject=x"], ""),
        ("<https://a.example/\r\n u>", ["https://a.example/u"], ""),
        ("https://a.example/u", [], "'https://a.example/u' is not enclosed in <>"),
        ("<ftp://a.example>", [], "'ftp://a.example' is no mailto, http or https link"),
        (
            "<https://a.example>, <http://b.example>",
            ["https://a.example"],
            "'http://b.example' is a second link of its kind",
        ),
        (",", [], "there are no links"),
        ("<>", [], "'' is no mailto, http or https link"),
    ],
)
def test_unsubscribe_links(mailpit, send, header, links, errors):
    send(raw=f"List-Unsubscribe: {header}\r\n\r\n".encode())

    shown = mailpit.get("/message/latest")["ListUnsubscribe"]

    assert (shown["Links"], shown["Errors"]) == (links, errors)


# The latest.


@pytest.mark.parametrize("path", ["/message/latest", "/message/latest/headers", "/message/latest/raw"])
def test_latest_is_the_newest_or_the_newest_that_a_search_finds(mailpit, send, path):
    send("first", X_Id="1")
    send("second", X_Id="2")

    assert b"second" in mailpit.call("GET", path).content
    assert b"first" in mailpit.call("GET", path, query="subject:first", tz="UTC").content
    assert mailpit.refused("GET", path, status=404, query="subject:third") == "There is no message yet"


def test_search_is_for_the_latest_only(mailpit, send):
    identity = send()

    assert "Unknown parameter 'query'" in mailpit.refused("GET", f"/message/{identity}", query="x")


def test_attempts_are_not_shown(mock, mailpit):
    with SMTP(mock.host, mock.port) as client:
        client.docmd("MAIL", "FROM:<a@example.com>")
        client.rset()
        [attempt] = mock.messages(accepted=False)

    assert mailpit.refused("GET", f"/message/{attempt.id}", status=404) == f"There is no message '{attempt.id}'"


# Headers, source, parts.


def test_headers_are_shown_undecoded_by_capitalised_name(mailpit, order):
    shown = mailpit.get(f"/message/{order}/headers")

    assert shown["From"] == ["=?utf-8?q?Zo=C3=AB?= <shop@example.com>"]
    assert shown["X-Id-Of-Order"] == ["7", "8"]
    assert shown["Message-Id"] == ["<order-7@example.com>"]
    assert list(shown) == sorted(shown)


def test_folded_headers_are_on_one_line(mailpit, send):
    send(raw=b"Subject: a\r\n\tb\r\nX:  c \r\n\r\n")

    assert mailpit.get("/message/latest/headers") == {"Subject": ["a b"], "X": ["c"]}


def test_headers_and_source_and_parts_mark_nothing_as_read(mock, mailpit, order):
    for path in ("headers", "raw", "part/2"):
        assert mailpit.call("GET", f"/message/{order}/{path}").status == 200

    assert mock.message(id=order).is_read is False


def test_source_is_exact(mock, mailpit, send):
    raw = b"Subject: \xff\x00\r\n\r\nbytes \xfe\n.\r\n"
    identity = send(raw=raw)

    response = mailpit.call("GET", f"/message/{identity}/raw")
    assert response.content == mock.message(id=identity).raw
    assert (response.headers["Content-Type"], lone(response)) == ("text/plain; charset=utf-8", "")
    assert "Content-Disposition" not in response.headers

    download = mailpit.call("GET", f"/message/{identity}/raw", dl=1)
    assert download.content == response.content
    assert download.headers["Content-Disposition"].startswith(f'attachment; filename="{identity}.eml"')


def test_parts_are_downloads_that_run_nothing(mailpit, order):
    pdf = mailpit.call("GET", f"/message/{order}/part/2")
    png = mailpit.call("GET", "/message/latest/part/3")

    assert (pdf.content, pdf.headers["Content-Type"]) == (b"%PDF-1.7", "application/pdf")
    assert (png.content, png.headers["Content-Type"]) == (b"\x89PNG", "image/png")
    assert lone(pdf) == lone(png) == "sandbox; default-src 'none'"
    assert pdf.headers["Content-Disposition"] == (
        "attachment; filename=\"Gr__e.pdf\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.pdf"
    )


@pytest.mark.parametrize("part", ["1", "4", "2.1", "x", "%2e%2e", "2%00"])
def test_missing_part_is_a_404(mailpit, order, part):
    assert "The message has no part" in mailpit.refused("GET", f"/message/{order}/part/{part}", status=404)


# Pages.


def test_page_is_the_html_of_the_mail_under_a_policy(mock, mailpit, order):
    response = mailpit.ask("GET", f"/view/{order}.html")

    assert response.content.decode() == (
        f'<p>Hello <img src="/api/v1/message/{order}/part/3"> <img src=CID:none></p>\n'
    )
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert lone(response) == POLICY
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert mock.message(id=order).is_read is True
    image = response.content.decode().split('"')[1]
    assert mailpit.ask("GET", image).content == b"\x89PNG"


def test_policy_lets_nothing_run_and_loads_nothing_from_elsewhere():
    policy = dict(directive.partition(" ")[::2] for directive in POLICY.split("; "))

    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "script-src" not in policy
    assert "allow-scripts" not in policy["sandbox"]
    assert "allow-same-origin" not in policy["sandbox"]
    assert not any("http" in sources or "*" in sources for sources in policy.values())


def test_text_in_a_page_that_looks_like_a_reference_stays(mailpit, send):
    html = "<p>cid:a <a href='cid:a'> <i style=\"background: url(cid:%61)\"></p>"
    send(
        raw=b"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
        + html.encode()
        + b"\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <a>\r\n\r\nx\r\n--b--"
    )
    identity = mailpit.get("/messages")["messages"][0]["ID"]

    link = f"/api/v1/message/{identity}/part/2"
    assert mailpit.ask("GET", "/view/latest.html").content.decode() == (
        f"<p>cid:a <a href='{link}'> <i style=\"background: url({link})\"></p>"
    )


def test_page_to_embed_opens_links_elsewhere(mailpit, send):
    send(raw=b"Content-Type: text/html\r\n\r\n<a href='https://a.example'>a</a>")

    assert mailpit.ask("GET", "/view/latest.html?embed=1").content == (
        b"<base target=\"_blank\"><a href='https://a.example'>a</a>\n"
    )


def test_mail_without_html_has_no_page(mock, mailpit, send):
    identity = send()

    response = mailpit.ask("GET", f"/view/{identity}.html")

    assert (response.status, response.content) == (404, b"The message has no HTML")
    assert mock.message(id=identity).is_read is False


def test_text_of_the_mail_is_shown_as_text(mock, mailpit, order):
    response = mailpit.ask("GET", f"/view/{order}.txt")

    assert (response.content, response.headers["Content-Type"]) == (b"Hello,\n  world\n", "text/plain; charset=utf-8")
    assert lone(response) == ""
    assert mock.message(id=order).is_read is True


def test_doubled_slash_leads_to_the_page(mailpit, order):
    response = mailpit.ask("GET", f"//view/{order}.txt?a=b%20c", redirect=False)

    assert (response.status, response.headers["Location"]) == (301, f"/view/{order}.txt?a=b%20c")


@pytest.mark.parametrize("path", ["/view", "/view/", "/view/latest.htm", "/view/a/b.html"])
def test_other_pages_do_not_exist(mailpit, order, path):
    assert mailpit.ask("GET", path).status == 404
