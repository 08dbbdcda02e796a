"""The declarations of the settings: the name, type, default and meaning of each.

The keyword arguments of `SMTPMock`, the flags and environment variables of the command, the arguments of the Robot
Framework library and the tables in the documentation are derived from the fields of `Settings`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from smtpmock.errors import SettingError
from smtpmock.rfc.extensions import EXTENSIONS as _EXTENSIONS
from smtpmock.rfc.extensions import MECHANISMS as _MECHANISMS
from smtpmock.settings.setting import Setting
from smtpmock.settings.values import (
    ACCOUNTS,
    ADDRESS,
    AGE,
    BYTES,
    CIPHERS,
    CLIENT_CERTIFICATE,
    COUNT,
    EXTENSIONS,
    HOST,
    LOGIN,
    MECHANISMS,
    NAMES,
    OPTIONAL_HOST,
    OPTIONAL_PORT,
    OPTIONAL_SWITCH,
    PATH,
    PORT,
    PROFILE,
    REPLY,
    SECONDS,
    STORE,
    SWITCH,
    TIMEOUT,
    TLS_FAULT,
    TLS_MODE,
    TLS_VERSION,
    ValueType,
)
from smtpmock.text import invalid, quote, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Unpack, dataclass_transform

    from smtpmock.profiles.profile import Profile
    from smtpmock.settings.words import SettingWords
else:

    def dataclass_transform(**_):
        """Do nothing: the decorator is for type checkers only."""
        return lambda decorated: decorated


_REPLY_CODE = re.compile(r"[0-9]{3}(?: |$)")

_INVALID_CMD = "502 Command unrecognized. Available commands: HELO, EHLO, MAIL FROM:, RCPT TO:, DATA, RSET, NOOP, QUIT"

_SERVED_EXTENSIONS = ("SIZE", "8BITMIME", "PIPELINING", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN", "CHUNKING")
"""The extensions that `smtpmock serve` offers."""


def _server(
    default: Any,
    value_type: ValueType,
    meaning: str,
    *,
    flag: str = "",
    in_command: bool = True,
    of_sessions: bool = False,
    serve_default: Any = None,
) -> Any:
    return Setting(
        default,
        value_type,
        meaning,
        section="Server",
        flag=flag,
        in_command=in_command,
        of_sessions=of_sessions,
        serve_default=serve_default,
    )


def _test(default: Any, value_type: ValueType, meaning: str) -> Any:
    """Declare a setting that belongs to a test: no command has it."""
    return Setting(default, value_type, meaning, section="Server", in_command=False, in_serve=False)


def _http(default: Any, value_type: ValueType, meaning: str, *, serve_default: Any = None) -> Any:
    return Setting(default, value_type, meaning, section="HTTP", in_command=False, serve_default=serve_default)


def _behaviour(default: Any, value_type: ValueType, meaning: str, *, command_default: Any = None) -> Any:
    return Setting(default, value_type, meaning, section="Behaviour", of_sessions=True, command_default=command_default)


def _delay(stage: str) -> Any:
    return Setting(0.0, SECONDS, f"seconds before the reply to {stage}", section="Delays", of_sessions=True)


def _esmtp(default: Any, value_type: ValueType, meaning: str, *, serve_default: Any = None) -> Any:
    return Setting(default, value_type, meaning, section="ESMTP", of_sessions=True, serve_default=serve_default)


def _reply(default: str, meaning: str) -> Any:
    return Setting(default, REPLY, meaning, section="Replies", of_sessions=True)


@dataclass_transform(kw_only_default=True, frozen_default=True)
class _Frozen:
    """A base of immutable values made of keyword arguments; to type checkers, its subclass is a dataclass."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"Settings are frozen: cannot set {name} to {value!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"Settings are frozen: cannot delete {name}")

    def __eq__(self, other: object) -> bool:
        return self.__dict__ == other.__dict__ if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self.__dict__.values()))


