"""A mail cannot hide, or hurt whoever looks: what of it reaches terminals, failures, logs and browsers."""

from __future__ import annotations

import io
import logging
import shutil
import socket
import subprocess
import threading
import unicodedata
from base64 import b64encode
from contextlib import contextmanager
from email.message import EmailMessage
from html import unescape
from typing import TYPE_CHECKING

import pytest

from smtpmock import ExpectationError, SMTPMock
from smtpmock.reports.safe_html import safe_html
from smtpmock.runtime import log
from smtpmock.text import escape_controls, format_error, quote
from tests.esmtp.talk import EHLO, Talk
from tests.esmtp.test_secrets import SECRET, SETTINGS, assert_kept, everything
from tests.raw_client import HELLO, SECONDS, Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNSEEN = (
    "\u00ad\u180e\u200b\u2060\u2064\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a\u206f\u2028\u2029\ufeff\ufff9"
    "\x00\x07\x08\x1b\x7f\x80\x85\x9b\x9f\udcff\ud800\U000e0041"
)


# Text.


@pytest.mark.parametrize("character", UNSEEN, ids=ascii)
def test_a_character_that_is_not_seen_is_escaped(character: str) -> None:
    shown = escape_controls(f"a{character}b")
    assert shown.isascii()
    assert shown.isprintable()
    assert shown[0] + shown[-1] == "ab"


def test_every_control_character_and_surrogate_is_escaped() -> None:
    controls = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in ("Cc", "Cs", "Zl", "Zp")]
    assert all(escape_controls(character).isascii() for character in controls)


def test_what_people_write_is_not_escaped() -> None:
    text = "Grüße an Łukasz, 日本語, שלום, مرحبا, 👩‍💻 🏳️‍🌈"
    assert escape_controls(text) == text


def test_everything_that_a_client_sent_reaches_nobody_unescaped() -> None:
    stream = io.StringIO()
    logger = logging.Logger("own", logging.DEBUG)
    logger.addHandler(logging.StreamHandler(stream))
    hidden = UNSEEN.replace("\ud800", "").encode("utf-8", "surrogateescape")
    with SMTPMock(log_server_activity=True, logger=logger) as mock:
        with Client(mock) as client:
            for line in (b"EHLO c%b", b"MAIL FROM:<a%b@example.com>", b"RCPT TO:<%b@example.com>", b"%b", b"NOOP %b"):
                client.send_bytes(line % hidden.strip(b"\x85") + b"\r\n")
                client.read_reply()
            client.ask(HELLO, "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA")
            client.send_bytes(b"Subject: %b\r\nX-%b: 1\r\n\r\n%b\r\n.\r\n" % ((hidden.replace(b"\x00", b""),) * 3))
            client.read_reply()
            client.send("QUIT")
            client.read_all()
        with pytest.raises(ExpectationError) as raised:
            mock.wait_for_messages(3, 0)
        [session] = mock.sessions()
        texts = [
            str(raised.value),
            session.transcript(),
            *(session.html(), *(message.html_report() for message in mock.messages())),
        ]
        texts += map(repr, [*mock.messages(accepted=None), session])
    log.flush()
    for text in (*texts, stream.getvalue()):
        text.encode()
        assert not set(text) & set(UNSEEN)


def test_an_address_that_is_not_utf_8_is_text_that_can_be_written() -> None:
    with SMTPMock() as mock:
        with Client(mock) as client:
            client.ask(HELLO, "MAIL FROM:<a@example.com>")
            client.send_bytes(b"RCPT TO:<\xff\xfe@b.c>\r\n")
            client.read_reply()
            client.ask("RCPT TO:<b@example.com>", "DATA")
            client.send("hi", ".")
            client.read_reply()
        [message] = mock.messages()
        [session] = mock.sessions()
        shown = [*message.recipients, *message.refused_recipients, message.html_report(), session.transcript()]
        shown += [
            part for exchange in session.exchanges for part in (exchange.request, exchange.address, repr(exchange))
        ]
    for text in shown:
        text.encode()
    assert any("\\xff\\xfe@b.c" in text for text in (*message.recipients, *message.refused_recipients))


