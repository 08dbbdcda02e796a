"""The command line, made from the declaration of the settings.

go-smtp-mock's flags are taken as they are (``-sessionTimeout=60``), and each in its usual form as well
(``--session-timeout 60``); environment variables (``SMTPMOCK_SESSION_TIMEOUT=60``) stand behind both.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from smtpmock.errors import RuleError, SettingError
from smtpmock.settings import declarations as settings
from smtpmock.text import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smtpmock.rules.rule import Rule

ENVIRONMENT_PREFIX = "SMTPMOCK_"

_NOT_SETTINGS = ("version", "rule", "rules")
_RULE_HELP = "a rule, as in \"RCPT TO recipient=*@slow.example delay=2 reply='451 later' times=3\"; see docs/rules.md"

_COMMAND = {name: declared for name, declared in settings.SETTINGS.items() if declared.in_command}


class Options(NamedTuple):
    """What the command line and the environment say.

    Attributes:
        version: Whether only the version is asked for.
        settings: The settings that are not left at their defaults.
        rules: The rules, those of files first.
    """

    version: bool
    settings: settings.Settings
    rules: Sequence[Rule] = ()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SettingError(f"The command line cannot be read: {message}.")


class _HelpFormatter(argparse.HelpFormatter):
    """Each flag in both forms, the value once."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=8, width=100)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        forms = ", ".join(form for form in action.option_strings if form.islower() or form[:2] != "--")
        return f"{forms} {action.metavar}" if action.metavar else forms


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """What the user wants.

    Args:
        arguments: The command line, without the name of the command.
        environment: The environment variables.

    Raises:
        SettingError: If a flag is unknown or a value not allowed.
        RuleError: If a rule is none.

    Example:
        >>> parse(["-port=2525", "--session-timeout", "60"], {"SMTPMOCK_FAIL_FAST": "yes"}).settings
        Settings(port=2525, session_timeout=60.0, fail_fast=True)
    """
    parser = _parser()
    found, rest = parser.parse_known_args(arguments)
    if rest:
        raise _unknown(rest[0], parser)
    values: dict[str, Any] = {}
    for destination in ("-log", *_COMMAND):
        variable = ENVIRONMENT_PREFIX + destination.lstrip("-").upper()
        if environment.get(variable):  # what is set to nothing is not set, as for most programs
            for name in _named_by(destination):
                values[name] = settings.parse_setting(name, environment[variable], called=variable)
    for destination, text in vars(found).items():
        if destination in _NOT_SETTINGS or text is None:
            continue
        for name in _named_by(destination):
            values[name] = settings.parse_setting(name, text)
    return Options(found.version, settings.Settings(**values), _rules(found.rules, found.rule))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="smtpmock",
        usage="smtpmock [-flag=value | --flag value]…",
        description="An SMTP mock server for tests: it answers as it is told to and keeps what it was sent.",
        epilog=(
            f"Each flag but --rule and --rules can be given as an environment variable, as in "
            f"{ENVIRONMENT_PREFIX}SESSION_TIMEOUT=60. "
            "SIGINT, SIGTERM and SIGQUIT stop the server gracefully."
        ),
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    general = parser.add_argument_group("General")
    general.add_argument("-h", "-help", "--help", action="help", help="show this and exit")
    general.add_argument("-v", "-version", "--version", action="store_true", help="show the version and exit")
    general.add_argument(
        "-log",
        "--log",
        dest="-log",
        nargs="?",
        const="true",
        default=None,
        help="--log-to-stdout and --log-server-activity",
    )
    behaviour = parser.add_argument_group("Scripted behaviour")
    behaviour.add_argument("--rule", action="append", default=[], metavar="'STAGE WORD=VALUE …'", help=_RULE_HELP)
    behaviour.add_argument("--rules", action="append", default=[], metavar="FILE", help="rules from a TOML file")
    groups: dict[str, argparse._ArgumentGroup] = {}
    for name, declared in _COMMAND.items():
        section = declared.section
        if section not in groups:
            groups[section] = parser.add_argument_group(section)
        switch = not declared.type.metavar
        groups[section].add_argument(
            *_forms(name),
            dest=name,
            default=None,
            nargs="?" if switch else None,
            const="true" if switch else None,
            metavar=declared.type.metavar,
            help=_help(name).replace("%", "%%"),
        )
    return parser


def _rules(files: Sequence[str], lines: Sequence[str]) -> list[Rule]:
    if not files and not lines:
        return []
    from smtpmock.rules.text_form import load_rules, parse_rule

    rules = [rule for file in files for rule in load_rules(file)]
    for number, line in enumerate(lines, 1):
        try:
            rules.append(parse_rule(line))
        except RuleError as error:
            raise RuleError(f"--rule number {number}: {error}") from None
    return rules


def _forms(name: str) -> list[str]:
    """The forms of a flag: go-smtp-mock's with one dash and with two, and the usual one."""
    flag = settings.SETTINGS[name].flag
    usual = f"--{name.replace('_', '-')}"
    return [usual] if flag == "log" else list(dict.fromkeys((f"-{flag}", f"--{flag}", usual)))


def _help(name: str) -> str:
    declared = settings.SETTINGS[name]
    default = declared.default
    if isinstance(default, float):
        default = f"{default:g}"
    elif isinstance(default, tuple):
        default = ",".join(default)
    elif isinstance(default, bool):
        default = "on" if default else "off"
    shown = "none" if default in (None, "") else default
    shown = str(shown).replace("{msg_size_limit}", "N")
    return f"{declared.meaning} (default: {shown})"


def _named_by(destination: str) -> list[str]:
    """The settings that a flag sets: -log sets two."""
    return [name for name in settings.SETTINGS if f"-{settings.SETTINGS[name].flag}" == destination] or [destination]


def _unknown(argument: str, parser: argparse.ArgumentParser) -> SettingError:
    given = argument.partition("=")[0]
    if not given.startswith("-"):
        return SettingError(f"The argument {argument!r} stands alone: every setting is a flag, as in -port=2525.")
    usual = given.startswith("--")
    forms = (form for form in parser._option_string_actions if form.islower() or not usual)
    return SettingError(unknown("flag", given, (form for form in forms if form.startswith("--") == usual)))
