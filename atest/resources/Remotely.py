"""A listener with which each server that a test starts runs in another process, and is spoken to over HTTP."""

from __future__ import annotations

import atexit
import sys
from pathlib import Path
from typing import Any

import SMTPMockLibrary.keywords.server as keywords

from smtpmock import ExpectationError, RemoteMock, Settings
from smtpmock.mailbox import registry

sys.path.append(str(Path(__file__).parents[2]))  # what is installed comes first

from tests.farm import Farm


class Remotely:
    """Replaces what `Start SMTP Mock` starts; all other keywords use what it returns."""

    ROBOT_LISTENER_API_VERSION = 3

    def __init__(self) -> None:
        farm = Farm()
        atexit.register(farm.end)
        keywords.create_mock = lambda **settings: _Elsewhere(farm, settings)


class _Elsewhere(RemoteMock):
    """A remote mailbox whose server the tests start and stop like one of their own."""

    def __init__(self, farm: Farm, values: dict[str, Any]) -> None:
        self.settings = Settings(**values)
        self._values = values
        self._farm = farm
        self._id = ""
        self._unused: ExpectationError | None = None

    @property
    def is_running(self) -> bool:
        return bool(self._id)

    def start(self) -> None:
        started = self._farm.start(self._values)
        super().__init__(started["url"], timeout=started["timeout"], ignore_violations=started["ignore_violations"])
        self._id = started["id"]
        registry.note_used(self)

    def stop(self) -> None:
        try:
            super().assert_rules_used()
        except ExpectationError as error:
            self._unused = error
        self._remote.close()
        server, self._id = self._id, ""
        for error in self._farm.stop(server):
            print(f"*ERROR* {error}")

    def assert_rules_used(self) -> None:
        if self._id:
            super().assert_rules_used()
        elif self._unused:
            raise self._unused
