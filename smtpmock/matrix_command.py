"""`smtpmock matrix`: a command that sends mail, run once under each fault."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smtpmock import FAULTS, BrokenMatrixError, survival_matrix
from smtpmock.cli import (
    ENVIRONMENT_PREFIX,
    SETTING_FLAGS,
    Parser,
    add_command_settings,
    add_log,
    given_values,
    unexpected,
)
from smtpmock.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smtpmock import SurvivalMatrix

_BROKEN, _NO_MAIL = 1, 1
_EXAMPLE = "'duplicated=0 except closed-after-dot'"


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run `smtpmock matrix`, and print the matrix.

    Args:
        arguments: The command line, without `smtpmock matrix`.
        environment: The environment variables.

    Returns:
        The exit status: 0 if no expectation was broken; 1 if one was, or if the command fails even without a fault.

    Raises:
        SettingError: If the command line is invalid, the command cannot be run or a file cannot be written.
    """
    parser = _parser()
    own, command = _divided(arguments)
    found, rest = parser.parse_known_args(own)
    if rest:
        raise unexpected(rest[0], parser)
    if found.list:
        width = max(map(len, FAULTS))
        print("\n".join(f"{fault.name.ljust(width)}  {fault.meaning}: {fault.rule}" for fault in FAULTS.values()))
        return 0
    if not command:
        raise SettingError("Missing command: expected it after --, as in smtpmock matrix -- python send.py")
    files = {form: Path(path) for form in _FORMS if (path := getattr(found, form))}
    for path in files.values():
        _write(path, "")  # refused before anything runs
    settings = given_values(found, environment, SETTING_FLAGS)
    broken = ""
    try:
        matrix = survival_matrix(
            command,
            faults=found.fault or None,
            expect=found.expect,
            time_limit=found.time_limit,
            wait=found.wait,
            **settings,
        )
    except BrokenMatrixError as error:
        matrix, broken = error.matrix, str(error)
    print(matrix)
    for form, path in files.items():
        _write(path, _FORMS[form](matrix))
    if broken:
        print(f"\n{broken}")
        return _BROKEN
    if matrix.failure:
        print(f"smtpmock: {matrix.failure}", file=sys.stderr)
        return _NO_MAIL
    return 0


def _divided(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the arguments of `smtpmock matrix`, and the command after them."""
    place = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:place], arguments[place + 1 :]


def _as_json(matrix: SurvivalMatrix) -> str:
    return f"{json.dumps(matrix.to_json(), indent=2)}\n"


def _as_page(matrix: SurvivalMatrix) -> str:
    return f'<!DOCTYPE html><meta charset="utf-8"><title>Survival matrix</title>{matrix.html()}\n'


_FORMS: Mapping[str, Any] = {"json": _as_json, "html": _as_page, "junit": lambda matrix: matrix.junit()}


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingError(f"The file {path} cannot be written: {error.strerror or error}") from None


def _parser() -> Parser:
    parser = Parser(
        prog="smtpmock matrix",
        usage="smtpmock matrix [--flag value]… -- COMMAND [ARGUMENT]…",
        description=(
            "Run a command that sends mail once under each of many faults, and print what became of the mail. The "
            "command finds the server in the environment variables SMTP_HOST and SMTP_PORT."
        ),
        epilog=(
            "The exit status is 0 if no expectation was broken, 1 if one was or the command fails even without a "
            "fault, and 2 for a mistake on the command line. "
            f"Settings can be environment variables, such as {ENVIRONMENT_PREFIX}AUTH=any."
        ),
    )
    general = parser.add_argument_group("General")
    general.add_argument("-h", "--help", action="help", help="show this help and exit")
    general.add_argument("--list", action="store_true", help="list the faults and exit")
    general.add_argument(
        "--fault", action="append", default=[], metavar="NAME", help="try this fault only; can be repeated"
    )
    general.add_argument(
        "--expect",
        action="append",
        default=[],
        metavar="TEXT",
        help=f"an expectation, such as lost=0 or {_EXAMPLE}; can be repeated",
    )
    general.add_argument(
        "--time-limit",
        default="30",
        metavar="SECONDS",
        help="seconds that the command has under each fault; then it is ended (default: 30)",
    )
    general.add_argument(
        "--wait",
        default="0",
        metavar="SECONDS",
        help="seconds to wait for mail after the command, for clients with a queue (default: 0)",
    )
    general.add_argument("--json", metavar="FILE", help="write the rows as JSON")
    general.add_argument("--html", metavar="FILE", help="write the matrix as a page")
    general.add_argument("--junit", metavar="FILE", help="write a JUnit report with a test for each fault")
    add_log(general)
    add_command_settings(parser)
    return parser
