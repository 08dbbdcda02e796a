import io
import logging
import logging.handlers
import re

import pytest

from smtpmock import SettingError, SMTPMock, StartError
from tests.raw_client import ENVELOPE, TEXT, Client, deliver

SHUTS_DOWN = "SMTP mock server is in the shutdown mode and won't accept new connections"
STOPPED = "SMTP mock server was stopped successfully"
FORCED = "SMTP mock server was force stopped by timeout"
LINE = re.compile(r"(INFO|WARNING|ERROR): \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} (.*)")


@pytest.fixture
def logger():
    """A logger of the test's own, which keeps what it is given as `lines`."""
    logger = logging.Logger("own", logging.DEBUG)
    logger.lines = []
    handler = logging.Handler()
    handler.emit = lambda record: logger.lines.append((record.levelname, record.getMessage()))
    logger.addHandler(handler)
    return logger


def split(text):
    """The level and the text of each line of a log; every line has to be one."""
    return [LINE.fullmatch(line).groups() for line in text.splitlines()]


def test_nothing_is_written_unasked(run):
    output = run(
        """
        from smtpmock import SMTPMock, StartError
        from tests.raw_client import Client, deliver
        with SMTPMock(log_server_activity=True) as mock:
            deliver(mock)
            try:
                SMTPMock(port=mock.port).start()
            except StartError:
                pass
            with Client(mock) as client:
                client.begin_message()
                client.reset()
            try:
                mock.wait_for_messages(2, 60, accepted=None)
            finally:
                pass
        """
    )
    assert output == ""


def test_the_words_and_the_format_of_go_smtp_mock(capsys):
    with (
        SMTPMock(log_to_stdout=True, log_server_activity=True, response_delay_noop=0.01) as mock,
        Client(mock) as client,
    ):
        client.ask("NOOP", *ENVELOPE, "DATA")
        client.send(*TEXT, ".")
        client.read()
        client.ask("nonsense", "QUIT")
        assert client.read() == ""
    output, complaints = capsys.readouterr()
    assert complaints == ""
    assert split(output) == [
        ("INFO", f"SMTP mock server started on port: {mock.port}"),
        ("INFO", "SMTP session started"),
        ("INFO", "SMTP response: 220 Welcome"),
        ("INFO", "SMTP request: NOOP"),
        ("INFO", "SMTP response delay: 0.01 sec"),
        ("INFO", "SMTP response: 250 Ok"),
        ("INFO", "SMTP request: EHLO client.example"),
        ("INFO", "SMTP response: 250 Received"),
        ("INFO", "SMTP request: MAIL FROM:<a@example.com>"),
        ("INFO", "SMTP response: 250 Received"),
        ("INFO", "SMTP request: RCPT TO:<b@example.com>"),
        ("INFO", "SMTP response: 250 Received"),
        ("INFO", "SMTP request: DATA"),
        ("INFO", "SMTP response: 354 Ready for receive message. End data with <CR><LF>.<CR><LF>"),
        ("INFO", "SMTP request: message binary data portion"),
        ("INFO", "SMTP response: 250 Received"),
        ("INFO", "SMTP request: nonsense"),
        ("INFO", f"SMTP response: {mock.settings.msg_invalid_cmd}"),
        ("INFO", "SMTP request: QUIT"),
        ("INFO", "SMTP response: 221 Closing connection"),
        ("INFO", "SMTP session finished"),
        ("INFO", SHUTS_DOWN),
        ("INFO", STOPPED),
    ]


def test_without_activity_only_errors_and_warnings_are_written(capsys):
    with SMTPMock(log_to_stdout=True) as mock:
        deliver(mock)
        with pytest.raises(StartError) as caught:
            SMTPMock(port=mock.port, log_to_stdout=True).start()
    output, complaints = capsys.readouterr()
    assert output == ""
    assert split(complaints) == [("ERROR", str(caught.value))]


@pytest.mark.parametrize("activity", [False, True])
def test_an_ordinary_stop_is_no_warning(caplog, activity):
    caplog.set_level(logging.DEBUG, "smtpmock")
    with SMTPMock(log_server_activity=activity) as mock:
        deliver(mock)
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []
    assert bool(caplog.records) == activity


def test_an_error_goes_to_standard_error(capsys):
    with SMTPMock() as mock, pytest.raises(StartError) as caught:
        SMTPMock(port=mock.port, log_to_stdout=True, log_server_activity=True).start()
    # With the stop all is written.
    output, complaints = capsys.readouterr()
    assert output == ""
    assert split(complaints) == [("ERROR", str(caught.value))]
    assert str(caught.value).startswith(f"Failed to start SMTP mock server on port: {mock.port}")


def test_a_stop_by_force_is_logged_as_such(logger):
    with SMTPMock(logger=logger, log_server_activity=True, shutdown_timeout=0.01) as mock, Client(mock) as client:
        client.begin_message()
        mock.stop()
    assert logger.lines[-3:] == [("INFO", SHUTS_DOWN), ("INFO", "SMTP session finished"), ("INFO", FORCED)]


@pytest.mark.parametrize("setting", [{"session_timeout": 0.05}, {}], ids=["timeout", "stop"])
def test_what_the_server_says_unasked_is_logged(logger, setting):
    reply = "421 Session timeout" if setting else "421 Service shutting down"
    with SMTPMock(logger=logger, log_server_activity=True, **setting) as mock, Client(mock) as client:
        if not setting:
            mock.stop()
        assert client.read_all() == [reply]
    assert [text for _, text in logger.lines if text.startswith("SMTP response: 421")] == [f"SMTP response: {reply}"]
    assert ("INFO", "SMTP request: ") not in logger.lines


