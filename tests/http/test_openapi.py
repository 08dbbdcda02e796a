"""The OpenAPI document: valid, complete, and true to what the server answers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import closing
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from smtpmock import CRITERIA, MESSAGE_WORDS, RULE_WORDS, STAGES, ServerStateError, SMTPMock
from smtpmock.http import context
from smtpmock.http.native.app import OPERATIONS, PREFIX, api_document
from smtpmock.http.native.forms import FORMS
from tests.http.conftest import API, SECONDS, Client, send
from tests.long import LONG

DOCUMENT = api_document(has_login=False)
MAIL = 'Subject: hi\nContent-Disposition: attachment; filename="a.txt"\n\nhello'
JSON = {"Content-Type": "application/json"}


def documented() -> list[tuple[str, str, int]]:
    """Every answer that is documented: a method, a path, a status."""
    return [
        (method.upper(), path, int(status))
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
        for status in operation["responses"]
    ]


def test_document_is_valid_openapi(client):
    answer = client.get("/openapi.json")

    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json == DOCUMENT
    assert list(OpenAPIV31SpecValidator(answer.json).iter_errors()) == []


def test_document_is_made_of_the_declarations():
    names = {found["name"] for found in DOCUMENT["paths"]["/messages"]["get"]["parameters"]}
    schemas = DOCUMENT["components"]["schemas"]

    assert set(MESSAGE_WORDS) - {"search"} <= names
    assert set(RULE_WORDS) <= set(schemas["Rule"]["properties"])
    assert schemas["Rule"]["properties"]["stage"]["enum"] == list(STAGES)
    for kind, form in FORMS.items():
        assert list(schemas[kind.__name__]["properties"]) == list(form.names)
        assert all(part["description"] for part in schemas[kind.__name__]["properties"].values())
    assert all(CRITERIA[word].meaning for word in MESSAGE_WORDS)


def test_operation_has_one_id():
    ids = [operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()]

    assert len(ids) == len(set(ids)) == len(OPERATIONS)


def test_login_is_in_the_document_of_a_server_that_requires_one():
    secured = api_document(has_login=True)

    assert secured["security"] == [{"login": []}]
    assert list(OpenAPIV31SpecValidator(secured).iter_errors()) == []
    assert all("401" in found["responses"] for methods in secured["paths"].values() for found in methods.values())


# Every documented answer.

BODIES: dict[tuple[str, str], Any] = {
    ("PATCH", "/messages"): {"read": True},
    ("PATCH", "/messages/{id}"): {"tags": ["a"]},
    ("POST", "/messages"): {"from": "a@example.com", "to": "b@example.com"},
    ("POST", "/explain"): {"headline": "x"},
    ("POST", "/rules"): {"stage": "NOOP", "delay": 0.1},
    ("POST", "/clock"): {"advance": 1},
    ("PUT", "/profile"): {"name": "outage"},
}
"""A valid body for each operation that takes one."""

QUERIES = {"/wait": "timeout=0", "/none": "within=0&subject=nothing"}


def path_of(path: str, mock: SMTPMock) -> str:
    """A path that names something that is there."""
    named = {"/rules": mock.rules[0].id, "/messages": "latest", "/sessions": "latest"}
    beginning = next((found for found in named if path.startswith(found)), "")
    return path.replace("{id}", named.get(beginning, "")).replace("{n}", "0").replace("{name}", "outage")


@pytest.mark.parametrize(("method", "path", "status"), documented())
def test_documented_answer_is_given(method, path, status, monkeypatch):
    tls = "" if (path, status) == ("/ca.pem", 404) else "starttls"
    with SMTPMock(http_port=0, tls=tls, msg_size_limit=1) as mock, closing(Client(mock)) as client:
        mock.deliver(MAIL.replace("\n", "\r\n").encode(), "a@example.com", ["b@example.com"])
        mock.on("NOOP", delay=0.1)
        send_nothing(mock)
        wanted, query, options = path_of(path, mock), QUERIES.get(path, ""), {}
        body = BODIES.get((method, path))
        if body is not None:
            options = {"body": json.dumps(body).encode(), "headers": JSON}
        if status == 400:
            query = "unknown=1"
        elif status == 403:
            options["headers"] = {**options.get("headers", {}), "Host": "elsewhere.example"}
        elif status == 404 and "{" in path:
            wanted = re.sub(r"latest|rule-\d+|outage", "nowhere", wanted)
        elif (status, path) == (404, "/wait"):
            query = "timeout=0&subject=nothing"
        elif status == 406:
            options = {"headers": {"Accept": "image/png"}}
        elif status == 409:
            query = "within=0"
        elif status == 413:
            options["body"] = b" " * (2 + 1_048_577)
        elif status == 414:
            query = f"x={'x' * 7_500}"
        elif status == 415:
            options["headers"] = {"Content-Type": "text/plain"}
        elif status == 503 and "line" in path:
            monkeypatch.setattr(type(mock._local), "set_online", refuse)
        elif status == 503:
            monkeypatch.setattr(context, "MOST_STREAMS", 0)

        asked = "HEAD" if (path, status) == ("/events", 200) else method  # its body has no end
        answer = client.ask(asked, f"{API}{wanted}?{query}" if query else API + wanted, **options)

        assert answer.status == status
        conforms(method, path, answer)


def refuse(*_: Any) -> None:
    """Fail as if the server were stopped at that moment."""
    raise ServerStateError("Unable to go online: the server is not running.")


def send_nothing(mock: SMTPMock) -> None:
    """Leave a session."""
    from smtplib import SMTP

    with SMTP(mock.host, mock.port):
        pass


def conforms(method: str, path: str, answer: Any) -> None:
    """Make sure that an answer is of the documented type and schema, and has nothing that is not documented."""
    described = DOCUMENT["paths"][path][method.lower()]["responses"][str(answer.status)]["content"]
    kind = answer.headers["Content-Type"].partition(";")[0]
    assert kind in described or "*/*" in described
    if "json" in kind:
        schema = described[kind]["schema"]
        OAS31Validator({**schema, "components": DOCUMENT["components"]}).validate(answer.json)
        if "$ref" in schema:
            known = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
            assert set(answer.json) <= set(known)


# Whatever the document allows.


@pytest.fixture(scope="module")
def served():
    """A server."""
    with SMTPMock(http_port=0, timeout=0.01) as mock:
        yield mock
        assert mock.errors == []


def operations() -> list[Any]:
    """The operations as Schemathesis reads them, with waits that do not take long."""
    document = json.loads(json.dumps(DOCUMENT))
    for path in ("/wait", "/none"):
        for found in document["paths"][path]["get"]["parameters"]:
            if found["name"] in ("timeout", "within"):
                found.update({"required": True, "schema": {"type": "number", "minimum": 0, "maximum": 0.01}})
    del document["paths"]["/events"]  # whose answer has no end
    return [found.ok() for found in schemathesis.openapi.from_dict(document).get_all_operations()]


CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_schema_conformance,
]


EXAMPLES = 8 if LONG else 4
VALID = [(operation, schemathesis.GenerationMode.POSITIVE, EXAMPLES) for operation in operations()]
INVALID = [
    (operation, schemathesis.GenerationMode.NEGATIVE, EXAMPLES // 2)
    for operation in operations()
    if operation.query or operation.body  # there is something that can be wrong
]


@pytest.mark.parametrize(
    ("operation", "mode", "examples"),
    VALID + INVALID,
    ids=lambda part: getattr(part, "label", getattr(part, "value", "")),
)
def test_server_answers_as_documented_whatever_is_asked(operation, mode, examples, served):
    served.clear_rules()
    served.go_online()
    send(served, mail=MAIL)
    served.on("NOOP", delay=0.1)

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=examples, suppress_health_check=HealthCheck)
    def ask(case):
        case.call_and_validate(base_url=f"{served.http_url}{PREFIX}", checks=CHECKS, timeout=SECONDS)

    ask()


# The page.


def test_page_shows_every_operation_and_loads_nothing_from_elsewhere(client):
    page = client.ask("GET", "/docs")

    text = page.content.decode()
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for operation in OPERATIONS:
        assert f"{operation.method} {operation.path}</code></h2>" in text
        assert operation.summary.replace("'", "&#x27;") in text
    for kind in FORMS:
        assert f"<h3>{kind.__name__}</h3>" in text
    assert "<script" not in text
    assert re.findall(r'(?:src|href)="(?!#|/)', text) == []
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_page_is_found_beside_the_document(client):
    moved = client.ask("GET", f"{API}/docs", redirect=False)

    assert (moved.status, moved.headers["Location"]) == (308, "/docs")


def test_document_needs_no_docstrings():
    program = "from smtpmock.http.native.app import api_document; print(len(api_document(has_login=False)['paths']))"

    done = subprocess.run([sys.executable, "-OO", "-c", program], capture_output=True, text=True, timeout=SECONDS)

    assert (done.stdout, done.stderr) == (f"{len(DOCUMENT['paths'])}\n", "")
