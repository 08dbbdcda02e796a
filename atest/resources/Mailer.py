"""An application that sends mail with smtplib."""

from __future__ import annotations

import smtplib
import socket
import ssl
from base64 import b64encode
from email.message import EmailMessage
from functools import partial
from pathlib import Path  # noqa: TC003 - Robot Framework reads it
from threading import Thread
from typing import TYPE_CHECKING, Any

from robot.api.deco import keyword, library
from robot.libraries.BuiltIn import BuiltIn

if TYPE_CHECKING:
    from SMTPMockLibrary import MockServer

SECONDS = 30


@library(scope="GLOBAL")
class Mailer:
    """Keywords that send mail."""

    @keyword
    def send_mail(
        self,
        server: MockServer,
        to: str = "bob@example.com",
        *,
        subject: str = "Hi",
        text: str | None = "Hello",
        html: str | None = None,
        sender: str = "shop@example.com",
        bcc: str | None = None,
        header: str | None = None,
        attachment: str | None = None,
        name: str = "client.example.com",
        ca: Path | None = None,
        user: str = "",
        password: str = "",
        patience: float = SECONDS,
    ) -> None:
        """Send a message, with TLS if a CA certificate is given. Fail if it is refused."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, to, subject
        if header:
            message[header.partition(":")[0]] = header.partition(":")[2].strip()
        if text is not None:
            message.set_content(text)
        if html is not None and text is None:
            message.set_content(html, subtype="html")
        elif html is not None:
            message.add_alternative(html, subtype="html")
        if attachment:
            message.add_attachment(b"%PDF-1.4 nothing", maintype="application", subtype="pdf", filename=attachment)
        context = ssl.create_default_context(cafile=ca) if ca else None
        implicit = server.url.startswith("smtps:")
        connect = partial(smtplib.SMTP_SSL, context=context) if implicit else smtplib.SMTP
        with connect(server.host, server.port, name, timeout=float(patience)) as client:
            if context and not implicit:
                client.starttls(context=context)
            if user:
                client.login(user, password)
            client.send_message(message, to_addrs=[to, *(bcc.split(",") if bcc else [])])

    @keyword
    def begin_to_send_mail(self, server: MockServer) -> None:
        """Send a message in the background."""
        Thread(target=self.send_mail, args=[server]).start()

    @keyword
    def sending_should_end_with(self, server: MockServer, end: str, to: str = "bob@example.com", **words: Any) -> None:
        """Fail unless sending a message has this result: "sent", the reply that refused it, or the text of an error."""
        actual = self.get_end_of_sending(server, to, **words)
        assert actual == end, f"Expected sending to end with {end!r}, got {actual!r}."

    @keyword
    def get_end_of_sending(self, server: MockServer, to: str = "bob@example.com", **words: Any) -> str:
        """Send a message and return "sent", the reply that refused it, or the text of an error."""
        try:
            self.send_mail(server, to, **words)
        except smtplib.SMTPRecipientsRefused as error:
            [(code, text)] = error.recipients.values()
            return f"{code} {text.decode()}"
        except smtplib.SMTPResponseException as error:
            text = error.smtp_error
            return f"{error.smtp_code} {text.decode() if isinstance(text, bytes) else text}"
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
        except (smtplib.SMTPException, OSError) as error:
            return str(error)
        return "sent"

    @keyword
    def sign_up(self, email: str, **words: Any) -> None:
        """Send the message of the application in the examples. Pass even if it is refused."""
        server = BuiltIn().get_library_instance("SMTPMockLibrary").servers.current
        try:
            self.send_mail(server, email, **words)
        except (smtplib.SMTPException, ConnectionRefusedError) as error:
            print(f"Refused: {error}")

    @keyword
    def send_the_welcome_mail(self, server: MockServer) -> None:
        """Send the message that the examples in the documentation refer to."""
        self.send_mail(
            server,
            subject="Welcome to the shop",
            text="Dear Bob, thank you for coming.\n\nThank you for signing\nup. Open https://shop.example.com/confirm/7\n"
            "or enter the code: your code is 493021.\n",
            bcc="archive@example.com",
            header="X-Campaign: autumn",
            attachment="terms.pdf",
        )

    @keyword
    def send_the_hostile_mail(self, server: MockServer, beacon: int) -> None:
        """Send a message that tries to run scripts, and to notify a beacon when it is read."""
        there = f"http://127.0.0.1:{beacon}"
        owned = "document.title='owned'"
        self.send_mail(
            server,
            subject=f"<img src=x onerror={owned}>",
            text=f"</pre></td><script>{owned}</script><img src=x onerror={owned}>",
            html=f"""<!doctype html><html><head>
<meta http-equiv=Content-Security-Policy content="default-src *; script-src * 'unsafe-inline'">
<meta http-equiv=refresh content="0; url={there}/refresh">
<link rel=stylesheet href={there}/style.css><link rel=prefetch href={there}/prefetch>
<script>top.{owned}</script><script src={there}/script.js></script></head>
<body onload="top.{owned}" background={there}/background.png style="background:url({there}/style.png)">
<img src={there}/image.png onerror="top.{owned}"><iframe src={there}/frame></iframe>
<svg onload="top.{owned}"></svg><object data={there}/object></object>"'></iframe><script>{owned}</script>
<form action={there}/form><button>x</button></form></body></html>""",
            attachment=f"<img src=x onerror={owned}>.pdf",
        )

    @keyword
    def send_lines(self, server: MockServer, *lines: str | bytes) -> list[str]:
        """Send lines unchanged, each after the reply to the previous one, and return all replies."""
        replies = []
        with socket.create_connection((server.host, server.port), SECONDS) as connection:
            stream = connection.makefile("rwb")
            replies.append(stream.readline().decode().rstrip())
            for line in lines:
                stream.write((line.encode() if isinstance(line, str) else line) + b"\r\n")
                stream.flush()
                replies.append(stream.readline().decode(errors="replace").rstrip())
        return replies

    @keyword
    def send_credentials_behind_stray_bytes(self, server: MockServer) -> None:
        """Try to log in with something before each AUTH."""
        initial = b64encode(b"\0bob\0open sesame")
        for stray in (b" ", b"\t", b"\0", b"\xc2\xa0", b"\xa0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xe2\x80\x8b"):
            for between in (b" ", b"\0", b"\xc2\xa0"):
                self.send_lines(server, b"EHLO x.example", stray + between.join((b"AUTH", b"PLAIN", initial)))

    @keyword
    def send_in_one_packet(self, server: MockServer, *lines: str) -> None:
        """Sends all lines at once after the greeting, and reads to the end; what came of them is not looked at."""
        connection = socket.create_connection((server.host, server.port), SECONDS)
        with connection, connection.makefile("rb") as stream:
            stream.readline()
            connection.sendall("".join(f"{line}\r\n" for line in lines).encode())
            stream.read()

    @keyword
    def send_file(self, server: MockServer, path: Path) -> None:
        """Send the message in a file."""
        with smtplib.SMTP(server.host, server.port, "client.example.com", SECONDS) as client:
            client.sendmail("shop@example.com", ["bob@example.com"], path.read_bytes())

    @keyword
    def port_should_be_free(self, port: int) -> None:
        """Fail if a server listens on the port."""
        try:
            with socket.create_connection(("127.0.0.1", port), SECONDS):
                pass
        except ConnectionRefusedError:
            return
        raise AssertionError(f"A server listens on port {port}.")

    @keyword
    def port_should_be_open(self, port: int) -> None:
        """Fail unless a server listens on the port."""
        with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
            greeting = connection.recv(100)
        assert greeting.startswith(b"220 "), greeting
