"""TLS and authentication."""

from pathlib import Path

from robot.api.deco import keyword

from SMTPMockLibrary.api import Message
from SMTPMockLibrary.failures import Keywords, assertion, explain_failures


class SecurityKeywords(Keywords):
    """Keywords for TLS and authentication."""

    @keyword("Get CA Certificate", tags=("Getter", "Server"))
    @explain_failures
    def get_ca_certificate(self) -> Path:
        """Returns the path of the CA certificate (PEM) that clients need to trust the server.

        With ``tls=starttls`` or ``tls=implicit``, the server generates a certificate for ``localhost``, 127.0.0.1, ::1
        and the names in the setting ``tls_names``. This requires ``pip install smtpmock[tls]``.

        Example:
        | Start SMTP Mock    tls=starttls
        | ${ca} =    Get CA Certificate
        | Sign Up    bob@example.com    ca=${ca}
        """
        return self.servers.current.whole.ca_certificate

    @keyword("Message Should Be Sent Over TLS", tags=("Assertion",))
    @assertion
    def message_should_be_sent_over_tls(self, mail: Message, version: str | None = None) -> None:
        """Fails if the message was sent without TLS, or with a version other than the given one.

        Details are available as ``${mail.tls}``, which has the attributes ``version``, ``cipher``, ``server_name`` and
        ``client_certificate``.

        Example:
        | Start SMTP Mock    tls=starttls
        | ${ca} =    Get CA Certificate
        | Sign Up    bob@example.com    ca=${ca}
        | ${mail} =    Wait For Message    recipient=bob@example.com
        | Message Should Be Sent Over TLS    ${mail}
        | Message Should Be Sent Over TLS    ${mail}    TLSv1.3
        """
        if mail.tls is None:
            raise AssertionError(f"Expected the message to be sent over {version or 'TLS'}, but TLS was not used.")
        if version not in (None, mail.tls.version):
            raise AssertionError(f"Expected the message to be sent over {version}, but {mail.tls.version} was used.")

    @keyword("Message Should Be Authenticated As", tags=("Assertion",))
    @assertion
    def message_should_be_authenticated_as(self, mail: Message, user: str) -> None:
        """Fails unless the message was sent after logging in as the given user.

        Example:
        | Start SMTP Mock    auth=shop:secret
        | Sign Up    bob@example.com    user=shop    password=secret
        | ${mail} =    Wait For Message    recipient=bob@example.com
        | Message Should Be Authenticated As    ${mail}    shop
        """
        if mail.user != user:
            actual = f"it was sent by {mail.user!r}" if mail.user else "the client did not log in"
            raise AssertionError(f"Expected the message to be sent by {user!r}, but {actual}.")
