"""The evidence in the reports of failed tests: the mail and the sessions of every server since the test began."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from smtpmock import Mailbox

TITLE = "SMTP mail and sessions"
LATE = "SMTP mail until the end of the teardown"
"""pytest shows the section of a teardown that passed beside the failure of its test if its name says so."""


class _Witness:
    """The evidence of a test.

    Attributes:
        evidence: The evidence since the test began.
        names: The names of the servers in the test, as far as they are known.
        remarks: The remarks of the last report of a failure; None if nothing has failed.
    """

    def __init__(self) -> None:
        from smtpmock import Evidence

        self.evidence = Evidence(hold=True)
        self.names: dict[Mailbox, str] = {}
        self.remarks: str | None = None


_witness_key = pytest.StashKey[_Witness]()


def begin(item: pytest.Item) -> None:
    """Begin the evidence of a test."""
    item.stash[_witness_key] = _Witness()


def end(item: pytest.Item) -> None:
    """Release the servers that the evidence of a test holds."""
    if _witness_key in item.stash:
        del item.stash[_witness_key]


def add_evidence(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Add what happened to the report of a failure, and what came late to that of a teardown that passed."""
    witness = item.stash.get(_witness_key, None)
    if witness is None or not witness.evidence.servers:
        return
    error = None if call.excinfo is None else call.excinfo.value
    try:
        _add(witness, item, error, report)
    except Exception as failure:  # which would end the whole run
        _add_section(report, f"No evidence: {type(failure).__name__}: {failure}")


def _add(witness: _Witness, item: pytest.Item, error: BaseException | None, report: pytest.TestReport) -> None:
    names = witness.names
    names.update(_names(item, error, [server for server in witness.evidence.servers if server not in names]))
    if report.failed:
        from smtpmock import ExpectationError, MessageTimeoutError

        if isinstance(error, MessageTimeoutError):
            witness.evidence.wait_for_late_mail()
        told = error.messages if isinstance(error, ExpectationError) else ()
        text = witness.evidence.report(names, told=told)
        witness.remarks = witness.evidence.remarks(names)
        if text:
            _add_section(report, text)
            _attach(item, report, text, witness.evidence.html(names))
    elif report.when == "teardown" and witness.remarks is not None:
        remarks = witness.evidence.remarks(names)
        if remarks != witness.remarks:
            report.sections.append((LATE, remarks))


def _add_section(report: pytest.TestReport, text: str) -> None:
    """Add the evidence to the text of the failure: JUnit files and other reports contain it as well."""
    add = getattr(report.longrepr, "addsection", None)
    if add is None:  # a failure that is not an exception's: a plugin's, or of a fixture that cannot be found
        report.sections.append((TITLE, text))
    else:
        add(TITLE, text)


def _attach(item: pytest.Item, report: pytest.TestReport, text: str, html: str) -> None:
    """Attach the evidence where Allure or pytest-html makes a report."""
    page = f'<!DOCTYPE html><meta charset="utf-8"><title>{TITLE}</title>{html}'
    if item.config.pluginmanager.has_plugin("allure_listener"):
        import allure

        allure.attach(text, f"{TITLE}.txt", allure.attachment_type.TEXT)
        allure.attach(page, f"{TITLE}.html", allure.attachment_type.HTML)
    if item.config.getoption("htmlpath", None):
        from pytest_html import extras

        attached = [extras.text(text, TITLE), extras.html(html)]
        report.extras = [*getattr(report, "extras", ()), *attached]  # type: ignore[attr-defined]  # pytest-html's


def _names(item: pytest.Item, error: BaseException | None, servers: Iterable[Mailbox]) -> Iterator[tuple[Mailbox, str]]:
    """Yield the servers with their names in the test: of fixtures, of attributes of its instance, and of variables."""
    places = [getattr(item, "funcargs", {}), vars(getattr(item, "instance", None) or _Witness)]
    trace = None if error is None else error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(item.path):
            places.append(trace.tb_frame.f_locals)
        trace = trace.tb_next
    named = [(value, name) for place in places for name, value in place.items()]
    for server in servers:
        for value, name in named:
            if value is server:
                yield server, name
                break


# Tracebacks.


def hide_own_frames(error: BaseException) -> None:
    """End the traceback of an error of smtpmock where code outside of it called smtpmock last."""
    if not any(kind.__module__ == "smtpmock.errors" for kind in type(error).__mro__):
        return
    last: TracebackType | None
    last = trace = error.__traceback__
    while trace is not None:
        if not trace.tb_frame.f_globals.get("__name__", "").startswith("smtpmock."):
            last = trace
        trace = trace.tb_next
    if last is not None:
        last.tb_next = None