class TestExceptionsOfFunctions:
    def test_are_logged_escaped_and_shortened(self, caplog: pytest.LogCaptureFixture) -> None:
        def fail(value: str) -> bool:
            raise LookupError(f"{value}\r\nERROR: all is well \x1b[2J\u202e{'x' * 5_000}")

        with caplog.at_level(logging.ERROR, "smtpmock"), SMTPMock() as mock:
            mock.on("RCPT TO", recipient=fail, reply="550 no")
            with Client(mock) as client:
                client.ask(HELLO, "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>")
            log.flush()
        [line] = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
        assert line.startswith(
            r"SMTP session failed: LookupError: b@example.com\r\nERROR: all is well \x1b[2J\u202exxx"
        )
        assert len(line) < 1_100

    def test_that_cannot_say_what_they_are_are_named(self) -> None:
        class MuteError(Exception):
            def __str__(self) -> str:
                raise RuntimeError

        assert format_error(MuteError()) == "MuteError: (its text cannot be made)"

    def test_with_a_name_that_is_not_seen_are_escaped(self) -> None:
        assert format_error(type("A\x1b", (Exception,), {})("b")) == "A\\x1b: b"


def test_a_value_in_an_error_is_escaped() -> None:
    class Odd:
        def __repr__(self) -> str:
            return "\x1b[31m\u202e"

    assert quote(Odd()) == "\\x1b[31m\\u202e"
    assert quote("\x1b\u200e") == "'\\x1b\\u200e'"


# Credentials.

