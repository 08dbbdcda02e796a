"""`smtpmock serve`: the mock as a service, with HTTP. Its flags are derived from the declarations of the settings."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

from smtpmock import SETTINGS, invalid, quote
from smtpmock.cli import (
    ENVIRONMENT_PREFIX,
    SWITCH_OPTIONS,
    Options,
    Parser,
    add_rules,
    add_settings,
    given_values,
    read_rules,
    settings_with,
    switch_value,
    unexpected,
)
from smtpmock.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smtpmock import Setting, SMTPMock

_MOST_WORKERS = 256
_SERVED = {name: declared for name, declared in SETTINGS.items() if declared.in_serve}
_FLAGS = {name: [name] for name in _SERVED}
_DEFAULTS: Any = {name: declared.serve_default for name, declared in _SERVED.items()}


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Parse the command line of `smtpmock serve` and the environment.

    Args:
        arguments: The command line, without `smtpmock serve`.
        environment: The environment variables; those that a flag overrides are ignored.

    Raises:
        SettingError: If a flag is unknown or a value is invalid.
        RuleError: If a rule is invalid.

    Example:
        >>> options = parse(["--smtp-port=2525", "--http-auth", "bob:secret"], {"SMTPMOCK_HTTP_PORT": "8080"})
        >>> options.settings.port, options.settings.http_port
        (2525, 8080)
    """
    parser = _parser()
    found, rest = parser.parse_known_args(arguments)
    if rest:
        raise _unknown(rest[0], parser)
    return Options(
        switch_value("--version", found.version),
        settings_with(_DEFAULTS, given_values(found, environment, _FLAGS)),
        read_rules(found.rules, found.rule),
        switch_value("--demo", found.demo),
        _workers(found.workers),
    )


def _workers(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 4 and 0 < int(text) <= _MOST_WORKERS:
        return int(text)
    raise SettingError(invalid("--workers", text, f"an integer from 1 to {_MOST_WORKERS}"))


def _parser() -> Parser:
    parser = Parser(
        prog="smtpmock serve",
        usage="smtpmock serve [--flag value]…",
        description=(
            "An SMTP server that keeps all mail and shows it over HTTP: an inbox in the browser, and an API for tests."
        ),
        epilog=(
            "A value follows its flag after '=' or a space; switches need none, and are turned off with '=off'. "
            f"Each setting can be an environment variable as well, such as {ENVIRONMENT_PREFIX}HTTP_PORT=8080. "
            "SIGINT, SIGTERM, SIGQUIT and SIGHUP stop the server gracefully; a second one ends it at once."
        ),
    )
    general = parser.add_argument_group("General")
    general.add_argument("--help", action="help", help="show this help and exit")
    general.add_argument(
        "--version", dest="version", default="false", help="show the version and exit", **SWITCH_OPTIONS
    )
    general.add_argument(
        "--demo", dest="demo", default="false", help="fill the inbox with examples, sent over SMTP", **SWITCH_OPTIONS
    )
    general.add_argument(
        "--workers",
        default="1",
        metavar="COUNT",
        help="processes that serve the ports; more than one require a store that they share (default: 1)",
    )
    add_rules(parser)
    add_settings(parser, _SERVED.values(), _forms, lambda declared: declared.serve_default)
    return parser


def _forms(declared: Setting) -> list[str]:
    usual = f"--{declared.name.replace('_', '-')}"
    return ["--smtp-port", usual] if declared.name == "port" else [usual]


def _unknown(argument: str, parser: Parser) -> SettingError:
    """Return the error about an unknown flag; a flag of go-smtp-mock has a form here."""
    flag = argument.partition("=")[0]
    there = flag.lstrip("-")
    forms = [_forms(declared)[0] for declared in _SERVED.values() if declared.in_command and declared.flag == there]
    if flag.startswith("-") and forms:
        return SettingError(f"Unknown flag {quote(flag)}: use {' and '.join(forms)}")
    return unexpected(argument, parser)


def show_warnings(server: SMTPMock) -> None:
    """Write the server's warnings to standard error, and its errors unless they keep it from starting."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("smtpmock: %(message)s"))
    handler.addFilter(lambda record: record.levelno < logging.ERROR or server.is_running)
    logging.getLogger("smtpmock").addHandler(handler)
