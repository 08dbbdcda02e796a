"""Send a mail to three recipients with Django."""

import os

from django.conf import settings

if "SMTP_CAFILE" in os.environ:
    os.environ["SSL_CERT_FILE"] = os.environ["SMTP_CAFILE"]
settings.configure(
    EMAIL_HOST=os.environ["SMTP_HOST"],
    EMAIL_PORT=int(os.environ["SMTP_PORT"]),
    EMAIL_HOST_USER="shop",
    EMAIL_HOST_PASSWORD="secret",
    EMAIL_TIMEOUT=3,
    EMAIL_USE_TLS="SMTP_CAFILE" in os.environ,
)

from django.core.mail import send_mail  # noqa: E402  # the settings come first

send_mail("Welcome", "Hello", "shop@example.com", ["a@example.com", "b@example.com", "c@example.com"])
