"""The signals that stop the command."""

from __future__ import annotations

import signal

import pytest

from smtpmock.runtime.signals import STOP_SIGNALS

BEGIN = """
    import os
    import signal
    from smtpmock.runtime.signals import catch_stop_signals
"""


def test_signals_that_stop_are_those_of_a_terminal_and_of_a_supervisor():
    assert {signal.SIGINT, signal.SIGTERM} < set(STOP_SIGNALS)


@pytest.mark.needs("signals")
@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_signal_that_came_before_the_wait_ends_it(number, run):
    run(
        BEGIN,
        f"""
        wait = catch_stop_signals()
        os.kill(os.getpid(), {int(number)})
        wait()
        """,
    )


@pytest.mark.needs("signals")
@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_signal_that_comes_during_the_wait_ends_it(number, run):
    run(
        BEGIN,
        f"""
        import threading
        wait = catch_stop_signals()
        read = os.read

        def read_while_signalled(*arguments):
            threading.Timer(0.01, os.kill, (os.getpid(), {int(number)})).start()
            return read(*arguments)

        os.read = read_while_signalled
        wait()
        """,
    )


@pytest.mark.needs("signals")
@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_signal_that_the_parent_had_blocked_ends_the_wait(number, run):
    run(
        BEGIN,
        f"""
        signal.pthread_sigmask(signal.SIG_BLOCK, [{int(number)}])
        os.kill(os.getpid(), {int(number)})
        catch_stop_signals()()
        """,
    )


@pytest.mark.needs("signals")
def test_other_signal_does_not_end_the_wait_and_is_handled(run):
    output = run(
        BEGIN,
        """
        wait = catch_stop_signals()
        signal.signal(signal.SIGUSR1, lambda *_: print("handled"))
        os.kill(os.getpid(), signal.SIGUSR1)
        read = os.read

        def read_and_then_stop(*arguments):
            found = read(*arguments)
            print(signal.Signals(found[0]).name)
            if found[0] == signal.SIGUSR1:
                os.kill(os.getpid(), signal.SIGTERM)
            return found

        os.read = read_and_then_stop
        wait()
        """,
    )

    assert output == "handled\nSIGUSR1\nSIGTERM\n"


@pytest.mark.needs("signals")
def test_signal_while_the_server_stops_does_no_harm(run):
    run(
        BEGIN,
        """
        wait = catch_stop_signals()
        for number in 3 * (signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), number)
        wait()
        for number in range(70_000):
            os.kill(os.getpid(), signal.SIGTERM)  # more than a pipe holds
        """,
    )


@pytest.mark.uninstrumented
def test_nothing_of_gevent_is_loaded_for_signals(run):
    output = run(BEGIN, 'import sys; print("gevent" in sys.modules, "socket" in sys.modules)')

    assert output == "False False\n"
