"""Wake-ups leave nothing behind, and harm nobody when the waiter has gone."""

from __future__ import annotations

import pytest

PATCHED = """
    import gevent
    from gevent import monkey
    monkey.patch_all()
    from smtpmock.runtime.wakeup import make_wakeup
"""
LOOPS = ["libev-cext", "libuv-cffi"]


@pytest.fixture(params=LOOPS)
def loop(request, monkeypatch):
    """Each loop that a platform uses."""
    if request.param == "libuv-cffi":
        pytest.importorskip("cffi")
    monkeypatch.setenv("GEVENT_LOOP", request.param)


@pytest.mark.usefixtures("loop")
def test_wakeup_that_was_set_and_never_waited_for_leaves_nothing_behind(run):
    run(
        PATCHED,
        """
        for _ in range(3):
            wakeup = make_wakeup()
            wakeup.set()
            wakeup.close()
            gevent.sleep(0.001)  # a round of the loop: what is left would complain on standard error
        """,
    )


@pytest.mark.usefixtures("loop")
def test_wakeup_can_be_set_when_its_waiter_has_gone(run):
    run(
        PATCHED,
        """
        wakeup = make_wakeup()
        wakeup.close()
        wakeup.set()
        wakeup.close()
        """,
    )


@pytest.mark.usefixtures("loop")
def test_wakeup_can_be_set_when_the_loop_of_its_waiter_is_destroyed(run):
    run(
        PATCHED,
        """
        wakeups = []
        done = monkey.get_original("_thread", "allocate_lock")()
        done.acquire()

        def wait_no_longer():
            gevent.get_hub()
            wakeups.append(make_wakeup())
            gevent.get_hub().destroy(destroy_loop=True)
            done.release()

        monkey.get_original("_thread", "start_new_thread")(wait_no_longer, ())
        assert done.acquire(True, 30)
        wakeups[0].set()
        """,
    )


@pytest.mark.usefixtures("loop")
def test_waiter_is_woken_by_its_own_hub_before_that_looks_for_input(run):
    run(
        PATCHED,
        """
        import os

        order = []
        ours, theirs = os.pipe()
        watcher = gevent.get_hub().loop.io(ours, 1)
        watcher.start(order.append, "input")
        os.write(theirs, b"x")
        wakeup = make_wakeup()
        waiter = gevent.spawn(lambda: (wakeup.wait(30), order.append("waiter")))
        waiting = gevent.spawn(lambda: None)
        waiting.join()  # and so the waiter waits
        order.clear()
        wakeup.set()
        waiter.join()
        assert order == ["waiter"], order
        watcher.stop()
        watcher.close()
        wakeup.close()
        os.close(ours)
        os.close(theirs)
        """,
    )


def test_waits_leave_no_watcher_in_the_loop(run, monkeypatch):
    monkeypatch.setenv("GEVENT_LOOP", "libev-cext")  # it counts
    run(
        PATCHED,
        """
        loop = gevent.get_hub().loop
        before = loop.activecnt
        for timeout in (None, 0, 60):
            wakeup = make_wakeup()
            wakeup.set()
            wakeup.wait(timeout)
            wakeup.close()
        assert loop.activecnt == before, (before, loop.activecnt)
        """,
    )
