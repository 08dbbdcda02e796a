"""TLS and logins."""

from pathlib import Path

from robot.api.deco import keyword

from smtpmock.messages.message import Message
from SMTPMockLibrary.failures import Keywords, assertion, explained


class SecurityKeywords(Keywords):
    """Keywords about how a message was protected, and who sent it."""

    @keyword("Get CA Certificate", tags=("Getter", "Server"))
    @explained
    def get_ca_certificate(self) -> Path:
        """Returns the path of the certificate (PEM) that a client has to trust, so that it trusts the server.

        A server with ``tls=starttls`` or ``tls=implicit`` makes its own certificate for ``localhost``, 127.0.0.1 and
        ::1, which takes ``pip install smtpmock[tls]``.

        Example:
        | Start SMTP Mock    tls=starttls
        | ${ca} =    Get CA Certificate
        | Sign Up    bob@example.com    ca=${ca}
        """
        return self.servers.current.mock.ca_certificate

    @keyword("Message Should Be Sent Over TLS", tags=("Assertion",))
    @assertion
    def message_should_be_sent_over_tls(self, mail: Message, version: str | None = None) -> None:
        """Fails if a message was sent without TLS, or with another version than the one given.

        What TLS agreed on is in ``${mail.tls}``: ``version``, ``cipher``, ``server_name`` and ``client_certificate``.

        Example:
        | Start SMTP Mock    tls=starttls
        | ${ca} =    Get CA Certificate
        | Sign Up    bob@example.com    ca=${ca}
        | ${mail} =    Wait For Message    recipient=bob@example.com
        | Message Should Be Sent Over TLS    ${mail}
        | Message Should Be Sent Over TLS    ${mail}    TLSv1.3
        """
        if mail.tls is None:
            raise AssertionError("The message was sent without TLS.")
        if version not in (None, mail.tls.version):
            raise AssertionError(f"The message was sent over {mail.tls.version}, where it should be {version}.")

    @keyword("Message Should Be Authenticated As", tags=("Assertion",))
    @assertion
    def message_should_be_authenticated_as(self, mail: Message, user: str) -> None:
        """Fails unless a message was sent after a login of that user.

        Example:
        | Start SMTP Mock    auth=shop:secret
        | Sign Up    bob@example.com    user=shop    password=secret
        | ${mail} =    Wait For Message    recipient=bob@example.com
        | Message Should Be Authenticated As    ${mail}    shop
        """
        if mail.user != user:
            found = f"by {mail.user!r}" if mail.user else "without a login"
            raise AssertionError(f"The message was sent {found}, where {user!r} should have logged in.")
