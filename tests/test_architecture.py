"""The architecture that docs/architecture.md describes: who may import whom, and how large a file may become.

Every import counts: those in functions and those for type checkers, too.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

import smtpmock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

pytestmark = pytest.mark.uninstrumented

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "smtpmock"
LIBRARY = ROOT / "robot_library" / "SMTPMockLibrary"

LAYERS = (
    # From top to bottom; a module imports from its own package and from the lines below. "" is smtpmock/__init__.py.
    ("__main__",),
    ("workers",),
    ("serve", "pytest_plugin", "testcase", "demo", "matrix_command"),
    ("cli",),
    ("",),
    ("remote", "matrix"),
    ("server", "evidence"),
    ("consistency",),
    ("http",),
    ("mailbox",),
    ("runtime",),
    ("messages",),
    ("reports",),
    ("conformance",),
    ("stores",),
    ("protocol",),
    ("rules",),
    ("queries",),
    ("records",),
    ("mail",),
    ("settings",),
    ("profiles",),
    ("rfc",),
    ("patterns",),
    ("text",),
    ("errors",),
    ("version",),
)
SURFACES = ("__main__", "cli", "demo", "matrix_command", "pytest_plugin", "serve", "testcase", "workers")
OF_THE_COMMAND = {f"smtpmock.runtime.{name}" for name in ("gevent_internals", "listener", "signals")}
PUBLIC = {"smtpmock", "smtpmock.errors", "smtpmock._build", *OF_THE_COMMAND}
"""Modules that a surface may import; a build writes `_build`."""

HTTP_MAY_USE = {
    "smtpmock.runtime",
    "smtpmock.text",
    "smtpmock.version",
    "smtpmock.settings",
    "smtpmock.profiles.document",
    "smtpmock.reports.safe_html",
    "smtpmock.stores.threads",
}
"""Modules that `http` may import beside public names: a service belongs to the hub, text is written and TOML is read in
one way, the HTML of mails is made harmless in one place, and so is what takes long run in a thread."""

MOST_FLAT_FILES = 14
MOST_LINES = 500

GEVENT_INTERNALS = {"_sock", "_read_event", "_threadpool"}
KEEPER_OF_INTERNALS = "smtpmock.runtime.gevent_internals"

Graph = dict[str, set[str]]


@cache
def modules(folder: Path) -> dict[str, ast.Module]:
    """Return the modules of a package, parsed, by their full names."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


def imported(tree: ast.Module, name: str, *, is_package: bool) -> Iterator[tuple[str, str]]:
    """Yield the module and the name (or "") of everything that a module imports, wherever it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:
                steps = node.level - is_package
                base = name.rsplit(".", steps)[0] if steps else name
                source = f"{base}.{source}" if source else base
            yield from ((source, alias.name) for alias in node.names)


@cache
def import_graph(folder: Path) -> Graph:
    """Return which modules of a package each module of it imports."""
    found = modules(folder)
    packages = {name.rpartition(".")[0] for name in found}
    graph: Graph = {name: set() for name in found}
    for name, tree in found.items():
        for source, item in imported(tree, name, is_package=name in packages):
            target = f"{source}.{item}" if f"{source}.{item}" in found else source
            if target in found and target != name:
                graph[name].add(target)
    return graph


def circle(graph: Mapping[str, set[str]]) -> str:
    """Return a circle of imports, or "" if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " -> ".join(reversed(error.args[1]))
    return ""


def part(module: str) -> str:
    """Return the name of a module or package directly in smtpmock/ that a module belongs to."""
    return module.split(".")[1] if "." in module else ""


def upward(graph: Graph) -> list[str]:
    """Return the imports that do not point downwards, and the parts that have no layer."""
    depths = {name: depth for depth, layer in enumerate(LAYERS) for name in layer}
    found = []
    for module, targets in graph.items():
        if part(module) not in depths:
            found.append(f"{module} has no layer")
        for target in sorted(targets):
            above, below = part(module), part(target)
            if above != below and depths.get(above, -1) >= depths.get(below, len(LAYERS)):
                found.append(f"{module} -> {target}")
    return found


