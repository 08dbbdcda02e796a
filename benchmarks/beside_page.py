"""SMTP beside the inbox page, open in Chromium, next to SMTP of a server without HTTP."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import TYPE_CHECKING
from urllib.request import ProxyHandler, build_opener

from benchmarks.load import Load
from benchmarks.processes import Server, children, cpu
from benchmarks.results import Figure, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.plan import Plan

_CASES = {"one per connection": Load(4000), "connections kept open": Load(8000, keep_open=True)}
_BEFORE = 40
"""The messages in the inbox when the page is opened."""
_SECONDS = 30
"""After which a page that does not show all messages is taken to be broken."""
_REST = 0.02
"""The part of a processor that Chromium uses at most when it has come to rest after its start."""
_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0")
_TITLE = re.compile(r"\(([\d,.\u202f']+)\) smtpmock")


def measure(plan: Plan) -> Iterator[Figure]:
    """Measure messages per second, and the processor time of the server, with new connections and with open ones."""
    chromium = shutil.which("chromium")
    missing = "" if find_spec("falcon") else "the extra http is not installed"
    missing = missing or ("" if chromium else "Chromium is not installed")
    for how, load in _CASES.items():
        what = f"1 kB messages per second, {how}, beside an open inbox page"
        cost = f"processor time of the server for a message, {how}, beside an open inbox page"
        if chromium is None or missing:
            yield Figure(what, "without HTTP", None, target=0.9, note=missing)
            yield Figure(cost, "without HTTP", None, note=missing)
            continue
        rates: dict[str, list[float]] = {"http": [], "": []}
        times: dict[str, list[float]] = {"http": [], "": []}
        for http in plan.rounds(rates, what):
            wanted = load._replace(messages=plan.scaled(load.messages))
            rate, seconds = _run(plan, wanted, http, chromium)
            rates[http].append(rate)
            times[http].append(max(seconds, 1e-3))  # of a clock with ticks
        value, rounds = ratio(rates["http"], rates[""])
        note = f"{median(rates['http']):,.0f}/s / {median(rates['']):,.0f}/s"
        yield Figure(what, "without HTTP", value, target=0.9, note=note, rounds=rounds)
        value, rounds = ratio(times["http"], times[""])
        micro = {http: median(found) / wanted.messages * 1e6 for http, found in times.items()}
        note = f"{micro['http']:,.0f} us / {micro['']:,.0f} us"
        yield Figure(cost, "without HTTP", value, note=note, rounds=rounds)


def _run(plan: Plan, load: Load, http: str, chromium: str) -> tuple[float, float]:
    """Return the messages per second, and the seconds that the server computed for them."""
    with Server("smtpmock", "", "", http) as server:
        plan.generator.deliver(server.port, load._replace(messages=_BEFORE))
        if not http:
            return _deliver(plan, load, server)
        with _opened(server.url(), chromium) as (pid, devtools):
            _wait_for(devtools, _BEFORE)
            _wait_for_rest(pid)
            found = _deliver(plan, load, server)
            _wait_for(devtools, _BEFORE + load.messages)
            return found


def _deliver(plan: Plan, load: Load, server: Server) -> tuple[float, float]:
    before = server.cpu()
    seconds = plan.generator.deliver(server.port, load)
    return load.messages / seconds, server.cpu() - before


@contextmanager
def _opened(url: str, chromium: str) -> Iterator[tuple[int, str]]:
    """Open a page; yield the id of Chromium's process, and the address at which it tells of the page."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [chromium, *_FLAGS, f"--user-data-dir={profile}", url]
        browser = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "LANG": "C"}
        )
        try:
            told = Path(profile, "DevToolsActivePort")
            end = monotonic() + _SECONDS
            while not (told.exists() and told.read_text()):
                if monotonic() > end or browser.poll() is not None:
                    raise RuntimeError("Chromium does not start")
                sleep(0.01)
            yield browser.pid, f"http://127.0.0.1:{told.read_text().split()[0]}/json/list"
        finally:
            browser.terminate()
            browser.wait()


def _wait_for_rest(pid: int) -> None:
    """Wait until Chromium has ended what it does after its start, which has nothing to do with the page."""
    end = monotonic() + _SECONDS
    used = _cpu_of_all(pid)
    while True:
        sleep(1)
        before, used = used, _cpu_of_all(pid)
        if used - before <= _REST:  # of a second
            return
        if monotonic() > end:
            raise RuntimeError("Chromium does not come to rest")


def _cpu_of_all(pid: int) -> float:
    """Return the seconds that a process and those that it has started have computed."""
    try:
        return cpu(pid) + sum(map(_cpu_of_all, children(pid)))
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it has just ended


def _wait_for(devtools: str, messages: int) -> None:
    """Wait until the title of the page tells of so many messages, all of them unread."""
    opener = build_opener(ProxyHandler({}))
    end = monotonic() + _SECONDS
    while True:
        with opener.open(devtools) as answer:
            title = next((page["title"] for page in json.load(answer) if page["type"] == "page"), "")
        found = _TITLE.fullmatch(title)
        if found and int(re.sub(r"\D", "", found[1])) == messages:
            return
        if monotonic() > end:
            raise RuntimeError(f"The page is {title!r} instead of showing {messages} messages")
        sleep(0.02)
