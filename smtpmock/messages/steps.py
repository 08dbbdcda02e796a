"""The steps of a transaction, each with its request, its reply and whether it succeeded: the fields of go-smtp-mock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.records.exchange import NO_EXCHANGE, Exchange

if TYPE_CHECKING:
    from smtpmock.records.message import MessageRecord


class MessageSteps:
    """The part of a message that tells its steps."""

    __slots__ = ()

    _record: MessageRecord

    @property
    def helo(self) -> bool:
        """True if HELO or EHLO succeeded."""
        return _step(self._record.helo).accepted

    @property
    def helo_request(self) -> str:
        """The HELO or EHLO command."""
        return _step(self._record.helo).request

    @property
    def helo_response(self) -> str:
        """The reply to HELO or EHLO."""
        return _step(self._record.helo).reply

    @property
    def mailfrom(self) -> bool:
        """True if MAIL FROM succeeded."""
        return _step(self._record.mailfrom).accepted

    @property
    def mailfrom_request(self) -> str:
        """The MAIL FROM command."""
        return _step(self._record.mailfrom).request

    @property
    def mailfrom_response(self) -> str:
        """The reply to MAIL FROM."""
        return _step(self._record.mailfrom).reply

    @property
    def rcptto(self) -> bool:
        """True if RCPT TO succeeded: the last one or, with `multiple_rcptto`, any."""
        return self._record.rcptto_accepted

    @property
    def rcptto_request_response(self) -> tuple[tuple[str, str], ...]:
        """RCPT TO commands and their replies: the last pair or, with `multiple_rcptto`, all."""
        return tuple((exchange.request, exchange.reply) for exchange in self._record.rcptto)

    @property
    def data(self) -> bool:
        """True if DATA succeeded."""
        return _step(self._record.data).accepted

    @property
    def data_request(self) -> str:
        """The DATA command."""
        return _step(self._record.data).request

    @property
    def data_response(self) -> str:
        """The reply to DATA."""
        return _step(self._record.data).reply

    @property
    def msg(self) -> bool:
        """True if the message itself was accepted."""
        return self.end_of_data.accepted

    @property
    def msg_request(self) -> str:
        r"""The message as text; bytes that are not UTF-8 are written as ``\xff``. See `raw` for the bytes."""
        return self._record.content.raw.decode("utf-8", "backslashreplace")

    @property
    def msg_response(self) -> str:
        """The reply to the end of the message; "" if a rule kept it from the client, or sent half of it or garbage."""
        return "" if self.end_of_data.then in ("half", "garbage") else self.end_of_data.reply

    @property
    def end_of_data(self) -> Exchange:
        """The exchange at the end of the message; an empty one if the transaction did not get that far."""
        return _step(self._record.end_of_data)

    @property
    def rset(self) -> bool:
        """True if a RSET succeeded after the message."""
        return _step(self._record.rset).accepted

    @property
    def rset_request(self) -> str:
        """The RSET command."""
        return _step(self._record.rset).request

    @property
    def rset_response(self) -> str:
        """The reply to RSET."""
        return _step(self._record.rset).reply

    @property
    def noop(self) -> bool:
        """True if a NOOP was sent."""
        return self._record.noop

    @property
    def quit_sent(self) -> bool:
        """True if the session ended with QUIT."""
        return self._record.quit_sent

    @property
    def is_consistent(self) -> bool:
        """True if MAIL FROM, RCPT TO, DATA and the message itself all succeeded."""
        return self._record.accepted


def _step(exchange: Exchange | None) -> Exchange:
    return exchange or NO_EXCHANGE