BEFORE = {
    "blank": b" ",
    "tab": b"\t",
    "NUL": b"\0",
    "no-break space": b"\xc2\xa0",
    "no-break space in Latin-1": b"\xa0",
    "BOM": b"\xef\xbb\xbf",
    "BOM of UTF-16": b"\xff\xfe",
    "zero-width space": b"\xe2\x80\x8b",
    "ideographic space": b"\xe3\x80\x80",
    "several": b" \0\xef\xbb\xbf\xc2\xa0.",
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
@pytest.mark.parametrize("between", [b" ", b"\xc2\xa0", b"\0", b"\t"], ids=ascii)
def test_credentials_are_not_recorded_whatever_stands_before_auth(
    before: bytes, between: bytes, settings: dict[str, object]
) -> None:
    initial = b64encode(f"\0bob\0{SECRET}".encode())
    talk = Talk(**settings)
    talk.send(f"{EHLO}\r\n")
    talk.send(before + b"AUTH" + between + b"PLAIN" + between + initial + b"\r\n")
    talk.send(before + b"auth login" + b"\r\n", b64encode(b"bob") + b"\r\n", b64encode(SECRET.encode()) + b"\r\n")
    talk.send(b"A\0U\0T\0H\0 \0P\0" + initial + b"\r\n")
    talk.send(before + b"AUTH PLAIN " + initial + b"A" * 20_000 + b"\r\n")

    assert_kept(everything(talk))


def test_a_line_with_something_before_auth_is_shown_up_to_it() -> None:
    talk = Talk()
    talk.send(f"{EHLO}\r\n", b"\0AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n")

    assert talk.said[-1][0] == "\0AUTH (credentials)"


# HTML.

LOADS = {
    "preconnect": '<link rel=preconnect href="{url}">',
    "dns-prefetch": '<link rel=dns-prefetch href="{url}">',
    "prefetch": '<link rel="prefetch" href="{url}">',
    "preload": '<link rel=preload as=image href="{url}">',
    "modulepreload": '<link rel=modulepreload href="{url}">',
    "prerender": '<link rel=prerender href="{url}">',
    "style sheet": '<link rel=stylesheet href="{url}">',
    "icon": '<link rel="shortcut icon" href="{url}">',
    "manifest": '<link rel=manifest href="{url}">',
    "frame": '<iframe src="{url}"></iframe>',
    "frame with content": '<iframe srcdoc="<img src={url}><link rel=preconnect href={url}>"></iframe>',
    "frames": '<frameset><frame src="{url}"></frameset>',
    "image": '<img src="{url}">',
    "image set": '<img srcset="{url} 1x, {url}2 2x">',
    "picture": '<picture><source srcset="{url}"><img src="{url}"></picture>',
    "lazy source": '<img loading=eager lowsrc="{url}" dynsrc="{url}" longdesc="{url}" data-src="{url}">',
    "misspelt image": '<image src="{url}">',
    "video": '<video src="{url}" poster="{url}" autoplay muted></video>',
    "source of a video": '<video autoplay><source src="{url}"><track default src="{url}"></video>',
    "audio": '<audio src="{url}" autoplay></audio>',
    "object": '<object data="{url}"></object>',
    "object with parameters": '<object classid="{url}" codebase="{url}"><param name=movie value="{url}"></object>',
    "embed": '<embed src="{url}">',
    "applet": '<applet code="{url}" archive="{url}" codebase="{url}"></applet>',
    "svg image": '<svg><image href="{url}" xlink:href="{url}" width=9 height=9 /></svg>',
    "svg use": '<svg><use href="{url}#a" /></svg>',
    "svg style": "<svg><style>@import '{url}';</style></svg>",
    "svg foreign object": '<svg><foreignObject><iframe src="{url}"></iframe></foreignObject></svg>',
    "svg filter": '<svg><filter><feImage href="{url}"/></filter><a href="{url}"><text>x</text></a></svg>',
    "math": '<math><mtext><img src="{url}"></mtext><annotation-xml encoding="text/html"><img src="{url}"></math>',
    "style import": "<style>@import url('{url}');</style>",
    "style background": "<style>body{{background:url('{url}')}}</style>",
    "style font": "<style>@font-face{{font-family:x;src:url('{url}')}}body{{font-family:x}}</style>x",
    "style set": "<style>body{{background:image-set('{url}' 1x);cursor:url('{url}'),auto}}</style>",
    "style attribute": "<p style=\"background:url('{url}');list-style:url('{url}')\">x",
    "style that goes on": '<style>a{{}}</style x><img src="{url}">',
    "refresh": '<meta http-equiv=refresh content="0;url={url}">',
    "policy": "<meta http-equiv=Content-Security-Policy content=\"img-src *\"><img src='{url}'>",
    "link header": '<meta http-equiv=Link content="<{url}>; rel=preconnect">',
    "prefetch control": '<meta http-equiv=x-dns-prefetch-control content=on><a href="{url}">x</a>',
    "base": '<base href="{url}"><img src="a.png"><a href="b">x</a>',
    "form": '<form action="{url}" id=f><input type=submit formaction="{url}" autofocus></form>',
    "input image": '<input type=image src="{url}">',
    "button": '<button formaction="{url}" autofocus>x</button><isindex action="{url}">',
    "ping": '<a href="#" ping="{url}" autofocus>x</a>',
    "link": '<a href="{url}">x</a><area href="{url}"><map><area href="{url}"></map>',
    "portal": '<portal src="{url}"></portal><fencedframe src="{url}"></fencedframe>',
    "script": '<script src="{url}"></script><script>fetch("{url}")</script>',
    "speculation": '<script type=speculationrules>{{"prefetch":[{{"source":"list","urls":["{url}"]}}]}}</script>',
    "import map": '<script type=module>import "{url}"</script>',
    "handlers": "<img src=x onerror=\"fetch('{url}')\"><body onload=\"fetch('{url}')\">",
    "body": '<body background="{url}">',
    "table": '<table background="{url}"><tr background="{url}"><td background="{url}">x</table>',
    "cite": '<blockquote cite="{url}">x</blockquote><q cite="{url}">x</q><ins cite="{url}">x</ins>',
    "html": '<html manifest="{url}"><head profile="{url}">',
    "background sound": '<bgsound src="{url}"><layer src="{url}"></layer>',
    "template": '<template shadowrootmode=open><img src="{url}"></template>',
    "no script": '<noscript><img src="{url}"><link rel=preconnect href="{url}"></noscript>',
    "text area": '<textarea></textarea><link rel=preconnect href="{url}"><xmp></xmp><iframe src="{url}"></iframe>',
    "comment": '<!--><link rel=preconnect href="{url}">--><!--[if !mso]><!--><iframe src="{url}"></iframe>',
    "unclosed": "<p title=\"><link rel=preconnect href='{url}'><iframe src='{url}'>",
    "joined": "<<x>link rel=preconnect href={url}><<!-- -->iframe src={url}>",
    "slashes": "<link/rel=preconnect/href={url}><iframe/src={url}>",
    "case": '<LINK REL=preconnect HREF="{url}"><IFRAME SRC="{url}">',
    "NUL": '<li\0nk rel=preconnect href="{url}"><link rel=pre\0connect href="{url}"><iframe\0 src="{url}">',
    "other links": '<link rel="pingback search author" href="{url}"><link rel="alternate stylesheet" href="{url}">',
    "preloaded set": (
        '<link rel=preload as=image imagesrcset="{url} 1x" imagesizes=9px><link rel=expect href="{url}#a">'
    ),
    "touch icon": '<link rel=apple-touch-icon href="{url}"><meta property=og:image content="{url}">',
    "attribution": '<img attributionsrc="{url}"><a attributionsrc="{url}" href="#">x</a>',
    "report": "<meta http-equiv=Content-Security-Policy content=\"img-src 'none';report-uri {url}\"><img src=x>",
    "report only": '<meta http-equiv=Content-Security-Policy-Report-Only content="default-src x;report-uri {url}">',
    "endpoints": (
        "<meta http-equiv=Reporting-Endpoints content='a=\"{url}\"'><meta http-equiv=Report-To content='{url}'>"
    ),
    "frame of a script": (
        "<iframe src=\"javascript:fetch('{url}')\"></iframe><iframe credentialless src='{url}'></iframe>"
    ),
    "svg script": '<svg><script href="{url}" xlink:href="{url}"></script><linearGradient href="{url}"/></svg>',
    "svg animation": '<svg><image><animate attributeName=href values="{url}" begin=0s /></image></svg>',
    "svg paint": (
        '<svg><rect width=9 height=9 fill="url(\'{url}#a\')" mask="url({url}#b)" filter="url({url}#c)"/></svg>'
    ),
    "svg in an object": '<object type=image/svg+xml data="{url}"></object><embed type=image/svg+xml src="{url}">',
    "math link": '<math href="{url}"><mglyph src="{url}"></mglyph><mi xlink:href="{url}">x</mi></math>',
    "style content": (
        "<style>p::before{{content:url('{url}')}}li{{list-style-image:url('{url}')}}</style><p>x<ul><li>x</ul>"
    ),
    "style escapes": "<style>p{{background:\\75rl('{url}');background:u\\72 l({url})}}@\\69mport '{url}';</style><p>x",
    "style mask": '<p style="mask:url({url});filter:url({url}#a);border-image:url({url});shape-outside:url({url})">x',
    "style webkit": (
        '<p style="background:-webkit-image-set(url({url}) 1x);cursor:url({url}),auto;offset-path:url({url})">x'
    ),
    "style variable": (
        '<p style="--a:url({url});background:var(--a)">x'
        "<style>:root{{--b:url({url})}}b{{background:var(--b)}}</style><b>y"
    ),
    "style behaviour": '<p style="behavior:url({url});-moz-binding:url({url})">x',
    "style of a font": (
        "<style>@font-face{{font-family:y;src:local(z),url({url}) format('woff2')}}p{{font:9px y}}</style><p>x"
    ),
    "details": '<details open ontoggle="fetch(\'{url}\')"><summary>x</summary><img src="{url}"></details>',
    "focus": '<input autofocus onfocus="fetch(\'{url}\')"><form action="{url}"><button autofocus>x</button></form>',
    "jump": '<a id=a href="{url}" autofocus target=_top>x</a><meta http-equiv=refresh content="0; URL=\'{url}\'">',
    "dialog": '<dialog open><form method=get action="{url}"><input name=a></form><img src="{url}"></dialog>',
    "old data": '<xml src="{url}"></xml><div datasrc="{url}" dynsrc="{url}"></div><menuitem icon="{url}"><keygen>',
    "popup": '<div popover id=p><img src="{url}"></div><button popovertarget=p autofocus>x</button>',
    "interest": '<a href="{url}" interestfor=x rel=prefetch>x</a><a href="{url}" rel="prerender next">x</a>',
    "data": "<iframe src=\"data:text/html,<img src='{url}'>\"></iframe>",
    "data of an image": (
        "<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='{url}'/></svg>\">"
    ),
}


@contextmanager
def listener() -> Iterator[tuple[str, list[str]]]:
    """Listen; give the address, and the list of the first lines that clients send, "" of those that send nothing."""
    connected: list[str] = []
    server = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            client.settimeout(2)
            try:
                connected.append(client.recv(1_000).decode("latin-1").partition("\r\n")[0])
            except OSError:
                connected.append("")
            finally:
                client.close()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}", connected
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(SECONDS)


