"""Nothing happens before it is asked for."""

import pytest

from tests.server.worlds import PLAIN

LATER = ["conformance.catalogue", "messages.message", "queries.terms", "rules.rule"]
"""What reads mail and makes rules."""


@pytest.mark.uninstrumented
@pytest.mark.needs("/proc")
def test_the_import_loads_no_gevent_and_starts_no_thread(run):
    run(
        PLAIN,
        """
        import os
        import sys
        threads = os.listdir("/proc/self/task")
        descriptors = os.listdir("/proc/self/fd")
        import smtpmock
        assert "gevent" not in sys.modules
        assert "ssl" not in sys.modules
        assert os.listdir("/proc/self/task") == threads
        assert os.listdir("/proc/self/fd") == descriptors
        """,
    )


@pytest.mark.needs("/proc")
def test_a_constructor_starts_nothing(run):
    run(
        """
        import os
        import socket
        threads = os.listdir("/proc/self/task")
        descriptors = os.listdir("/proc/self/fd")
        from smtpmock import SMTPMock
        mock = SMTPMock(port=2525, log_to_stdout=True, log_server_activity=True)
        assert not mock.is_running
        assert mock.messages() == mock.sessions() == []
        assert repr(mock) == "<SMTPMock not running, 0 messages>"
        assert os.listdir("/proc/self/task") == threads
        assert os.listdir("/proc/self/fd") == descriptors
        """
    )


def test_a_command_that_only_serves_does_not_load_what_reads_mail_and_makes_rules(run):
    run(
        f"LATER = {LATER}\n",
        PLAIN,
        """
        import sys
        from smtpmock import SMTPMock, listen
        from tests.raw_client import deliver
        later = {"hashlib", *(f"smtpmock.{name}" for name in LATER)}
        mock = SMTPMock()
        mock.start_on(listen("127.0.0.1", 0))
        deliver(mock)
        assert not later & set(sys.modules), later & set(sys.modules)
        mock.fail_next()
        mock.message(sender="*")
        mock.stop()
        """,
    )


def test_nothing_is_patched(run):
    run(
        """
        import socket
        import threading
        import time
        before = socket.socket, threading.Thread, threading.Lock, time.sleep
        from smtpmock import SMTPMock
        from tests.raw_client import deliver
        with SMTPMock() as mock:
            deliver(mock)
        assert (socket.socket, threading.Thread, threading.Lock, time.sleep) == before
        from gevent import monkey
        assert not monkey.is_anything_patched()
        """
    )


def test_a_server_leaves_the_thread_that_uses_it_without_a_hub(run):
    run(
        """
        from smtpmock import SMTPMock
        from tests.raw_client import deliver
        with SMTPMock() as mock:
            deliver(mock)
            mock.wait_for_messages(1, 60)
            mock.purge()
        from gevent._hub_local import get_hub_if_exists
        assert get_hub_if_exists() is None
        """
    )


@pytest.mark.needs("/proc")
def test_all_servers_share_one_thread(run):
    run(
        """
        import os
        from smtpmock import SMTPMock
        from tests.raw_client import deliver
        before = len(os.listdir("/proc/self/task"))
        mocks = [SMTPMock() for _ in range(10)]
        for mock in mocks:
            mock.start()
            deliver(mock)
        assert len(os.listdir("/proc/self/task")) == before + 1
        """
    )