def test_a_logger_of_the_users_own_has_it_all_and_the_default_one_nothing(logger, caplog):
    caplog.set_level(logging.DEBUG)
    with SMTPMock(logger=logger, log_server_activity=True) as mock:
        deliver(mock)
    assert logger.lines[0] == ("INFO", f"SMTP mock server started on port: {mock.port}")
    assert logger.lines[-2:] == [("INFO", SHUTS_DOWN), ("INFO", STOPPED)]
    assert len(logger.lines) == 18
    assert caplog.records == []


def test_the_logger_smtpmock_has_it_all(caplog):
    caplog.set_level(logging.INFO, "smtpmock")
    with SMTPMock(log_server_activity=True) as mock:
        deliver(mock)
    assert {record.name for record in caplog.records} == {"smtpmock"}
    texts = [record.getMessage() for record in caplog.records]
    assert texts[:2] == [f"SMTP mock server started on port: {mock.port}", "SMTP session started"]
    assert texts[-3:] == ["SMTP session finished", SHUTS_DOWN, STOPPED]
    assert [record.created for record in caplog.records] == sorted(record.created for record in caplog.records)


def test_the_level_of_the_logger_counts(logger):
    logger.setLevel(logging.WARNING)
    with SMTPMock(logger=logger, log_server_activity=True) as mock:
        deliver(mock)
        with pytest.raises(StartError) as caught:
            SMTPMock(port=mock.port, logger=logger, log_server_activity=True).start()
    assert logger.lines == [("ERROR", str(caught.value))]


def test_control_characters_cannot_forge_a_line(capsys, logger):
    with SMTPMock(logger=logger, log_to_stdout=True, log_server_activity=True) as mock, Client(mock) as client:
        client.send_bytes(b"NOOP \x1b[31m\rINFO: \x00\x85\x7f\xff \xe2\x80\xa8 \xc2\x85 \xc3\xa9\r\n")
        client.read()
    shown = "SMTP request: NOOP \\x1b[31m\\rINFO: \\x00\\x85\\x7f\\xff \\u2028 \\x85 é"
    assert ("INFO", shown) in logger.lines
    assert ("INFO", shown) in split(capsys.readouterr().out)


def test_a_client_that_resets_is_activity_and_no_error(capfd, logger):
    with SMTPMock(logger=logger, log_to_stdout=True, log_server_activity=True) as mock:
        for begin in (lambda client: None, Client.begin_message, Client.deliver):
            with Client(mock) as client:
                begin(client)
                client.reset()
        mock.wait_for_messages(2, 60, accepted=None)
    assert [level for level, _ in logger.lines if level != "INFO"] == []
    assert logger.lines.count(("INFO", "SMTP session finished")) == 3
    output, complaints = capfd.readouterr()
    assert complaints == ""
    assert split(output) == logger.lines
    assert mock.errors == []


def test_a_standard_output_that_is_closed_stops_the_lines_and_nothing_else(monkeypatch, logger):
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr("sys.stdout", stream)
    with SMTPMock(logger=logger, log_to_stdout=True, log_server_activity=True) as mock:
        deliver(mock)
    assert logger.lines[-1] == ("INFO", STOPPED)


def test_a_handler_that_fails_is_shown_and_harms_nothing(run):
    run(
        """
        import logging
        import sys
        from smtpmock import SMTPMock, StartError
        from tests.raw_client import deliver

        shown = []
        sys.excepthook = lambda kind, error, trace: shown.append(error)

        class Broken(logging.Handler):
            def handle(self, record):
                raise ZeroDivisionError

        logging.getLogger("smtpmock").addHandler(Broken())
        with SMTPMock() as mock:
            try:
                SMTPMock(port=mock.port).start()
            except StartError:
                pass
            deliver(mock)
        assert len(mock.messages()) == 1
        assert [type(error) for error in shown] == [ZeroDivisionError]
        """
    )


class Mailer(logging.handlers.SMTPHandler):
    """Mails errors; what the server logs it holds its lock for, and no more."""

    def emit(self, record):
        if record.levelno >= logging.ERROR:
            super().emit(record)


def test_a_handler_may_mail_to_the_very_server_whose_log_it_gets():
    logger = logging.Logger("own", logging.DEBUG)
    with SMTPMock(logger=logger, log_server_activity=True) as mock:
        logger.addHandler(Mailer((mock.host, mock.port), "a@example.com", ["b@example.com"], "error", timeout=60))
        for number in range(1, 21):
            logger.error("failure %d", number)
            assert len(mock.messages()) == number
    assert [b"failure 20" in message.raw for message in mock.messages()] == [False] * 19 + [True]


def test_a_session_goes_on_while_a_logging_configuration_is_made(run):
    # The lock of the logging module is held as long as a handler is built; this one says hello to the server first.
    run(
        """
        import logging.config
        from smtpmock import SMTPMock
        from tests.raw_client import deliver

        def handler():
            deliver(mock)
            return logging.NullHandler()

        logger = logging.getLogger("smtpmock")
        with SMTPMock(log_server_activity=True) as mock:
            logger.setLevel(logging.INFO)
            logging.config.dictConfig({"version": 1, "handlers": {"mailing": {"()": handler}}})
        assert len(mock.messages()) == 1
        """
    )


def test_a_log_that_was_asked_for_is_complete_after_an_exit(run):
    output = run(
        """
        from smtpmock import SMTPMock
        from tests.raw_client import deliver
        mock = SMTPMock(log_to_stdout=True, log_server_activity=True)
        mock.start()
        deliver(mock)
        """
    )
    assert split(output)[-2:] == [("INFO", "SMTP session finished"), ("INFO", STOPPED)]


def test_what_is_no_logger_is_refused():
    with pytest.raises(SettingError, match=r"^Invalid logger 3: expected a logging\.Logger$"):
        SMTPMock(logger=3)
