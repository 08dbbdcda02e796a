"""The imports of the Robot Framework library, read from its source: it does not have to be installed."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parent.parent / "robot_library" / "SMTPMockLibrary"


def imported(path: Path) -> set[str]:
    """Return the first parts of the names of all modules that a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in names}


def test_one_module_of_the_library_imports_smtpmock():
    users = {path.relative_to(LIBRARY).as_posix() for path in LIBRARY.rglob("*.py") if "smtpmock" in imported(path)}

    assert users == {"api.py"}


@pytest.mark.skipif(find_spec("SMTPMockLibrary") is None or find_spec("robot") is None, reason="needs Robot Framework")
@pytest.mark.uninstrumented
def test_importing_the_library_does_not_import_gevent():
    check = "import sys, SMTPMockLibrary; sys.exit('gevent' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", check], check=False, timeout=60).returncode == 0
