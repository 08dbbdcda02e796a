"""Puts into a wheel what `smtpmock -v` shows: the commit, and when it was built."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildInfo(BuildHookInterface):
    """Adds smtpmock/_build.py."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Writes the module beside the wheel and has it included."""
        if version == "editable":
            return
        built_at = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
        self._module.parent.mkdir(parents=True, exist_ok=True)
        self._module.write_text(
            f'"""Where this build comes from."""\n\n'
            f'commit = "{self._commit()}"\nbuilt_at = "{time.strftime("%Y-%m-%dT%H:%M:%SZ", built_at)}"\n',
            encoding="utf-8",
        )
        build_data["force_include"][str(self._module)] = "smtpmock/_build.py"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Leaves nothing behind."""
        self._module.unlink(missing_ok=True)

    @property
    def _module(self) -> Path:
        return Path(self.directory) / "_build.py"

    def _commit(self) -> str:
        try:
            found = subprocess.run(
                ["git", "-C", self.root, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError):
            return "unknown"  # built from a source distribution
        return found.stdout.strip()
