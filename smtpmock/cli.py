"""The command line, derived from the declarations of the settings.

The flags of go-smtp-mock work unchanged (``-sessionTimeout=60``), and so does the usual form of each
(``--session-timeout 60``); environment variables (``SMTPMOCK_SESSION_TIMEOUT=60``) are the fallback for both.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from smtpmock import SETTINGS, Settings, invalid, load_profile, parse_setting, quote, unknown
from smtpmock.errors import RuleError, SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from smtpmock import Rule, Setting

_SWITCH = SETTINGS["fail_fast"].type
ENVIRONMENT_PREFIX = "SMTPMOCK_"

_COMMAND = {name: declared for name, declared in SETTINGS.items() if declared.in_command}
_DEFAULTS: Any = {
    name: declared.command_default
    for name, declared in _COMMAND.items()
    if declared.command_default != declared.default
}
_LOG = "log"
SETTING_FLAGS = {_LOG: [name for name, declared in _COMMAND.items() if declared.flag == _LOG]} | {
    name: [name] for name in _COMMAND
}
"""The settings that each flag sets, by the name of the flag's environment variable in lower case."""

SWITCH_OPTIONS: Mapping[str, Any] = {"nargs": "?", "const": "true", "metavar": ""}
"""The arguments of the parser for a switch: its value is optional."""

_RULE_HELP = (
    "a rule, such as \"RCPT TO recipient=*@slow.example delay=2 reply='451 later' times=3\" "
    "(see https://smtpmock.github.io/smtpmock/rules/)"
)


class Options(NamedTuple):
    """The options given on the command line and in the environment.

    Attributes:
        version: True if only the version was requested.
        settings: The settings of the server.
        rules: The rules, those from files first.
        demo: True to fill the inbox with examples.
        workers: The number of processes that serve the ports.
    """

    version: bool
    settings: Settings
    rules: Sequence[Rule] = ()
    demo: bool = False
    workers: int = 1


class Parser(argparse.ArgumentParser):
    """A parser that raises `SettingError` for a mistake, and takes no abbreviated flag.

    Args:
        prog: The name of the command.
        usage: The forms of its call, in a line.
        description: The first paragraph of its help.
        epilog: The last paragraph of its help.
    """

    def __init__(self, prog: str, usage: str, description: str, epilog: str) -> None:
        super().__init__(
            prog,
            usage,
            description,
            epilog,
            formatter_class=HelpFormatter,
            allow_abbrev=False,
            add_help=False,
        )

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        raise SettingError(f"Invalid command line: {message}")

    def _get_option_tuples(self, option_string: str) -> list[Any]:
        """Return no abbreviated flags, because they would hide mistakes."""
        return []


class HelpFormatter(argparse.HelpFormatter):
    """A formatter that shows both forms of a flag, go-smtp-mock's and the usual one, and its value once."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=8, width=100)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        forms = ", ".join(form for form in action.option_strings if form.islower() or form[:2] != "--")
        return f"{forms} {action.metavar}" if action.metavar else forms


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Parse the command line and the environment.

    Args:
        arguments: The command line, without the name of the command.
        environment: The environment variables; those that a flag overrides are ignored.

    Raises:
        SettingError: If a flag is unknown or a value is invalid.
        RuleError: If a rule is invalid.

    Example:
        >>> options = parse(["-port=2525", "--session-timeout", "60"], {"SMTPMOCK_FAIL_FAST": "yes"})
        >>> options.settings.port, options.settings.session_timeout, options.settings.fail_fast
        (2525, 60.0, True)
    """
    parser = _parser()
    found, rest = parser.parse_known_args(arguments)
    if rest:
        raise unexpected(rest[0], parser)
    return Options(
        switch_value("-v", found.version),
        settings_with(_DEFAULTS, given_values(found, environment, SETTING_FLAGS)),
        read_rules(found.rules, found.rule),
    )


