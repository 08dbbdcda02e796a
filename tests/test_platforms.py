"""Windows and macOS, as far as Linux can stand in for them: without what only Unix has, and on the loop of Windows."""

from __future__ import annotations

import sys

import pytest

HIDDEN_MODULES = ("fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty")
HIDDEN_NAMES = {
    "os": ("fork", "geteuid", "getuid", "killpg", "posix_spawn", "register_at_fork", "uname"),
    "signal": ("SIGALRM", "SIGKILL", "SIGQUIT", "SIGUSR1", "alarm", "setitimer", "sigwait"),
    "socket": ("AF_UNIX", "MSG_DONTWAIT", "MSG_MORE", "SO_REUSEPORT"),
}
# Names for which the code asks `sys.platform` are not here: the type checker looks after those.
HIDE = f"""
    import sys

    # gevent and the standard library know where they are; they take what there is before it is hidden.
    import asyncio, concurrent.futures.thread, ipaddress, logging, multiprocessing, smtplib, ssl, subprocess, tempfile
    import gevent.monkey, gevent.event, gevent.pool, gevent.server, gevent.socket, gevent.ssl, gevent.subprocess
    import gevent.threadpool, gevent.resolver.thread

    for module in {HIDDEN_MODULES}:
        sys.modules[module] = None  # to import it is an error
    for module, names in {HIDDEN_NAMES}.items():
        for hidden in (sys.modules[module], sys.modules.get(f"gevent.{{module}}")):
            for name in names:
                if hasattr(hidden, name):
                    delattr(hidden, name)
    assert not hasattr(sys.modules["os"], "fork")
"""
MAIL = """
    from smtplib import SMTP
    from smtpmock import SMTPMock

    with SMTPMock() as mock:
        mock.on("RCPT TO", recipient="c@example.com", reply="550 5.1.1 Unknown", then="close")
        with SMTP(mock.host, mock.port) as client:
            client.sendmail("a@example.com", "b@example.com", "Subject: hi")
        mock.wait_for_message(subject="hi", timeout=10)
        assert mock.messages()[0].subject == "hi"
    assert mock.errors == []
"""


@pytest.mark.parametrize("patch", ["", "gevent.monkey.patch_all()"], ids=["plain", "patched"])
def test_server_needs_nothing_that_only_unix_has(patch, run):
    run(f"import gevent.monkey\n{patch}\n", HIDE, MAIL)


def test_every_module_can_be_imported_without_what_only_unix_has(run):
    output = run(
        HIDE,
        """
        import importlib
        import pkgutil
        import smtpmock

        for module in pkgutil.walk_packages(smtpmock.__path__, "smtpmock."):
            importlib.import_module(module.name)
            print(module.name)
        """,
    )

    assert {"smtpmock.server", "smtpmock.__main__", "smtpmock.runtime.session_worker"} <= set(output.split())


def test_command_serves_without_what_only_unix_has(run):
    output = run(
        HIDE,
        """
        import builtins
        import os
        import signal
        import threading
        from smtplib import SMTP
        from smtpmock.__main__ import main

        def send(text):
            with SMTP("127.0.0.1", int(text.split()[-1])) as client:
                client.sendmail("a@example.com", "b@example.com", "Subject: hi")
            os.kill(os.getpid(), signal.SIGINT)

        say = print

        def say_and_send(text, **options):
            say(text, **options)
            threading.Thread(target=send, args=(text,)).start()

        builtins.print = say_and_send
        raise SystemExit(main(["-port=0"]))
        """,
    )

    assert output.startswith("SMTP mock server started on port: ")


def test_what_is_hidden_is_hidden(run):
    """Or the other tests prove nothing."""
    hidden = [f"{module}.{name}" for module, names in HIDDEN_NAMES.items() for name in names]
    run(
        HIDE,
        f"""
        import os, signal, socket

        for module in {HIDDEN_MODULES}:
            try:
                __import__(module)
            except ImportError:
                continue
            raise SystemExit(module)
        for name in {hidden}:
            module, _, attribute = name.partition(".")
            assert not hasattr(globals()[module], attribute), name
        """,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no other loop")
@pytest.mark.parametrize("patch", ["", "gevent.monkey.patch_all()"], ids=["plain", "patched"])
def test_server_works_on_the_loop_that_windows_has(patch, run, monkeypatch):
    pytest.importorskip("cffi")
    monkeypatch.setenv("GEVENT_LOOP", "libuv-cffi")
    run(
        f"""
        import gevent.monkey
        {patch}
        """,
        MAIL,
        """
        assert "libuv" in type(gevent.get_hub().loop).__module__
        """,
    )
