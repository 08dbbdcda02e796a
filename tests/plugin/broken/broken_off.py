"""The application closes the connection in the middle of the message."""

import socket


def sign_up(address, server):
    with socket.create_connection((server.host, server.port), timeout=60) as connection:
        replies = connection.makefile("rb")
        replies.readline()
        for command in ("HELO shop.example.com", "MAIL FROM:<shop@example.com>", f"RCPT TO:<{address}>", "DATA"):
            connection.sendall(f"{command}\r\n".encode())
            replies.readline()
        connection.sendall(b"Subject: Welcome\r\n\r\nYour code is")


def test_welcome(smtpmock):
    sign_up("bob@example.com", smtpmock)
    smtpmock.wait_for_session(timeout=60)
    smtpmock.message(recipient="bob@example.com")
