"""`@pytest.mark.smtpmock_matrix`: a test that sends mail is run once under each fault, as a test of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smtpmock import Expectation, Fault, Rehearsal, Row, SMTPMock, TrialLimits

MARKER = "smtpmock_matrix"
USAGE = (
    f"{MARKER}(faults, expect, time_limit, wait): run the test once under each fault of the server of the fixture "
    "smtpmock"
)

_WORDS = ("faults", "expect", "time_limit", "wait")
_EXPECTED = ("unreported=0", "hanging=0")
"""The expectations unless the marker says otherwise: mail may be lost, but never without anybody being told."""

_ELSEWHERE = f"The marker {MARKER} needs a server of its own for each fault: the server runs elsewhere (smtpmock_url)"

PROPERTY = "smtpmock_matrix"
_GRACE = 0.2  # seconds that sessions get at the end of a trial

_rehearsals_key = pytest.StashKey[dict[str, "Rehearsal"]]()
_rehearsing_key = pytest.StashKey[bool]()


@pytest.fixture
def smtpmock_fault(request: pytest.FixtureRequest) -> Fault:
    """Return the fault under which a test with the marker `smtpmock_matrix` is run."""
    fault: Fault | None = getattr(request, "param", None)
    if fault is None:
        pytest.fail(f"The fixture smtpmock_fault needs the marker {MARKER}", pytrace=False)
    return fault


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Make a test of each fault."""
    marker = metafunc.definition.get_closest_marker(MARKER)
    if marker is None:
        return
    from smtpmock import find_faults

    where = f"The marker {MARKER} of {metafunc.definition.nodeid}"
    try:
        words = _words(marker)
        _limits(words), _expectations(words)
        faults = find_faults(words.get("faults"))
    except ValueError as error:
        raise pytest.UsageError(f"{where}: {error}") from None
    if "smtpmock" not in metafunc.fixturenames:
        raise pytest.UsageError(f"{where}: expected a test with the fixture smtpmock")
    if "smtpmock_fault" not in metafunc.fixturenames:
        metafunc.fixturenames.append("smtpmock_fault")
    metafunc.parametrize("smtpmock_fault", faults, indirect=True, ids=[fault.name for fault in faults])


def settings_of(item: pytest.Item) -> dict[str, Any]:
    """Return the settings that the fault of a test needs."""
    fault = _fault(item)
    return {} if fault is None else {"shutdown_timeout": _GRACE, **fault.settings}


def refuse_elsewhere(item: pytest.Item) -> None:
    """Fail a test of a matrix: each fault is tried on a server of its own, which is stopped in the end."""
    if _fault(item) is not None:
        pytest.fail(_ELSEWHERE, pytrace=False)


def run(item: pytest.Function) -> bool:
    """Run a test of a matrix under its fault; return False for other tests."""
    fault = _fault(item)
    if fault is None or item.stash.get(_rehearsing_key, False):
        return False
    from smtpmock import SMTPMock, try_fault

    mock = item.funcargs["smtpmock"]
    if not isinstance(mock, SMTPMock):
        pytest.fail(_ELSEWHERE, pytrace=False)
    marker = item.get_closest_marker(MARKER)
    assert marker is not None
    words = _words(marker)
    limits = _limits(words)
    rehearsal = _rehearsal(item, fault, mock, limits)
    row = try_fault(mock, fault, rehearsal, lambda: _call(item), limits, dict(fault.settings))
    item.user_properties.append((PROPERTY, row.to_json()))
    _check(row, _expectations(words))
    return True


def report(reporter: Any) -> None:
    """Write the matrices of a run to the summary in the terminal."""
    from smtpmock import Row, SurvivalMatrix

    rows: dict[str, list[Row]] = {}
    for kind in ("passed", "failed", "skipped"):
        for told in reporter.getreports(kind):
            for name, value in getattr(told, "user_properties", ()):
                if name == PROPERTY and getattr(told, "when", "") == "call":
                    rows.setdefault(told.nodeid.partition("[")[0], []).append(Row(**value))
    for test, found in rows.items():
        reporter.write_sep("=", f"survival matrix of {test}")
        reporter.write_line(str(SurvivalMatrix(found, found[0].expected)))


def _fault(item: pytest.Item) -> Fault | None:
    callspec = getattr(item, "callspec", None)
    return None if callspec is None else callspec.params.get("smtpmock_fault")


def _call(item: pytest.Function) -> None:
    """Call the test function, as pytest and its plugins do."""
    item.stash[_rehearsing_key] = True
    try:
        item.ihook.pytest_pyfunc_call(pyfuncitem=item)
    finally:
        item.stash[_rehearsing_key] = False


def _rehearsal(item: pytest.Function, fault: Fault, mock: SMTPMock, limits: TrialLimits) -> Rehearsal:
    """Return what the test does without a fault; the first of its tests in this process finds out."""
    known = item.config.stash.setdefault(_rehearsals_key, {})
    key = f"{item.nodeid.partition('[')[0]} {sorted(fault.settings)}"
    if key not in known:
        from smtpmock import rehearse

        known[key] = rehearse(mock, lambda: _call(item), limits)
        if mock.is_running:
            mock.purge()
    rehearsal = known[key]
    if rehearsal.failure:
        why = f"without the fault, {rehearsal.failure}"
        if fault.settings:
            pytest.skip(f"{why} (settings: {', '.join(f'{name}={value}' for name, value in fault.settings.items())})")
        pytest.fail(f"The test cannot be judged: {why}", pytrace=False)
    return rehearsal


def _check(row: Row, expectations: Iterable[Expectation]) -> None:
    for expectation in expectations:
        rows = expectation.broken_by([row])
        if rows:
            pytest.fail(expectation.explain(rows, 1), pytrace=False)
    if row.outcome == "not-reached":
        pytest.skip(row.note or f"the fault was not reached: {row.rule}")


def _words(marker: pytest.Mark) -> dict[str, Any]:
    unknown = [name for name in marker.kwargs if name not in _WORDS]
    if unknown or marker.args:
        given = ", ".join((*map(repr, marker.args), *unknown))
        raise ValueError(f"invalid arguments {given}: expected {', '.join(_WORDS)} as keyword arguments")
    return dict(marker.kwargs)


def _limits(words: dict[str, Any]) -> TrialLimits:
    from smtpmock import trial_limits

    return trial_limits(words.get("time_limit", 10.0), words.get("wait", 0.0), (AssertionError,))


def _expectations(words: dict[str, Any]) -> Iterable[Expectation]:
    from smtpmock import parse_expectations

    return parse_expectations(words.get("expect", _EXPECTED))