class Settings(_Frozen):
    """The settings of a server, as keyword arguments.

    https://smtpmock.github.io/smtpmock/settings/ explains each of them.

    Invalid values are refused at once. 0 for a timeout or the size limit and "" for a text stand for the default. A
    reply without a three-digit code gets the code of the default.

    Settings are frozen: create new ones instead of changing them. (A dataclass would do all this as well, and take
    12 of the 47 ms in which the command starts.)

    Raises:
        SettingError: If a name is unknown or a value is invalid.

    Example:
        >>> Settings(msg_greeting="Hello").msg_greeting
        '220 Hello'
        >>> Settings(prot=2525)
        Traceback (most recent call last):
        ...
        smtpmock.errors.SettingError: Unknown setting 'prot': did you mean 'port'?
    """

    def __init__(self, **words: Unpack[SettingWords]) -> None:
        values: dict[str, Any] = {**words}
        for name in values:
            if name not in SETTINGS:
                raise SettingError(unknown("setting", name, SETTINGS))
        if values.get("profile"):
            values = {**profile_settings(values["profile"]), **values}
        kept = self.__dict__
        for name, declared in SETTINGS.items():
            kept[name] = _kept(declared, values[name]) if name in values else declared.default
        too_big = SETTINGS["msg_msg_size_is_too_big"]  # the only default that contains another setting
        if kept[too_big.name] == too_big.default:
            kept[too_big.name] = too_big.default.format(msg_size_limit=kept["msg_size_limit"])

    host: str = _server("127.0.0.1", HOST, "address or host name to listen on")
    port: int = _server(
        0, PORT, "port to listen on; 0 lets the system choose one, known after the start", serve_default=1025
    )
    log_to_stdout: bool = _server(
        False, SWITCH, "write the log to standard output, and errors to standard error", flag="log"
    )
    log_server_activity: bool = _server(
        False, SWITCH, "log sessions, requests and responses, not only warnings", flag="log"
    )
    session_timeout: float = _server(30.0, TIMEOUT, "seconds that a session may be idle", of_sessions=True)
    shutdown_timeout: float = _server(
        1.0, TIMEOUT, "seconds that a stop gives busy sessions before it ends them by force"
    )

    profile: str = _server("", PROFILE, "settings and rules modelled on a provider or a server")

    max_messages: int | None = _server(
        None, COUNT, "number of records to keep, the newest; by default all", serve_default=10_000
    )
    max_bytes: int | None = _server(
        None,
        COUNT,
        "bytes of messages to keep, the newest; by default all",
        in_command=False,
        serve_default=1_073_741_824,
    )
    max_age: float | None = _server(
        None, AGE, "seconds for which records and ended sessions are kept; by default for ever", in_command=False
    )
    store: str = _server("memory:", STORE, "URL of the store of the records", in_command=False)
    store_timeout: float = _server(
        5.0, TIMEOUT, "seconds after which a message that the store does not take is refused", in_command=False
    )
    timeout: float = _test(5.0, TIMEOUT, "seconds that a wait in a test lasts at most, unless told otherwise")
    strict: bool = _test(False, SWITCH, "fail the test at its end if a rule was never used")
    ignore_violations: tuple[str, ...] = _test((), NAMES, "codes of the violations to leave out of every verdict")

    http_port: int | None = _http(
        None,
        OPTIONAL_PORT,
        "port of HTTP; 0 lets the system choose one, known after the start; by default there is no HTTP",
        serve_default=8025,
    )
    http_host: str = _http("", OPTIONAL_HOST, "address or host name to listen on for HTTP; by default that of SMTP")
    http_auth: str = _http("", LOGIN, "user and password that HTTP requires (Basic); by default none")
    http_tls: bool = _http(False, SWITCH, "serve HTTPS, with the same certificate as SMTP")
    http_hosts: tuple[str, ...] = _http(
        (), NAMES, "names under which clients may address HTTP on this machine, besides localhost and its addresses"
    )
    http_cors_origins: tuple[str, ...] = _http((), NAMES, "origins of web pages that may use HTTP from a browser")
    public_smtp: str = _http("", ADDRESS, "host and port at which clients reach SMTP, if they differ from those here")

    fail_fast: bool = _behaviour(False, SWITCH, "end the session after a failed or out-of-sequence command")
    multiple_rcptto: bool = _behaviour(
        True,
        SWITCH,
        "keep every RCPT TO of a transaction; if off, only the last one counts",
        command_default=False,
    )
    multiple_message_receiving: bool = _behaviour(
        True,
        SWITCH,
        "keep every message of a session; if off, a repeated command erases what came before it",
        command_default=False,
    )
    blacklisted_helo_domains: tuple[str, ...] = _behaviour((), NAMES, "domains to refuse in HELO and EHLO")
    blacklisted_mailfrom_emails: tuple[str, ...] = _behaviour((), NAMES, "addresses to refuse in MAIL FROM")
    blacklisted_rcptto_emails: tuple[str, ...] = _behaviour((), NAMES, "addresses to refuse in RCPT TO")
    not_registered_emails: tuple[str, ...] = _behaviour((), NAMES, "recipients that do not exist")
    allow_local_addresses: bool = _behaviour(False, SWITCH, "accept addresses without a domain, such as root")
    msg_size_limit: int = _behaviour(10_485_760, BYTES, "largest size of a message in bytes")

    extensions: tuple[str, ...] = _esmtp(
        (),
        EXTENSIONS,
        f"ESMTP extensions to offer ({', '.join(_EXTENSIONS)}); without any, EHLO gets a reply of one line",
        serve_default=_SERVED_EXTENSIONS,
    )
    tls: str = _esmtp("", TLS_MODE, "TLS after STARTTLS (starttls) or from the beginning (implicit)")
    require_tls: bool = _esmtp(False, SWITCH, "refuse mail before TLS")
    certfile: str = _esmtp("", PATH, "file with the server's certificate chain (PEM); by default one is generated")
    keyfile: str = _esmtp("", PATH, "file with the private key (PEM), unless certfile contains it")
    tls_names: tuple[str, ...] = _esmtp(
        (), NAMES, "further names and addresses that the generated certificate is for, such as host.docker.internal"
    )
    client_certificate: str = _esmtp(
        "", CLIENT_CERTIFICATE, "whether clients may (optional) or must (required) present a certificate"
    )
    client_cafile: str = _esmtp(
        "", PATH, "file with the authorities that issue client certificates (PEM); by default the server's own"
    )
    tls_minimum_version: str = _esmtp("", TLS_VERSION, "lowest TLS version to accept")
    tls_ciphers: str = _esmtp("", CIPHERS, "ciphers to accept up to TLS 1.2")
    tls_fault: str = _esmtp("", TLS_FAULT, "TLS fault in every session")
    auth: Any = _esmtp(
        None,
        ACCOUNTS,
        "accounts that can log in with AUTH, or any; by default AUTH is not offered",
        serve_default="any",
    )
    auth_mechanisms: tuple[str, ...] = _esmtp(_MECHANISMS, MECHANISMS, "AUTH mechanisms to offer")
    auth_without_tls: bool | None = _esmtp(
        None, OPTIONAL_SWITCH, "allow AUTH before TLS; by default only if the server has no TLS"
    )
    require_auth: bool = _esmtp(False, SWITCH, "refuse mail before a login")

    response_delay_helo: float = _delay("HELO and EHLO")
    response_delay_mailfrom: float = _delay("MAIL FROM")
    response_delay_rcptto: float = _delay("RCPT TO")
    response_delay_data: float = _delay("DATA")
    response_delay_message: float = _delay("the end of the message")
    response_delay_rset: float = _delay("RSET")
    response_delay_noop: float = _delay("NOOP")
    response_delay_quit: float = _delay("QUIT")

    msg_greeting: str = _reply("220 Welcome", "greeting of a new connection")
    msg_invalid_cmd: str = _reply(_INVALID_CMD, "reply to an unrecognized command")
    msg_quit_cmd: str = _reply("221 Closing connection", "reply to QUIT")
    msg_invalid_cmd_helo_sequence: str = _reply(
        "503 Bad sequence of commands. HELO should be the first",
        "accepted for compatibility with go-smtp-mock; the server never sends it",
    )
    msg_invalid_cmd_helo_arg: str = _reply(
        "501 HELO requires domain address or valid address literal",
        "reply to a HELO or EHLO without a valid name",
    )
    msg_helo_blacklisted_domain: str = _reply("421 Service not available", "reply to a blacklisted HELO domain")
    msg_helo_received: str = _reply("250 Received", "reply to an accepted HELO or EHLO")
    msg_invalid_cmd_mailfrom_sequence: str = _reply(
        "503 Bad sequence of commands. MAIL FROM should be used after HELO",
        "reply to a MAIL FROM out of sequence",
    )
    msg_invalid_cmd_mailfrom_arg: str = _reply(
        "501 MAIL FROM requires valid email address", "reply to a MAIL FROM without a valid path"
    )
    msg_mailfrom_blacklisted_email: str = _reply("421 Service not available", "reply to a blacklisted sender")
    msg_mailfrom_received: str = _reply("250 Received", "reply to an accepted MAIL FROM")
    msg_invalid_cmd_rcptto_sequence: str = _reply(
        "503 Bad sequence of commands. RCPT TO should be used after MAIL FROM",
        "reply to a RCPT TO out of sequence",
    )
    msg_invalid_cmd_rcptto_arg: str = _reply(
        "501 RCPT TO requires valid email address", "reply to a RCPT TO without a valid path"
    )
    msg_rcptto_not_registered_email: str = _reply("550 User not found", "reply to a recipient that does not exist")
    msg_rcptto_blacklisted_email: str = _reply("421 Service not available", "reply to a blacklisted recipient")
    msg_rcptto_received: str = _reply("250 Received", "reply to an accepted RCPT TO")
    msg_invalid_cmd_data_sequence: str = _reply(
        "503 Bad sequence of commands. DATA should be used after RCPT TO", "reply to a DATA out of sequence"
    )
    msg_data_received: str = _reply(
        "354 Ready for receive message. End data with <CR><LF>.<CR><LF>", "reply to an accepted DATA"
    )
    msg_msg_size_is_too_big: str = _reply(
        "552 Message exceeded max size of {msg_size_limit} bytes", "reply to a message over msg_size_limit"
    )
    msg_msg_received: str = _reply("250 Received", "reply to an accepted message")
    msg_invalid_cmd_rset_sequence: str = _reply(
        "503 Bad sequence of commands. HELO should be the first", "reply to a RSET out of sequence"
    )
    msg_invalid_cmd_rset_arg: str = _reply(_INVALID_CMD, "reply to a RSET with an argument")
    msg_rset_received: str = _reply("250 Ok", "reply to an accepted RSET")
    msg_noop_received: str = _reply("250 Ok", "reply to NOOP")
    msg_parameter_unknown: str = _reply(
        "555 Parameter not recognized", "reply to a parameter of MAIL FROM or RCPT TO that no extension offers"
    )
    msg_parameter_invalid: str = _reply(
        "501 Parameter value not valid", "reply to a parameter of MAIL FROM or RCPT TO with an invalid value"
    )
    msg_vrfy_received: str = _reply("252 Mail for it will be taken, but that proves nothing", "reply to VRFY")
    msg_invalid_cmd_vrfy_arg: str = _reply("501 VRFY requires an address", "reply to a VRFY without an argument")
    msg_help_received: str = _reply(
        "214 Commands: HELO, EHLO, MAIL FROM:, RCPT TO:, DATA, BDAT, RSET, NOOP, VRFY, HELP, STARTTLS, AUTH, QUIT",
        "reply to HELP",
    )
    msg_bdat_received: str = _reply("250 Received", "reply to a chunk that is not the last")
    msg_invalid_cmd_bdat_arg: str = _reply(
        "501 BDAT requires a number of octets, and LAST for the last chunk", "reply to a BDAT without a valid size"
    )
    msg_invalid_cmd_bdat_sequence: str = _reply(
        "503 Bad sequence of commands. BDAT should be used after RCPT TO", "reply to a BDAT out of sequence"
    )
    msg_starttls_received: str = _reply("220 Ready to start TLS", "reply to an accepted STARTTLS")
    msg_starttls_refused: str = _reply("454 TLS not available now", "reply to STARTTLS under tls_fault=reject")
    msg_invalid_cmd_starttls_arg: str = _reply("501 STARTTLS takes no argument", "reply to a STARTTLS with an argument")
    msg_invalid_cmd_starttls_sequence: str = _reply(
        "503 Bad sequence of commands. TLS is active already", "reply to a second STARTTLS"
    )
    msg_tls_required: str = _reply("530 STARTTLS is required first", "reply to a command that requires TLS")
    msg_auth_succeeded: str = _reply("235 Authentication succeeded", "reply to a login that succeeded")
    msg_auth_failed: str = _reply("535 Authentication credentials invalid", "reply to a login that failed")
    msg_auth_required: str = _reply("530 Authentication required", "reply to mail before a required login")
    msg_auth_cancelled: str = _reply("501 Authentication cancelled", "reply to a login that the client cancelled")
    msg_invalid_auth_base64: str = _reply(
        "501 The response is no base64, or not of the mechanism", "reply to credentials that cannot be read"
    )
    msg_auth_mechanism_unknown: str = _reply(
        "504 Authentication mechanism not offered", "reply to an AUTH with a mechanism that is not offered"
    )
    msg_auth_encryption_required: str = _reply(
        "538 Encryption required for authentication", "reply to an AUTH before TLS"
    )
    msg_invalid_cmd_auth_sequence: str = _reply(
        "503 Bad sequence of commands. AUTH should be used once, outside of a mail", "reply to an AUTH out of sequence"
    )
    msg_invalid_cmd_auth_arg: str = _reply(
        "501 AUTH requires a mechanism, and at most an initial response", "reply to an AUTH without a valid argument"
    )

    def __repr__(self) -> str:
        """Return the settings that differ from the defaults."""
        shown = (f"{name}={_showable(name, value)!r}" for name, value in changed_settings(self).items())
        return f"Settings({', '.join(shown)})"


