"""The settings: what there is, what each may be, how it is made of text, and how it is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from smtpmock import SettingError, Settings, SMTPMock
from smtpmock.settings.declarations import SETTINGS, parse_setting
from tests.protocol.conversation import Conversation

INVALID = "502 Command unrecognized. Available commands: HELO, EHLO, MAIL FROM:, RCPT TO:, DATA, RSET, NOOP, QUIT"

# Name, go-smtp-mock's flag, default.
DECLARED: list[tuple[str, str, Any]] = [
    ("host", "host", "127.0.0.1"),
    ("port", "port", 0),
    ("log_to_stdout", "log", False),
    ("log_server_activity", "log", False),
    ("session_timeout", "sessionTimeout", 30),
    ("shutdown_timeout", "shutdownTimeout", 1),
    ("fail_fast", "failFast", False),
    ("multiple_rcptto", "multipleRcptto", True),
    ("multiple_message_receiving", "multipleMessageReceiving", True),
    ("blacklisted_helo_domains", "blacklistedHeloDomains", ()),
    ("blacklisted_mailfrom_emails", "blacklistedMailfromEmails", ()),
    ("blacklisted_rcptto_emails", "blacklistedRcpttoEmails", ()),
    ("not_registered_emails", "notRegisteredEmails", ()),
    ("response_delay_helo", "responseDelayHelo", 0),
    ("response_delay_mailfrom", "responseDelayMailfrom", 0),
    ("response_delay_rcptto", "responseDelayRcptto", 0),
    ("response_delay_data", "responseDelayData", 0),
    ("response_delay_message", "responseDelayMessage", 0),
    ("response_delay_rset", "responseDelayRset", 0),
    ("response_delay_noop", "responseDelayNoop", 0),
    ("response_delay_quit", "responseDelayQuit", 0),
    ("msg_size_limit", "msgSizeLimit", 10_485_760),
    ("msg_greeting", "msgGreeting", "220 Welcome"),
    ("msg_invalid_cmd", "msgInvalidCmd", INVALID),
    ("msg_quit_cmd", "msgQuitCmd", "221 Closing connection"),
    (
        "msg_invalid_cmd_helo_sequence",
        "msgInvalidCmdHeloSequence",
        "503 Bad sequence of commands. HELO should be the first",
    ),
    ("msg_invalid_cmd_helo_arg", "msgInvalidCmdHeloArg", "501 HELO requires domain address or valid address literal"),
    ("msg_helo_blacklisted_domain", "msgHeloBlacklistedDomain", "421 Service not available"),
    ("msg_helo_received", "msgHeloReceived", "250 Received"),
    (
        "msg_invalid_cmd_mailfrom_sequence",
        "msgInvalidCmdMailfromSequence",
        "503 Bad sequence of commands. MAIL FROM should be used after HELO",
    ),
    ("msg_invalid_cmd_mailfrom_arg", "msgInvalidCmdMailfromArg", "501 MAIL FROM requires valid email address"),
    ("msg_mailfrom_blacklisted_email", "msgMailfromBlacklistedEmail", "421 Service not available"),
    ("msg_mailfrom_received", "msgMailfromReceived", "250 Received"),
    (
        "msg_invalid_cmd_rcptto_sequence",
        "msgInvalidCmdRcpttoSequence",
        "503 Bad sequence of commands. RCPT TO should be used after MAIL FROM",
    ),
    ("msg_invalid_cmd_rcptto_arg", "msgInvalidCmdRcpttoArg", "501 RCPT TO requires valid email address"),
    ("msg_rcptto_not_registered_email", "msgRcpttoNotRegisteredEmail", "550 User not found"),
    ("msg_rcptto_blacklisted_email", "msgRcpttoBlacklistedEmail", "421 Service not available"),
    ("msg_rcptto_received", "msgRcpttoReceived", "250 Received"),
    (
        "msg_invalid_cmd_data_sequence",
        "msgInvalidCmdDataSequence",
        "503 Bad sequence of commands. DATA should be used after RCPT TO",
    ),
    ("msg_data_received", "msgDataReceived", "354 Ready for receive message. End data with <CR><LF>.<CR><LF>"),
    ("msg_msg_size_is_too_big", "msgMsgSizeIsTooBig", "552 Message exceeded max size of 10485760 bytes"),
    ("msg_msg_received", "msgMsgReceived", "250 Received"),
    (
        "msg_invalid_cmd_rset_sequence",
        "msgInvalidCmdRsetSequence",
        "503 Bad sequence of commands. HELO should be the first",
    ),
    ("msg_invalid_cmd_rset_arg", "msgInvalidCmdRsetArg", INVALID),
    ("msg_rset_received", "msgRsetReceived", "250 Ok"),
    ("msg_noop_received", "msgNoopReceived", "250 Ok"),
]
TEXTS = [(name, default) for name, _, default in DECLARED if isinstance(default, str) and name != "host"]
SWITCHES = [name for name, _, default in DECLARED if isinstance(default, bool)]
LISTS = [name for name, _, default in DECLARED if default == ()]
TIMEOUTS = ["session_timeout", "shutdown_timeout"]
DELAYS = [name for name, _, _ in DECLARED if name.startswith("response_delay_")]

SECONDS_EXPECTED = "a number of seconds from 0 to 31536000"
BYTES_EXPECTED = "a non-negative integer"
PORT_EXPECTED = "an integer from 0 to 65535"
REPLY_EXPECTED = "one line of text, or a complete reply of several lines"
LIST_EXPECTED = "a list of strings"


def test_all_46_settings_of_go_smtp_mock_are_there() -> None:
    assert len(DECLARED) == 46
    assert {name for name, _, _ in DECLARED} <= SETTINGS.keys()


@pytest.mark.parametrize(("name", "its_flag", "default"), DECLARED)
def test_name_flag_and_default(name: str, its_flag: str, default: Any) -> None:
    value = getattr(Settings(), name)

    assert value == default
    assert isinstance(value, bool) == isinstance(default, bool)
    assert SETTINGS[name].flag == its_flag


def test_the_defaults_keep_everything_but_those_of_the_command() -> None:
    differing = {
        name: (declared.default, declared.command_default)
        for name, declared in SETTINGS.items()
        if declared.default != declared.command_default
    }

    assert differing == {"multiple_rcptto": (True, False), "multiple_message_receiving": (True, False)}


@pytest.mark.parametrize(("name", "its_flag", "default"), DECLARED)
def test_each_setting_is_an_argument_of_the_server(name: str, its_flag: str, default: Any) -> None:
    assert getattr(SMTPMock(**{name: default}).settings, name) == default


@pytest.mark.parametrize("name", [name for name, _, _ in DECLARED])
def test_each_setting_has_a_meaning_in_one_line(name: str) -> None:
    meaning = SETTINGS[name].meaning

    assert meaning.strip() == meaning != ""
    assert "\n" not in meaning


# Empty values.


@pytest.mark.parametrize(("name", "default"), TEXTS)
def test_an_empty_text_means_the_default(name: str, default: str) -> None:
    assert getattr(Settings(**{name: ""}), name) == default


@pytest.mark.parametrize(
    ("name", "default"), [("session_timeout", 30), ("shutdown_timeout", 1), ("msg_size_limit", 10_485_760)]
)
def test_zero_means_the_default(name: str, default: int) -> None:
    assert getattr(Settings(**{name: 0}), name) == default


def test_an_empty_host_means_the_default() -> None:
    assert Settings(host="").host == "127.0.0.1"


@pytest.mark.parametrize("name", ["port", *DELAYS])
def test_zero_is_zero_elsewhere(name: str) -> None:
    assert getattr(Settings(**{name: 0}), name) == 0


# Texts.


@pytest.mark.parametrize(("name", "default"), TEXTS)
def test_a_text_without_a_code_gets_that_of_the_default(name: str, default: str) -> None:
    assert getattr(Settings(**{name: "Some text"}), name) == f"{default[:3]} Some text"


@pytest.mark.parametrize("text", ["250", "250 ", "250 x", "999 x", "421 ä"])
def test_a_text_with_a_code_stays_as_it_is(text: str) -> None:
    assert Settings(msg_greeting=text).msg_greeting == text


@pytest.mark.parametrize("text", ["250-a\r\n250 SIZE 1000", "250-\r\n250-b\r\n250", "421-é\r\n421 b-c"])
def test_a_reply_of_several_lines_stays_as_it_is(text: str) -> None:
    assert Settings(msg_greeting=text).msg_greeting == text


def test_a_reply_of_several_lines_is_sent_and_recorded_as_such() -> None:
    conversation = Conversation(msg_greeting="220-a\r\n220 b", msg_helo_received="250-c\r\n250 d", extensions=["SIZE"])

    assert conversation.greeting == "220-a\r\n220 b\r\n"
    assert conversation.say("HELO x") == "250-c\r\n250 d\r\n"
    assert conversation.say("EHLO x") == "250-c\r\n250-d\r\n250 SIZE 10485760\r\n"
    assert [exchange.reply for exchange in conversation.exchanges][:2] == ["220-a\n220 b", "250-c\n250 d"]


@pytest.mark.parametrize("text", ["25 x", "2500 x", "250x", " 250 x", "x 250", "٢٥٠ x"])
def test_what_only_looks_like_a_code_gets_one(text: str) -> None:
    assert Settings(msg_greeting=text).msg_greeting == f"220 {text}"


def test_the_reply_to_rset_with_an_argument_has_its_own_text() -> None:
    assert Settings(msg_invalid_cmd="500 what").msg_invalid_cmd_rset_arg == INVALID


def test_the_reply_to_a_message_over_the_limit_names_the_limit() -> None:
    assert Settings(msg_size_limit=7).msg_msg_size_is_too_big == "552 Message exceeded max size of 7 bytes"
    assert Settings(msg_size_limit=7, msg_msg_size_is_too_big="big {0}").msg_msg_size_is_too_big == "552 big {0}"


def test_a_limit_on_top_of_settings_is_named_as_well() -> None:
    settings = SMTPMock(Settings(), msg_size_limit=7).settings

    assert settings.msg_msg_size_is_too_big == "552 Message exceeded max size of 7 bytes"


# Values.


@pytest.mark.parametrize("name", TIMEOUTS + DELAYS)
def test_seconds_are_numbers_or_a_timedelta(name: str) -> None:
    for value, seconds in ((2, 2), (0.25, 0.25), (31_536_000, 31_536_000), (timedelta(milliseconds=1500), 1.5)):
        assert getattr(Settings(**{name: value}), name) == seconds


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_kept_as_a_tuple(name: str) -> None:
    for value in (["a@b", "c@d"], ("a@b", "c@d"), iter(["a@b", "c@d"]), {"a@b": 1, "c@d": 2}):
        assert getattr(Settings(**{name: value}), name) == ("a@b", "c@d")


def test_a_list_that_changes_later_changes_no_settings() -> None:
    names = ["a@b"]
    settings = Settings(not_registered_emails=names)
    names.append("c@d")

    assert settings.not_registered_emails == ("a@b",)


def test_settings_are_frozen() -> None:
    settings = Settings()

    with pytest.raises(AttributeError, match=r"^Settings are frozen: cannot set port to 25$"):
        settings.port = 25
    with pytest.raises(AttributeError, match=r"^Settings are frozen: cannot delete port$"):
        del settings.port
    assert settings == Settings()
    assert hash(settings) == hash(Settings(port=0))


def test_settings_show_what_differs_from_the_defaults() -> None:
    assert repr(Settings()) == "Settings()"
    assert repr(Settings(port=25, fail_fast=True)) == "Settings(port=25, fail_fast=True)"


# Refusals.

REFUSED: list[tuple[str, Any, str, str]] = [
    *(
        (name, value, repr(value), SECONDS_EXPECTED)
        for name in TIMEOUTS + DELAYS
        for value in (-1, -0.001, True, "1", None)
    ),
    *(
        (name, float(text), text, SECONDS_EXPECTED)
        for name in (TIMEOUTS[0], DELAYS[0])
        for text in ("nan", "inf", "-inf")
    ),
    ("session_timeout", 31_536_000.5, "31536000.5", SECONDS_EXPECTED),
    ("session_timeout", timedelta(seconds=-1), repr(timedelta(seconds=-1)), SECONDS_EXPECTED),
    *(("port", value, repr(value), PORT_EXPECTED) for value in (70_000, 65_536, -1, True, False, 25.0, "25", None)),
    *(("msg_size_limit", value, repr(value), BYTES_EXPECTED) for value in (-1, True, 1.5, "10", None)),
    *((name, value, repr(value), "true or false") for name in SWITCHES for value in (1, 0, "true", None)),
    *(
        (name, value, repr(value), LIST_EXPECTED)
        for name in LISTS
        for value in ("a@b", b"a@b", 5, None, [b"a@b"], ["a", 1])
    ),
    *((name, "250 a\r\nb", repr("250 a\r\nb"), REPLY_EXPECTED) for name, _ in TEXTS),
    *(
        ("msg_greeting", text, repr(text), REPLY_EXPECTED)
        for text in (
            "250-a\n250 b",  # no CRLF
            "250-a\r\n250-b",  # no last line
            "250-a\r\n251 b",
            "250-a\r\n250 b\r\n",
            "250 a\r\n250 b",
            "250-a\r\n\r\n250 b",
            "250-a\r\n250b",
            "a\r\nb",
        )
    ),
    *(("msg_greeting", value, repr(value), REPLY_EXPECTED) for value in ("a\n", "a\rb", "a\0b", b"a", 220, None, True)),
    ("host", "a\nb", repr("a\nb"), "an address or a host name"),
    ("host", None, "None", "an address or a host name"),
    ("msg_greeting", "x\n" * 100, repr(("x\n" * 100)[:119] + "…"), REPLY_EXPECTED),
]


@pytest.mark.parametrize(("name", "value", "shown", "expected"), REFUSED)
def test_a_value_that_is_not_allowed_is_refused(name: str, value: Any, shown: str, expected: str) -> None:
    sentence = f"Invalid {name} {shown}: expected {expected}"

    for refuse in (lambda: Settings(**{name: value}), lambda: SMTPMock(**{name: value})):
        with pytest.raises(SettingError) as raised:
            refuse()
        assert str(raised.value) == sentence
        assert raised.value.__suppress_context__


def test_a_text_that_cannot_be_sent_is_refused_as_others_are() -> None:
    with pytest.raises(SettingError, match=r"^Invalid msg_greeting '220 "):
        SMTPMock(msg_greeting="220 \ud800")


LISTED = f"expected one of {', '.join(list(SETTINGS)[:40])} and {len(SETTINGS) - 40} more"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("prot", "did you mean 'port'?"),
        ("Port", "did you mean 'port'?"),
        ("session_timout", "did you mean 'session_timeout'?"),
        ("sessionTimeout", "did you mean 'session_timeout'?"),
        ("FAIL_FAST", "did you mean 'fail_fast'?"),
        ("blacklisted_helo_domain", "did you mean 'blacklisted_helo_domains'?"),
        ("not_registered", "did you mean 'not_registered_emails'?"),
        ("zzzzzz", LISTED),
        ("", LISTED),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_one(name: str, hint: str) -> None:
    expected = f"Unknown setting {name!r}: {hint}"

    for refuse in (
        lambda: Settings(**{"port": 0, name: 1}),
        lambda: parse_setting(name, "1"),
        lambda: SMTPMock(**{name: 1}),
        lambda: SMTPMock(Settings(), **{name: 1}),
    ):
        with pytest.raises(SettingError) as raised:
            refuse()
        assert str(raised.value) == expected


def test_a_refused_server_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_: object) -> None:
        raise AssertionError("started")

    monkeypatch.setattr("smtpmock.runtime.hub.get_hub", start)
    monkeypatch.setattr("smtpmock.server.listen", start)

    with pytest.raises(SettingError):
        SMTPMock(port=70_000)
    with pytest.raises(SettingError), SMTPMock(no_such_setting=1):
        pass


# Text.

FROM_TEXT: list[tuple[str, str, Any]] = [
    ("host", "0.0.0.0", "0.0.0.0"),
    ("port", "2525", 2525),
    ("port", " 25 ", 25),
    ("msg_size_limit", "1000", 1000),
    ("msg_greeting", "Hello, a b", "Hello, a b"),
    ("msg_greeting", "", ""),
    *(("fail_fast", text, True) for text in ("true", "TRUE", "t", "yes", "y", "on", "1", " True ")),
    *(("fail_fast", text, False) for text in ("false", "False", "f", "no", "N", "off", "0")),
    *(
        ("session_timeout", text, 2.0)
        for text in ("2", "2.", "2.0", "2s", "2 sec", "2 seconds", " 2 ", "2000ms", "2000 MS")
    ),
    *(("response_delay_quit", text, 90.0) for text in ("1.5m", "1.5 minutes", "90", ".025h", "0.025 hours", "90 secs")),
    ("response_delay_helo", "0.2", 0.2),
    ("response_delay_helo", ".5", 0.5),
    ("not_registered_emails", "a@b,c@d", ("a@b", "c@d")),
    ("blacklisted_helo_domains", " a.example , ,b.example,", ("a.example", "b.example")),
    ("blacklisted_mailfrom_emails", "", ()),
]


@pytest.mark.parametrize(("name", "text", "value"), FROM_TEXT)
def test_a_value_is_made_of_text(name: str, text: str, value: Any) -> None:
    made = parse_setting(name, text)

    assert made == pytest.approx(value) if isinstance(value, float) else made == value
    assert type(made) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        *(("port", text, PORT_EXPECTED) for text in ("", "abc", "25.5", "0x19", "9" * 5000)),
        *(("msg_size_limit", text, BYTES_EXPECTED) for text in ("10MB", "1e3")),
        *(("fail_fast", text, "true or false") for text in ("", "maybe", "2", "tru")),
        *(
            ("session_timeout", text, SECONDS_EXPECTED)
            for text in ("", "-1", "1e3", "nan", "inf", "2 weeks", "1 2", "s", ".")
        ),
    ],
)
def test_a_text_that_makes_no_value_is_refused(name: str, text: str, expected: str) -> None:
    shown = repr(text) if len(text) < 100 else repr(text[:119] + "…")

    with pytest.raises(SettingError) as raised:
        parse_setting(name, text)
    assert str(raised.value) == f"Invalid {name} {shown}: expected {expected}"


def test_a_value_made_of_text_is_judged_as_any_other() -> None:
    with pytest.raises(SettingError) as raised:
        Settings(port=parse_setting("port", "70000"))
    assert str(raised.value) == f"Invalid port 70000: expected {PORT_EXPECTED}"


def test_what_is_no_settings_is_refused() -> None:
    with pytest.raises(SettingError, match=r"^Invalid settings 3: expected a Settings, and settings by name$"):
        SMTPMock(3)  # type: ignore[arg-type]


# The store.


def test_the_password_of_a_store_is_never_shown() -> None:
    settings = Settings(store="redis://bob:secret@localhost/0")

    assert repr(settings) == "Settings(store='redis://bob:***@localhost/0')"
    with pytest.raises(SettingError, match=r"^Invalid store 'redys://:\*\*\*@localhost': expected memory:, "):
        Settings(store="redys://:secret@localhost")


@pytest.mark.parametrize("url", ["memory", "sqlite:mails.db", "sqlite:///", "redis://", "file.db", "memory:x", 7])
def test_a_store_is_a_url_of_a_known_kind(url: Any) -> None:
    with pytest.raises(SettingError, match=r"^Invalid store .*: expected memory:, sqlite:///file\.db "):
        Settings(store=url)
