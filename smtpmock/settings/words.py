"""The settings as keyword arguments, for type checkers and completion. A test compares them with the declarations."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Literal, TypedDict

Seconds = float | timedelta
TLSMode = Literal["", "starttls", "implicit"]
TLSVersion = Literal["", "TLSv1.2", "TLSv1.3"]
TLSFault = Literal["", "expired", "wrong-host", "unknown-authority", "refuse", "cut", "reject", "hide"]
ClientCertificate = Literal["", "optional", "required"]
Accounts = Literal["any"] | Mapping[str, str] | Callable[[str, str], object] | None


class SettingWords(TypedDict, total=False):
    """The keyword arguments of `Settings`, which https://smtpmock.github.io/smtpmock/settings/ explains."""

    host: str
    port: int
    log_to_stdout: bool
    log_server_activity: bool
    session_timeout: Seconds
    shutdown_timeout: Seconds
    profile: str
    max_messages: int | None
    max_bytes: int | None
    max_age: Seconds | None
    store: str
    store_timeout: Seconds
    timeout: Seconds
    strict: bool
    ignore_violations: Iterable[str]
    http_port: int | None
    http_host: str
    http_auth: str
    http_tls: bool
    http_hosts: Iterable[str]
    http_cors_origins: Iterable[str]
    public_smtp: str
    fail_fast: bool
    multiple_rcptto: bool
    multiple_message_receiving: bool
    blacklisted_helo_domains: Iterable[str]
    blacklisted_mailfrom_emails: Iterable[str]
    blacklisted_rcptto_emails: Iterable[str]
    not_registered_emails: Iterable[str]
    allow_local_addresses: bool
    msg_size_limit: int
    extensions: Iterable[str]
    tls: TLSMode | None
    require_tls: bool
    certfile: str
    keyfile: str
    tls_names: Iterable[str]
    client_certificate: ClientCertificate | None
    client_cafile: str
    tls_minimum_version: TLSVersion | None
    tls_ciphers: str
    tls_fault: TLSFault | None
    auth: Accounts
    auth_mechanisms: Iterable[str]
    auth_without_tls: bool | None
    require_auth: bool
    response_delay_helo: Seconds
    response_delay_mailfrom: Seconds
    response_delay_rcptto: Seconds
    response_delay_data: Seconds
    response_delay_message: Seconds
    response_delay_rset: Seconds
    response_delay_noop: Seconds
    response_delay_quit: Seconds
    msg_greeting: str
    msg_invalid_cmd: str
    msg_quit_cmd: str
    msg_invalid_cmd_helo_sequence: str
    msg_invalid_cmd_helo_arg: str
    msg_helo_blacklisted_domain: str
    msg_helo_received: str
    msg_invalid_cmd_mailfrom_sequence: str
    msg_invalid_cmd_mailfrom_arg: str
    msg_mailfrom_blacklisted_email: str
    msg_mailfrom_received: str
    msg_invalid_cmd_rcptto_sequence: str
    msg_invalid_cmd_rcptto_arg: str
    msg_rcptto_not_registered_email: str
    msg_rcptto_blacklisted_email: str
    msg_rcptto_received: str
    msg_invalid_cmd_data_sequence: str
    msg_data_received: str
    msg_msg_size_is_too_big: str
    msg_msg_received: str
    msg_invalid_cmd_rset_sequence: str
    msg_invalid_cmd_rset_arg: str
    msg_rset_received: str
    msg_noop_received: str
    msg_parameter_unknown: str
    msg_parameter_invalid: str
    msg_vrfy_received: str
    msg_invalid_cmd_vrfy_arg: str
    msg_help_received: str
    msg_bdat_received: str
    msg_invalid_cmd_bdat_arg: str
    msg_invalid_cmd_bdat_sequence: str
    msg_starttls_received: str
    msg_starttls_refused: str
    msg_invalid_cmd_starttls_arg: str
    msg_invalid_cmd_starttls_sequence: str
    msg_tls_required: str
    msg_auth_succeeded: str
    msg_auth_failed: str
    msg_auth_required: str
    msg_auth_cancelled: str
    msg_invalid_auth_base64: str
    msg_auth_mechanism_unknown: str
    msg_auth_encryption_required: str
    msg_invalid_cmd_auth_sequence: str
    msg_invalid_cmd_auth_arg: str