SETTINGS: Mapping[str, Setting] = {
    name: declared for name, declared in vars(Settings).items() if isinstance(declared, Setting)
}
"""The declaration of each setting, by name, in order."""


def parse_setting(name: str, text: str, *, called: str = "") -> Any:
    """Return the value of a setting given as text: on a command line, in the environment, in a test case.

    Args:
        name: The name of a setting.
        text: Its value, such as ``true``, ``2525``, ``0.2``, ``200 ms`` or ``a@example.com,b@example.com``.
        called: The name of the setting where the text was found, for errors; by default `name`.

    Raises:
        SettingError: If the setting is unknown or the text is not a valid value.

    Example:
        >>> parse_setting("session_timeout", "200 ms")
        0.2
    """
    if name not in SETTINGS:
        raise SettingError(unknown("setting", name, SETTINGS))
    declared = SETTINGS[name]
    try:
        value = declared.type.parse(text)
    except ValueError:
        raise _invalid(name, text, called) from None
    return _checked(declared, value, called)


def profile_settings(profile: Any) -> dict[str, Any]:
    """Return the settings of a profile, by name; none for an empty name.

    Raises:
        SettingError: If there is no such profile, or it has an unknown setting.
    """
    from smtpmock.profiles.profile import load_profile

    name = _checked(SETTINGS["profile"], profile)
    return _settings_of(load_profile(name)) if name else {}


