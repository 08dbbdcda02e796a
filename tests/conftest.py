"""Fixtures of all tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import pytest

from smtpmock import SMTPMock
from smtpmock.mailbox import registry
from tests.children import heed_hangups
from tests.long import LONG
from tests.places import PLACES, end_farm
from tests.ports import reserved_port

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

pytest.register_assert_rewrite("tests.explained", "tests.sending")

if find_spec("hypothesis") is not None:  # the tests of the distributions need little
    from hypothesis import settings

    # A search for new cases is for long runs: whoever changed something else is not to be stopped by what one finds.
    settings.register_profile("smtpmock", derandomize=not LONG, deadline=None)
    settings.load_profile("smtpmock")

_SECONDS = 90
"""After which a child that still runs is taken to hang."""


NEEDS = {
    # In a forked child libuv can stop for ever; Windows, for which it stands, has no fork.
    "fork": hasattr(os, "fork") and not os.environ.get("GEVENT_LOOP", "").startswith("libuv"),
    "posix_spawn": hasattr(os, "posix_spawn"),
    "/proc": Path("/proc/self/fd").is_dir(),
    "signals": hasattr(signal, "setitimer"),
}
"""Facilities that a platform may lack, and True for those of this one."""

# What crowds and bounds cost is read from /proc.
collect_ignore = [] if NEEDS["/proc"] else ["robustness"]


_MEASURED = 1
"""The cases of a parametrized test that run under coverage."""

_UNMEASURED = tuple(
    f"tests/{path}"
    for path in (
        *("clients/", "docs/", "robustness/", "test_types.py"),
        *(f"plugin/test_{name}.py" for name in ("async", "broken_applications", "company", "elsewhere", "reports")),
        *(f"stores/test_{name}.py" for name in ("faults", "shared_processes")),
        *(f"http/test_{name}.py" for name in ("cross_site", "load")),
    )
)
"""The tests that run without coverage: what many processes, browsers and examples reach, others reach in less time."""


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker of tests that cannot run on every platform."""
    config.addinivalue_line("markers", f"needs(…): skipped on a platform without it: {', '.join(NEEDS)}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to coverage the first cases of each test: everything takes three times as long with it.

    Random cases reach what others reach, very often.
    """
    cases: Counter[str] = Counter()
    for item in items:
        name = item.nodeid.partition("[")[0]
        cases[name] += 1
        is_random = hasattr(getattr(item, "obj", None), "hypothesis")
        if is_random or name.startswith(_UNMEASURED) or cases[name] > _MEASURED:
            item.add_marker("uninstrumented")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that cannot run on this platform."""
    for marker in item.iter_markers("needs"):
        missing = [need for need in marker.args if not NEEDS[need]]
        if missing:
            pytest.skip(f"needs {', '.join(missing)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """Undo what a test has blocked: the command does not unblock its signals when it ends, since its process does."""
    if not hasattr(signal, "pthread_sigmask"):
        return (yield)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        return (yield)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> str:
    """Where the server of the test is; a test that can only be in one place parametrizes it itself."""
    place: str = request.param
    return place


@pytest.fixture(scope="session", autouse=True)
def _farm() -> Iterator[None]:
    """End the process with servers, if the tests needed one."""
    yield
    end_farm()


@pytest.fixture(autouse=True)
def _forget_servers_elsewhere() -> Iterator[None]:
    """Forget the servers elsewhere of a test when it ends.

    Before each test, those that still exist are asked for a mark. One that has stopped, and waits for the garbage
    collector, has a port that may meanwhile be that of any server, where this would look like a session.
    """
    since = registry.moment()
    yield
    for mailbox in registry.used_since(since):
        if not isinstance(mailbox, SMTPMock):
            registry.forget(mailbox)


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port on which only servers of the test can listen."""
    with reserved_port() as port:
        yield port


@pytest.fixture
def unheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else holds servers, as without pytest, whose plugin does."""
    monkeypatch.setattr(registry, "_holders", WeakValueDictionary())


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    """Runs a script in an interpreter of its own, where warnings are errors; returns what it printed.

    The test fails, and shows what the script said, if it ends with another status than 0, hangs, or, unless it may,
    writes anything on standard error.
    """

    def run(*parts: str, options: tuple[str, ...] = (), may_complain: bool = False) -> str:
        script = tmp_path / "script.py"
        script.write_text("".join(dedent(part) for part in parts), encoding="utf-8")
        # Coverage would take longer than most scripts, which are about the process and reach what others reach.
        unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
        child = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-W", "error", *options, str(script)],
            cwd=tmp_path,
            env={**unmeasured, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
            preexec_fn=heed_hangups,
        )
        try:
            output, complaints = child.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGABRT)  # which makes it show what its threads do
            child.wait()
        finally:
            _end(child)
        if child.returncode == -signal.SIGABRT:
            output, complaints = child.communicate()
        if child.returncode or (complaints and not may_complain):
            pytest.fail(f"The script ended with {child.returncode}.\n{output}\n{complaints}", pytrace=False)
        return output

    return run


def _end(child: subprocess.Popen[str]) -> None:
    """End a child, and what it started where the platform keeps account of that."""
    if not hasattr(os, "killpg"):
        child.kill()
        return
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # nothing that it started is left
