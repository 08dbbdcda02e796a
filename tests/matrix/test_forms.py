"""A matrix as text, HTML, JSON and JUnit."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from smtpmock import FAULTS, Row, SurvivalMatrix, parse_expectations, parse_rule, survival_matrix
from tests.matrix.clients import send_once

HOSTILE = "<script>alert(1)</script>\x1b[31m\r\n"


def row(fault="deferred-once", outcome="lost", **changes):
    values = {
        "attempts": 1,
        "expected": 1,
        "delivered": 0,
        "duplicated": 0,
        "lost": int(outcome == "lost"),
        "reported": False,
        "timed_out": False,
        "error": "",
        "note": "",
        "rule": FAULTS[fault].rule,
        "settings": {},
        "seconds": 0.5,
    }
    return Row(fault, outcome, **{**values, **changes})


def test_text_has_a_line_for_each_fault():
    matrix = SurvivalMatrix([row(), row("slow-replies", "delivered", delivered=1)], 1)

    head, first, second = str(matrix).splitlines()
    titles = "fault outcome attempts delivered duplicated lost reported time rule"
    assert head.split() == titles.split()
    assert first.split()[:10] == ["deferred-once", "lost", "1", "0", "of", "1", "0", "1", "no", "0.50"]
    assert first.endswith("s  message times=1 reply='451 4.3.0 Try again later'")
    assert second.startswith("slow-replies   delivered         1     1 of 1 ")


@pytest.mark.parametrize("form", ["text", "html", "junit"])
def test_what_clients_send_is_escaped(form):
    matrix = SurvivalMatrix(
        [row(error=HOSTILE, reported=True, note=HOSTILE, rule=HOSTILE)], 1, parse_expectations("lost=0")
    )
    text = {"text": matrix.__str__, "html": matrix.html, "junit": matrix.junit}[form]()

    assert "\x1b" not in text
    assert "\\x1b[31m" in text
    assert ("<script>" in text) is (form == "text")
    assert len(text.splitlines()) == 2 or form != "text"


def test_html_explains_the_fault_and_the_broken_expectation():
    html = SurvivalMatrix([row()], 1, parse_expectations("lost=0")).html()

    assert "the first message gets 451" in html
    assert "Expected lost=0, but mail was lost under 1 of 1 fault:" in html
    assert '<td class="lost">lost</td>' in html


def test_json_has_the_rows_and_the_expectations():
    matrix = SurvivalMatrix([row()], 1, parse_expectations(["lost=0", "duplicated=0"]))
    document = json.loads(json.dumps(matrix.to_json()))

    assert document["rows"][0] == {
        "fault": "deferred-once",
        "outcome": "lost",
        "attempts": 1,
        "expected": 1,
        "delivered": 0,
        "duplicated": 0,
        "lost": 1,
        "reported": False,
        "timed_out": False,
        "error": "",
        "note": "",
        "rule": "message times=1 reply='451 4.3.0 Try again later'",
        "settings": {},
        "seconds": 0.5,
    }
    assert [(one["expectation"], one["met"]) for one in document["expectations"]] == [
        ("lost=0", False),
        ("duplicated=0", True),
    ]


def test_junit_has_a_test_for_each_fault():
    rows = [row(), row("slow-replies", "delivered"), row("login-refused", "not-reached", note="no login")]
    suite = ElementTree.fromstring(SurvivalMatrix(rows, 1, parse_expectations("lost=0")).junit("mail")).find(
        "testsuite"
    )

    assert suite is not None
    assert {name: suite.get(name) for name in ("name", "tests", "failures", "skipped", "time")} == {
        "name": "mail",
        "tests": "3",
        "failures": "1",
        "skipped": "1",
        "time": "1.500",
    }
    assert [(case.get("name"), [part.tag for part in case]) for case in suite] == [
        ("deferred-once", ["failure", "system-out"]),
        ("slow-replies", ["system-out"]),
        ("login-refused", ["skipped", "system-out"]),
    ]
    assert "repeat it alone with the rule: message times=1" in suite[0][0].text


def test_rule_of_a_row_repeats_the_fault_alone():
    from smtplib import SMTPDataError

    from smtpmock import SMTPMock

    [found] = survival_matrix(send_once, faults=["deferred-once"]).rows
    with SMTPMock(**found.settings) as mock:
        rule = mock.add_rule(parse_rule(found.rule))
        with pytest.raises(SMTPDataError, match="451"):
            send_once(mock)
    rule.assert_used(times=1)
    assert found.error == "SMTPDataError"


def test_time_does_not_count_when_matrices_are_compared():
    assert SurvivalMatrix([row(seconds=1.0)], 1) == SurvivalMatrix([row(seconds=2.0)], 1)
    assert SurvivalMatrix([row(attempts=1)], 1) != SurvivalMatrix([row(attempts=2)], 1)


def test_row_that_does_not_exist_is_an_error():
    with pytest.raises(KeyError, match="slow-replies"):
        SurvivalMatrix([row()], 1).row("slow-replies")
