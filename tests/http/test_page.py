"""The page docs/http.md says what the server does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from smtpmock.http.context import MOST_STREAMS
from smtpmock.http.native.app import OPERATIONS
from smtpmock.http.native.rules import READY_MADE
from smtpmock.http.native.words import MOST_LISTED
from smtpmock.http.requests import LONGEST_QUERY
from tests.http.conftest import API, send

PAGE = (Path(__file__).parents[2] / "docs" / "http.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)[^\n]*\n(.*?)```", PAGE, re.DOTALL)


def bodies() -> list[dict]:
    """The JSON documents in the examples, several of which may stand in one block."""
    found = []
    decoder = json.JSONDecoder()
    for language, text in BLOCKS:
        while language == "json" and text.strip():
            document, end = decoder.raw_decode(text.lstrip())
            found.append(document)
            text = text.lstrip()[end:]
    return found


def test_table_has_every_operation():
    rows = re.findall(r"^\| (`(?:GET|POST|PATCH|DELETE).*?) \|", PAGE, re.MULTILINE)
    named = {(path, method) for row in rows for path in paths(row) for method in re.findall(r"[A-Z]{3,}", row)}

    assert {(operation.path, operation.method) for operation in OPERATIONS} - {("/openapi.json", "GET")} <= named
    assert {path for path, _ in named} <= {operation.path for operation in OPERATIONS}


def paths(row: str) -> list[str]:
    """The paths in a row; the parts of a message follow its raw form."""
    found = re.findall(r"/[^ `]+", row)
    base = found[0].removesuffix("/raw")
    parts = [operation.path for operation in OPERATIONS]
    return [path if path in parts else base + path for path in found]


@pytest.mark.parametrize("body", bodies(), ids=lambda body: next(iter(body)))
def test_example_of_a_body_is_accepted(client, body):
    path = "/rules" if "stage" in body or set(body) <= set(READY_MADE) else "/messages"

    assert client.post(path, body).status == 201


def test_ready_made_rules_and_limits_are_named():
    assert all(f"`{name}`" in PAGE for name in READY_MADE)
    for limit in (MOST_LISTED, MOST_STREAMS, LONGEST_QUERY):
        assert f"{limit:,}" in PAGE


EXPRESSIONS = {
    r"(?=a)": False,
    r"(?<!a)b": False,
    r"(a)\1": False,
    r"^Order \d+$": True,
    r"(?P<name>O)": True,
    r"(?<name>O)": True,
    r"(?i)order": True,
    r"\pL+": True,
}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_syntax_of_expressions_is_as_described(mock, client, capfd, expression):
    send(mock, mail="Subject: Order 7")

    answer = client.get("/messages", subject=f"REGEXP:{expression}")

    assert answer.status == (200 if EXPRESSIONS[expression] else 400)
    if EXPRESSIONS[expression]:
        assert answer.json["total"] == 1
    assert capfd.readouterr().err == ""


def test_path_of_the_document_is_named():
    assert f"`{API}`" in PAGE