def inner_imports(folder: Path, surfaces: tuple[str, ...] | None = None) -> list[str]:
    """Return what surfaces import from smtpmock that is not public.

    Args:
        folder: The package.
        surfaces: Which of its modules are surfaces; None for all.
    """
    found = []
    own = modules(folder)
    names = {name for name in own if surfaces is None or part(name) in surfaces}
    packages = {name.rpartition(".")[0] for name in own}
    for name in sorted(names & set(own)):
        for source, item in imported(own[name], name, is_package=name in packages):
            target = f"{source}.{item}" if f"{source}.{item}" in own else source
            if target.split(".")[0] == "smtpmock" and target not in PUBLIC | names:
                found.append(f"{name}: {source} {item}".rstrip())
            elif source in PUBLIC and item.startswith("_") and not item.startswith("__"):
                found.append(f"{name}: {source} {item}")
    return found


def private_imports(folder: Path, part: str, homes: Mapping[str, str], allowed: Iterable[str]) -> list[str]:
    """Return what a part of the package imports, other than public names and what it may use beside them.

    Args:
        folder: The package.
        part: The part.
        homes: The modules in which the public names are defined, by name.
        allowed: The packages and modules that the part may use.
    """
    own = modules(folder)
    prefix = f"{folder.name}.{part}"
    usable = (prefix, *allowed)
    found = []
    for name in sorted(own):
        if not f"{name}.".startswith(f"{prefix}."):
            continue
        for source, item in imported(own[name], name, is_package=False):
            if not f"{source}.".startswith(f"{folder.name}.") or f"{source}.".startswith(
                tuple(f"{one}." for one in usable)
            ):
                continue
            if source != f"{folder.name}.{homes.get(item, '')}":
                found.append(f"{name}: {source} {item}".rstrip())
    return found


def gevent_internals(folder: Path) -> list[str]:
    """Return where modules other than the one that may do so use what gevent does not document."""
    found = []
    for name, tree in modules(folder).items():
        if name == KEEPER_OF_INTERNALS:
            continue
        used = {source for source, _ in imported(tree, name, is_package=False) if source.startswith("gevent._")}
        used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & GEVENT_INTERNALS
        found += [f"{name}: {internal}" for internal in sorted(used)]
    return found


# The project


def _assert_none(violations: Iterable[str]) -> None:
    found = "\n".join(violations)
    if found:
        pytest.fail(f"See docs/architecture.md.\n{found}", pytrace=False)


@pytest.mark.parametrize("folder", [PACKAGE, LIBRARY], ids=lambda folder: folder.name)
def test_no_modules_import_each_other_in_a_circle(folder):
    assert circle(import_graph(folder)) == ""


def test_imports_point_downwards():
    _assert_none(upward(import_graph(PACKAGE)))


def test_page_has_a_row_for_every_part():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("| package |")[2].partition("\n\n")[0]
    first_cells = [row.split("|")[1] for row in table.splitlines()[2:]]

    assert sorted(re.findall(r"`(\w+)`", "".join(first_cells))) == sorted(filter(None, chain(*LAYERS)))


def test_command_and_pytest_plugin_import_public_names_only():
    _assert_none(inner_imports(PACKAGE, SURFACES))


def test_robot_framework_library_imports_public_names_only():
    _assert_none(inner_imports(LIBRARY))


def test_http_uses_public_names_only_from_where_they_are_defined():
    _assert_none(private_imports(PACKAGE, "http", smtpmock._HOMES, HTTP_MAY_USE))


def test_few_files_lie_flat_in_the_package():
    assert len(list(PACKAGE.glob("*.py"))) <= MOST_FLAT_FILES


@pytest.mark.parametrize("folder", [PACKAGE, LIBRARY], ids=lambda folder: folder.name)
def test_no_file_is_too_long(folder):
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sorted(folder.rglob("*.py"))}

    _assert_none(f"{path.relative_to(ROOT)}: {count} lines" for path, count in lengths.items() if count > MOST_LINES)


def test_one_module_alone_uses_what_gevent_does_not_document():
    _assert_none(gevent_internals(PACKAGE))


# The checks


@pytest.fixture
def tree(tmp_path):
    """Writes a package named smtpmock: its files by path, each with its text."""

    def write(name: str = "smtpmock", **files: str) -> Path:
        folder = tmp_path / name
        for module, text in {"__init__": "", **files}.items():
            path = folder / f"{module.replace('.', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text), encoding="utf-8")
        return folder

    return write


UPWARD_IMPORTS = {
    "plain": "from smtpmock.server import Server",
    "module": "import smtpmock.server",
    "from-package": "from smtpmock import server",
    "relative": "from .server import Server",
    "relative-module": "from . import server",
    "in-function": "def f():\n    from smtpmock.server import Server",
    "for-types": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from smtpmock.server import Server",
}


