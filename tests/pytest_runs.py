"""Runs of pytest in a process of its own, which loads the plugins that the run names and no others.

Loading all that are installed takes longer than most runs. That the plugin gets along with all of them at once is what
tests/plugin/test_broken_applications.py shows.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

INSTALLED = {point.name: point.value for point in entry_points(group="pytest11")}
"""The modules of the plugins that are installed, by the names of their entry points."""

IS_INSTALLED = INSTALLED.get("smtpmock") == "smtpmock.pytest_plugin"

# Without it, versions of pytest-asyncio warn.
_LOOPS = ("-o", "asyncio_default_fixture_loop_scope=function")
LOOPS = _LOOPS if "asyncio" in INSTALLED else ()
"""The further options of a run that loads all plugins."""


def plugin_options(*names: str) -> list[str]:
    """Return the options that load the plugin of this package, and those with the names."""
    modules = ["smtpmock.pytest_plugin", *(INSTALLED[name] for name in names)]
    return [*(part for module in modules for part in ("-p", module)), *(_LOOPS if "asyncio" in names else ())]


def run_pytest(pytester: pytest.Pytester, *options: str, plugins: Iterable[str] = (), **how: Any) -> pytest.RunResult:
    """Run pytest in the folder of the pytester with these plugins."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        return pytester.runpytest_subprocess(*plugin_options(*plugins), *options, timeout=120, **how)
