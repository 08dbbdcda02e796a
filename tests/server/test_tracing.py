"""Debuggers and coverage see the thread of the server."""

import inspect

import pytest

from smtpmock.runtime.session_worker import SessionWorker
from tests.server.worlds import in_every_world


@in_every_world
@pytest.mark.parametrize(("install", "event"), [("settrace", "line"), ("setprofile", "call")])
def test_who_watches_the_creator_watches_the_server(run, install, event, world):
    # A tracer belongs in place before the hub thread starts: where a server is early, the tracer is before it.
    run(
        f"INSTALL, EVENT = {install!r}, {event!r}\n",
        """
        import threading
        seen = set()

        def watch(frame, event, _):
            seen.add((event, frame.f_code.co_name, frame.f_code.co_filename.rpartition("/")[2]))
            return watch

        getattr(threading, INSTALL)(watch)
        """,
        world,
        """
        from smtpmock import SMTPMock
        from tests.raw_client import deliver
        with SMTPMock() as mock:
            deliver(mock, 3)
        assert (EVENT, "_talk", "session_worker.py") in seen, seen
        """,
    )


@pytest.mark.parametrize("concurrency", ["thread", "gevent,thread"])
def test_coverage_measures_the_server(run, tmp_path, concurrency):
    coverage = pytest.importorskip("coverage")
    (tmp_path / "measured.py").write_text(
        "from smtpmock import SMTPMock\n"
        "from tests.raw_client import deliver\n"
        "with SMTPMock() as mock:\n"
        "    deliver(mock)\n",
        encoding="utf-8",
    )
    run(
        f"CONCURRENCY = {concurrency!r}\n",
        """
        import subprocess, sys
        options = [f"--concurrency={CONCURRENCY}", "--source=smtpmock", "--data-file=measured", "--rcfile=/dev/null"]
        subprocess.run([sys.executable, "-m", "coverage", "run", *options, "measured.py"], check=True)
        """,
    )
    data = coverage.CoverageData(str(tmp_path / "measured"))
    data.read()
    [path] = [path for path in data.measured_files() if path.endswith("smtpmock/runtime/session_worker.py")]
    lines, first = inspect.getsourcelines(SessionWorker._talk)
    measured = set(data.lines(path)) & set(range(first + 1, first + len(lines)))
    assert len(measured) >= 5
