"""The declaration of a setting: everything that its flag, argument, type and documentation are derived from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smtpmock.settings.values import ValueType


class Setting:
    """The declaration of a setting.

    Attributes:
        name: Its name.
        default: Its default in Python, Robot Framework and pytest.
        command_default: Its default in the command, which is go-smtp-mock's.
        serve_default: Its default in `smtpmock serve`.
        type: The type of its values.
        meaning: Its meaning, without a capital letter at the beginning and a full stop at the end.
        section: Its section in the help and the documentation.
        in_command: True if the command has it.
        in_serve: True if `smtpmock serve` has it.
        of_sessions: True if a session takes it at its beginning, so that a running server can change it.
    """

    __slots__ = (
        "_flag",
        "command_default",
        "default",
        "in_command",
        "in_serve",
        "meaning",
        "name",
        "of_sessions",
        "section",
        "serve_default",
        "type",
    )

    def __init__(
        self,
        default: Any,
        value_type: ValueType,
        meaning: str,
        *,
        section: str,
        flag: str = "",
        in_command: bool = True,
        in_serve: bool = True,
        of_sessions: bool = False,
        command_default: Any = None,
        serve_default: Any = None,
    ) -> None:
        self.name: str = ""
        self.default: Any = default
        self.command_default: Any = default if command_default is None else command_default
        self.serve_default: Any = default if serve_default is None else serve_default
        self.type: ValueType = value_type
        self.meaning: str = meaning
        self.section: str = section
        self.in_command: bool = in_command
        self.in_serve: bool = in_serve
        self.of_sessions: bool = of_sessions
        self._flag = flag

    def __set_name__(self, _: type, name: str) -> None:
        self.name = name

    @property
    def flag(self) -> str:
        """The name of its flag in go-smtp-mock, without the dash: the name in camel case, unless declared otherwise.

        Example:
            >>> from smtpmock import SETTINGS
            >>> SETTINGS["msg_size_limit"].flag
            'msgSizeLimit'
        """
        first, *rest = self.name.split("_")
        return self._flag or first + "".join(word.capitalize() for word in rest)