def settings_with(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> Settings:
    """Return the settings of a command; what a profile sets takes precedence over the defaults of the command.

    Args:
        defaults: The defaults of the command, where they differ from those of Python.
        given: The settings that were given.

    Raises:
        SettingError: If a value is invalid.
    """
    of_profile = load_profile(given["profile"]).settings if given.get("profile") else {}
    return Settings(**{**{name: value for name, value in defaults.items() if name not in of_profile}, **given})


def given_values(
    found: argparse.Namespace, environment: Mapping[str, str], flags: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Return the values of the settings that were given, on the command line or else in the environment.

    Args:
        found: The parsed command line.
        environment: The environment variables.
        flags: The settings that each flag sets, by the name of the flag's environment variable in lower case.

    Raises:
        SettingError: If a value is invalid.
    """
    values: dict[str, Any] = {}
    for flag, names in flags.items():
        text = getattr(found, flag, None)
        if text is not None:
            values |= {name: parse_setting(name, text) for name in names}
    fallback: dict[str, Any] = {}
    for flag, names in flags.items():
        variable = ENVIRONMENT_PREFIX + flag.upper()
        text = environment.get(variable)
        if text and not _is_link(names, text):  # as in most programs, an empty variable counts as unset
            fallback |= {name: parse_setting(name, text, called=variable) for name in names if name not in values}
    return {**fallback, **values}


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="smtpmock",
        usage="smtpmock [-flag=value | --flag value]…",
        description="An SMTP mock server for tests: it answers as told and keeps the mail that it receives.",
        epilog=(
            "A value follows its flag after '=' or a space; switches need none. "
            f"Each setting can be an environment variable as well, such as {ENVIRONMENT_PREFIX}SESSION_TIMEOUT=60. "
            "All mail is kept in memory: for a server that runs for a long time, set a bound, such as "
            "--max-messages 1000. "
            "SIGINT, SIGTERM, SIGQUIT and SIGHUP stop the server gracefully; a second one ends it at once. "
            "`smtpmock serve` keeps everything and serves HTTP as well: see `smtpmock serve --help`."
        ),
    )
    general = parser.add_argument_group("General")
    general.add_argument("-h", "-help", "--h", "--help", action="help", help="show this help and exit")
    general.add_argument(
        "-v",
        "-version",
        "--v",
        "--version",
        dest="version",
        default="false",
        help="show the version and exit",
        **SWITCH_OPTIONS,
    )
    add_log(general)
    add_rules(parser)
    add_command_settings(parser)
    return parser


def add_log(general: argparse._ArgumentGroup) -> None:
    """Add the flag that stands for both settings of the log to a group of flags."""
    general.add_argument(
        "-log", "--log", help="the same as --log-to-stdout and --log-server-activity together", **SWITCH_OPTIONS
    )


def add_command_settings(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each setting of the command to a parser."""
    add_settings(parser, _COMMAND.values(), _forms, lambda declared: declared.command_default)


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Add the flags for rules to a parser."""
    behaviour = parser.add_argument_group("Scripted behaviour")
    behaviour.add_argument("--rule", action="append", default=[], metavar="'STAGE WORD=VALUE …'", help=_RULE_HELP)
    behaviour.add_argument("--rules", action="append", default=[], metavar="FILE", help="rules from a TOML file")


def add_settings(
    parser: argparse.ArgumentParser,
    declared: Iterable[Setting],
    forms: Callable[[Setting], Sequence[str]],
    default: Callable[[Setting], Any],
) -> None:
    """Add a flag for each setting to a parser, in a group for each section.

    Args:
        parser: The parser.
        declared: The settings.
        forms: A function that returns the forms of a setting's flag.
        default: A function that returns the default of a setting.
    """
    groups: dict[str, argparse._ArgumentGroup] = {}
    for setting in declared:
        section = setting.section
        if section not in groups:
            groups[section] = parser.add_argument_group(section)
        value: Any = {"metavar": setting.type.metavar} if setting.type.metavar else SWITCH_OPTIONS
        shown = _help(setting, default(setting)).replace("%", "%%")
        groups[section].add_argument(*forms(setting), dest=setting.name, help=shown, **value)


def read_rules(files: Sequence[str], lines: Sequence[str]) -> list[Rule]:
    """Return the rules in files, then those on the command line.

    Raises:
        RuleError: If a rule is invalid.
    """
    if not files and not lines:
        return []
    from smtpmock import load_rules, parse_rule

    rules = [rule for file in files for rule in load_rules(file)]
    for number, line in enumerate(lines, 1):
        try:
            rules.append(parse_rule(line))
        except RuleError as error:
            raise RuleError(f"--rule number {number}: {error}") from None
    return rules


def _forms(declared: Setting) -> list[str]:
    """Return the forms of a flag: go-smtp-mock's with one dash and with two, and the usual one."""
    usual = f"--{declared.name.replace('_', '-')}"
    forms = (usual,) if declared.flag == _LOG else (f"-{declared.flag}", f"--{declared.flag}", usual)
    return list(dict.fromkeys(forms))


def _help(declared: Setting, default: Any) -> str:
    if isinstance(default, bool):
        default = "on" if default else "off"
    elif isinstance(default, tuple):
        default = ",".join(default)
    elif isinstance(default, float):
        default = f"{default:g}"
    shown = "" if default in (None, "") else f" (default: {default})".replace("{msg_size_limit}", "N")
    return f"{declared.meaning}{shown}"


def _is_link(names: Sequence[str], text: str) -> bool:
    """Return True if a variable holds the address that Kubernetes and Docker set for a service named smtpmock."""
    return SETTINGS[names[0]].type.metavar == "PORT" and text.startswith("tcp://")


def switch_value(flag: str, text: str) -> bool:
    """Return the value of a switch that is not a setting.

    Raises:
        SettingError: If the text is not a valid value.
    """
    try:
        return bool(_SWITCH.parse(text))
    except ValueError:
        raise SettingError(invalid(flag, text, _SWITCH.expected)) from None


def unexpected(argument: str, parser: argparse.ArgumentParser) -> SettingError:
    """Return the error about an argument that the parser does not know."""
    flag = argument.partition("=")[0]
    forms = [form for form in parser._option_string_actions if form.islower() or not flag.startswith("--")]
    if not flag.startswith("-"):
        example = next(form for form in forms if form.endswith("port"))
        return SettingError(f"Unexpected argument {quote(argument)}: settings are flags, such as {example}=2525")
    usual = flag.startswith("--")
    return SettingError(unknown("flag", flag, (form for form in forms if form.startswith("--") == usual)))
