"""Type checkers find wrong keyword arguments: a comment in `data/misuse.py` marks each line that is an error.

`# error: CODE` stands on a line for which mypy has to report exactly that error; pyright, where it is installed, has to
report an error there and nowhere else.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

import pytest

from smtpmock import (
    CRITERIA,
    MESSAGE_WORDS,
    RULE_WORDS,
    SESSION_WORDS,
    STAGES,
    THEN,
    Conditions,
    QueryWords,
    ReceivedMessage,
    RuleWords,
    Search,
    SessionWords,
    Stage,
    Then,
)
from smtpmock.queries import words as query_words

if TYPE_CHECKING:
    from smtpmock.rules.words import RuleWord

MISUSE = Path(__file__).parent / "data" / "misuse.py"
EXPECTED = {
    number: found[1]
    for number, line in enumerate(MISUSE.read_text(encoding="utf-8").splitlines(), 1)
    if (found := re.search(r"# error: ([a-z-]+)$", line))
}


def check(*command: str) -> str:
    """Return what a type checker says about the file; it fails because there are errors."""
    done = subprocess.run([*command, str(MISUSE)], capture_output=True, text=True, cwd=MISUSE.parents[2])
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_mypy_reports_every_misuse_and_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy is not installed")
    output = check(sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path))

    errors = re.findall(r"misuse\.py:(\d+): error: .+\[([a-z-]+)\]$", output, re.MULTILINE)
    assert {int(line): code for line, code in errors} == EXPECTED, output


def test_pyright_reports_every_misuse_and_nothing_else() -> None:
    pyright = shutil.which("pyright")
    if pyright is None:
        pytest.skip("pyright is not installed")
    found = json.loads(check(pyright, "--pythonpath", sys.executable, "--outputjson"))["generalDiagnostics"]

    assert {item["range"]["start"]["line"] + 1 for item in found if item["severity"] == "error"} == EXPECTED.keys()


# The words of queries and rules, which are declared once and typed beside it.


def rule_hints() -> dict[str, Any]:
    return get_type_hints(RuleWords, localns={**vars(query_words), "ReceivedMessage": ReceivedMessage})


def test_the_criteria_are_typed() -> None:
    assert list(get_type_hints(QueryWords)) == list(MESSAGE_WORDS)
    assert list(get_type_hints(SessionWords)) == list(SESSION_WORDS)


def test_a_criterion_has_the_type_of_its_kind() -> None:
    types: dict[str, set[Any]] = {}
    for word, hint in get_type_hints(QueryWords).items():
        types.setdefault(CRITERIA[word].kind, set()).add(hint)

    texts = [types.pop(kind) for kind in ("text", "address", "name", "user")]
    assert texts == [{query_words.Text}] * 4
    assert types == {
        "header": {query_words.Header},
        "size": {query_words.Size},
        "id": {query_words.Id},
        "search": {str | Search},
        "flag": {bool},
        "accepted": {bool | None},
        "moment": {query_words.Mark | query_words.Numbered},
    }


def test_the_words_of_rules_are_typed() -> None:
    assert list(rule_hints()) == [*Conditions.__annotations__, *RULE_WORDS]


def test_the_conditions_are_those_that_some_stage_knows() -> None:
    assert set(Conditions.__annotations__) == {word for known in STAGES.values() for word in known}


def test_a_condition_takes_what_its_criterion_takes_and_none() -> None:
    criteria, rules = get_type_hints(QueryWords), rule_hints()

    for word in sorted(set(criteria) & set(rules)):
        assert rules[word] == criteria[word] | None


TYPES_OF_KINDS = {
    "integer": {int},
    "number": {float},
    "seconds": {float},
    "reply": {str, list[str], tuple[str, ...]},
}


@pytest.mark.parametrize(("word", "declared"), RULE_WORDS.items())
def test_a_word_of_a_rule_has_the_type_of_its_kind_and_default(word: str, declared: RuleWord) -> None:
    hint = rule_hints()[word]
    types = set(get_args(hint)) or {hint}

    assert (declared.default is None) == (NoneType in types)
    if declared.kind == "choice":
        [choices] = types - {NoneType}
        assert get_origin(choices) is Literal
        assert declared.meaning.endswith(f"{', '.join(get_args(choices)[:-1])} or {get_args(choices)[-1]}")
    else:
        assert types - {NoneType} == TYPES_OF_KINDS[declared.kind]
        assert type(declared.default) in types


def test_the_stages_are_typed() -> None:
    assert get_args(Stage) == tuple(STAGES)


def test_what_a_rule_can_do_is_typed() -> None:
    assert get_args(Then) == THEN