def page_of(html: str) -> str:
    """Deliver a mail with this HTML; return how it is shown."""
    mail = EmailMessage()
    mail["Subject"] = "hi"
    mail.set_content("hi")
    mail.add_alternative(html.replace("\0", "\ufffd"), subtype="html")
    raw = mail.as_bytes().replace(b"=EF=BF=BD", b"=00")
    with SMTPMock() as mock:
        _send(mock, raw)
        [message] = mock.messages()
        return message.html_report()


def _send(mock: SMTPMock, raw: bytes) -> None:
    with Client(mock) as client:
        client.ask(HELLO, "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA")
        client.send_bytes(b"\r\n".join(raw.splitlines()) + b"\r\n.\r\n")
        assert client.read_reply() == "250 Received"


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def view(folder: Path, pages: dict[str, str]) -> str:
    """Show pages in a browser, all in one; return what it made of them."""
    path = folder / "page.html"
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8><title>x</title>{''.join(pages.values())}", "utf-8")
    assert CHROMIUM is not None
    flags = (
        "--headless --no-sandbox --disable-gpu --virtual-time-budget=4000 --dump-dom --disable-background-networking"
    )
    child = subprocess.run(
        [CHROMIUM, *flags.split(), f"--user-data-dir={folder / 'profile'}", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    return child.stdout


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
class TestViewingAMail:
    def test_opens_no_connection(self, tmp_path: Path) -> None:
        with listener() as (url, connected):
            pages = {}
            for number, (name, html) in enumerate(LOADS.items()):
                pages[name] = page_of(html.format(url=f"{url}/{number}"))
            shown = view(tmp_path, {name: page.replace('loading="lazy" ', "") for name, page in pages.items()})
        assert shown.count("<iframe") == len(LOADS)
        assert connected == []

    def test_would_open_some_without_what_makes_it_safe(self, tmp_path: Path) -> None:
        with listener() as (url, connected):
            view(
                tmp_path,
                {"unsafe": f"<link rel=preconnect href='{url}'><img src='{url}/image'><iframe src='{url}/frame'>"},
            )
        assert {"GET /image HTTP/1.1", "GET /frame HTTP/1.1"} <= set(connected)


@pytest.mark.parametrize("name", LOADS)
def test_html_that_loads_is_made_safe(name: str) -> None:
    safe = safe_html(LOADS[name].format(url="http://x.example/"))
    for element in ("link", "iframe", "meta", "base", "script", "object", "embed", "svg", "form", "input", "source"):
        assert f"<{element}" not in safe.lower()
    for attribute in (" src", " srcset", " background", " ping", " data", " poster", " on"):
        assert f'{attribute}="' not in safe.lower().replace(' src="data:image/', "")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Hi <b class=x>there</b> &amp; you</p>", '<p>Hi <b class="x">there</b> &amp; you</p>'),
        ("<a href='https://x.example/?a=1&amp;b=2'>on</a>", '<a href="https://x.example/?a=1&amp;b=2">on</a>'),
        ("<a href=' javascript:x()'>on</a>", "<a>on</a>"),
        ("<a href='java&#115;cript:x()'>on</a>", "<a>on</a>"),
        ("<table width=100% bgcolor='#fff'><tr><td>x", '<table width="100%" bgcolor="#fff"><tr><td>x'),
        ("<style>p>a{color:red}</style><p>x", "<style>p>a{color:red}</style><p>x"),
        ("<title>a <b></title><p>x", "</title><p>x".removeprefix("</title>")),
        ("<img src='data:image/png;base64,AA==' alt='\"<'>", '<img src="data:image/png;base64,AA==" alt="&quot;&lt;">'),
        ("a < b <3 <", "a &lt; b &lt;3 &lt;"),
        ("<p a=1 title=x title=y>", '<p title="x">'),
        ("", ""),
    ],
)
def test_html_that_loads_nothing_stays(html: str, expected: str) -> None:
    assert safe_html(html) == expected
    assert safe_html(expected) == expected


def test_what_a_mail_looks_like_is_kept() -> None:
    page = unescape(page_of("<p style='color:red'>Hello <b>Bob</b></p>"))
    assert '<p style="color:red">Hello <b>Bob</b></p>' in page
