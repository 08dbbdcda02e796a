"""Start a server, send it a message, and show the message and the session."""

from smtplib import SMTP

from smtpmock import SMTPMock

MAIL = """\
From: Shop <shop@example.com>
To: alice@example.com, bob@example.com
Date: Sat, 21 Nov 2026 10:00:00 +0000
Message-ID: <1@shop.example.com>
Subject: Your order has been shipped

It will be with you tomorrow.
"""

with SMTPMock(multiple_rcptto=True, not_registered_emails=["bob@example.com"]) as mock:
    with SMTP(mock.host, mock.port, local_hostname="shop.example.com") as client:
        refused = client.sendmail("shop@example.com", ["alice@example.com", "bob@example.com"], MAIL)
    [message] = mock.messages()
    [session] = mock.sessions()

print(f"A mail arrived at {mock.address}.\n")
print(f"  from     {message.sender}")
print(f"  to       {', '.join(message.recipients)}")
print(f"  subject  {message.subject}")
print(f"  text     {message.text.strip()}")
for address, (code, reason) in refused.items():
    print(f"  refused  {address}: {code} {reason.decode()}")

print("\nThe whole conversation (C: the client, S: the server):\n")
print(session.transcript())