def with_profile(settings: Settings, profile: Profile) -> Settings:
    """Return the settings of a server with those of a profile, which it is to have while it runs.

    Raises:
        SettingError: If the profile has an unknown setting, an invalid value, or a setting that needs a start.
    """
    of_profile = _settings_of(profile)
    fixed = [name for name in of_profile if not SETTINGS[name].of_sessions]
    if fixed:
        raise SettingError(
            f"The profile {quote(profile.name)} cannot be used by a running server: {' and '.join(fixed)} can only be "
            "set at its start"
        )
    return Settings(**{**changed_settings(settings), **of_profile})


def _settings_of(profile: Profile) -> dict[str, Any]:
    for word in profile.settings:
        if word not in SETTINGS:
            raise SettingError(f"Invalid profile {quote(profile.name)}: {unknown('setting', word, SETTINGS)}")
    return dict(profile.settings)


def changed_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings that differ from the defaults, and all that their profile sets."""
    default = Settings(msg_size_limit=settings.msg_size_limit)  # one of the texts contains it
    of_profile = profile_settings(settings.profile)
    differing = {
        name: getattr(settings, name)
        for name in SETTINGS
        if name in of_profile or getattr(settings, name) != getattr(default, name)
    }
    if settings.msg_size_limit != SETTINGS["msg_size_limit"].default:
        differing["msg_size_limit"] = settings.msg_size_limit
    return differing


def _checked(declared: Setting, value: Any, called: str = "") -> Any:
    try:
        return declared.type.check(value)
    except ValueError:
        raise _invalid(declared.name, value, called) from None


def _kept(declared: Setting, value: Any) -> Any:
    """Return a valid value in the form in which it is kept."""
    value = _checked(declared, value)
    if declared.type.zero_is_default and not value:
        return declared.default
    if declared.type is REPLY and "\r\n" not in value and not _REPLY_CODE.match(value):
        return f"{declared.default[:3]} {value}"
    return value


def _invalid(name: str, value: object, called: str = "") -> SettingError:
    return SettingError(invalid(called or name, _showable(name, value), SETTINGS[name].type.expected))


def _showable(name: str, value: object) -> object:
    declared = SETTINGS[name].type
    return _Secret() if declared.is_secret else declared.shown(value)


class _Secret:
    def __repr__(self) -> str:
        return "(not shown)"