@pytest.mark.parametrize("text", UPWARD_IMPORTS.values(), ids=UPWARD_IMPORTS)
def test_circle_is_found_however_it_is_imported(text, tree):
    folder = tree(server="from smtpmock import errors", errors=text)

    assert circle(import_graph(folder)) in (
        "smtpmock.server -> smtpmock.errors -> smtpmock.server",
        "smtpmock.errors -> smtpmock.server -> smtpmock.errors",
    )


@pytest.mark.parametrize("text", UPWARD_IMPORTS.values(), ids=UPWARD_IMPORTS)
def test_import_that_points_upwards_is_found_however_it_is_written(text, tree):
    assert upward(import_graph(tree(server="", errors=text))) == ["smtpmock.errors -> smtpmock.server"]


def test_circle_inside_a_package_is_found(tree):
    folder = tree(**{"rfc.__init__": "", "rfc.a": "from . import b", "rfc.b": "from smtpmock.rfc.a import x"})

    assert circle(import_graph(folder)) != ""
    assert upward(import_graph(folder)) == []


def test_package_that_imports_from_its_own_modules_is_no_circle(tree):
    folder = tree(**{"rfc.__init__": "from .a import x", "rfc.a": "from smtpmock.rfc.b import x", "rfc.b": "x = 1"})

    assert import_graph(folder)["smtpmock.rfc"] == {"smtpmock.rfc.a"}
    assert circle(import_graph(folder)) == ""


def test_imports_between_neighbours_are_found(tree):
    graph = import_graph(tree(serve="", pytest_plugin="import smtpmock.serve"))

    assert upward(graph) == ["smtpmock.pytest_plugin -> smtpmock.serve"]


def test_downward_imports_are_allowed(tree):
    folder = tree(server="from smtpmock.mail import x", errors="", **{"mail.__init__": "from smtpmock import errors"})

    assert (circle(import_graph(folder)), upward(import_graph(folder))) == ("", [])


def test_module_without_a_layer_is_found(tree):
    assert upward(import_graph(tree(helpers=""))) == ["smtpmock.helpers has no layer"]


@pytest.mark.parametrize(
    "text",
    [
        "from smtpmock.server import SMTPMock",
        "import smtpmock.server",
        "from smtpmock import server",
        "from smtpmock import _secret",
        "def f():\n    from smtpmock.server import SMTPMock",
    ],
)
def test_surface_that_imports_what_is_not_public_is_found(text, tree):
    assert len(inner_imports(tree(server="", cli=text), SURFACES)) == 1


def test_surface_may_import_public_names_and_other_surfaces(tree):
    text = "import smtpmock\nfrom smtpmock import SMTPMock, __version__, cli\nfrom smtpmock.errors import SettingError"

    assert inner_imports(tree(cli="", server="", __main__=text), SURFACES) == []


def test_library_that_imports_what_is_not_public_is_found(tree):
    folder = tree("SMTPMockLibrary", a="from smtpmock import SMTPMock\nfrom smtpmock.server import SMTPMock")

    assert inner_imports(folder) == ["SMTPMockLibrary.a: smtpmock.server SMTPMock"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from smtpmock.errors import SettingError", []),
        ("from smtpmock.text import shorten", []),
        ("from smtpmock.http.b import x", []),
        ("from smtpmock.rules.book import Book", ["smtpmock.http.a: smtpmock.rules.book Book"]),
        ("import smtpmock.rules.book", ["smtpmock.http.a: smtpmock.rules.book"]),
        ("from smtpmock import SettingError", ["smtpmock.http.a: smtpmock SettingError"]),
    ],
)
def test_part_that_imports_what_is_not_public_is_found(text, found, tree):
    folder = tree(**{"http.__init__": "", "http.a": text})

    assert private_imports(folder, "http", {"SettingError": "errors"}, ["smtpmock.text"]) == found


@pytest.mark.parametrize(
    ("text", "internal"),
    [
        ("from gevent._hub_local import x", "gevent._hub_local"),
        ("sock._sock", "_sock"),
        ("a.b._read_event.c", "_read_event"),
    ],
)
def test_use_of_what_gevent_does_not_document_is_found(text, internal, tree):
    assert gevent_internals(tree(server=text)) == [f"smtpmock.server: {internal}"]
