"""Right and wrong use of the public API, for type checkers; see test_types.py. It is never run."""

from datetime import timedelta

from smtpmock import Settings

settings = Settings(
    port=2525,
    fail_fast=True,
    session_timeout=timedelta(minutes=1),
    response_delay_quit=0.5,
    not_registered_emails=("nobody@example.com",),
    extensions="all",
    tls="starttls",
    auth={"shop": "secret"},
    msg_greeting="220 Hello",
    max_messages=None,
)
Settings(auth="any", extensions=["SIZE"], shutdown_timeout=1, tls=None)
Settings(auth=lambda user, secret: user == secret)

Settings(prot=1)  # error: call-arg
Settings(port="2525")  # error: arg-type
Settings(fail_fast="yes")  # error: arg-type
Settings(session_timeout="1 min")  # error: arg-type
Settings(not_registered_emails=5)  # error: arg-type
Settings(tls="ssl")  # error: arg-type
Settings(tls_fault="expird")  # error: arg-type
Settings(auth="everybody")  # error: arg-type
Settings(msg_greeting=220)  # error: arg-type
settings.port = 25  # error: misc
print(settings.prot)  # error: attr-defined
