"""Every path, parameter, status and field of `tests/data/mailpit-api.json`, the facts about Mailpit's API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from smtpmock.http.mailpit.message import NO_THUMBNAIL, NOT_DONE

FACTS = json.loads((Path(__file__).parents[2] / "data" / "mailpit-api.json").read_text(encoding="utf-8"))
PATHS: dict[str, Any] = FACTS["paths"]
TYPES: dict[str, Any] = FACTS["types"]

REFUSED = {
    **{path: NOT_DONE[name] for path in PATHS for name in NOT_DONE if path.endswith(f"/{name}")},
    **{path: NO_THUMBNAIL for path in PATHS if path.endswith("/thumb")},
}
"""The paths that are answered with a sentence."""

BODIES: dict[str, Any] = {
    "PUT /api/v1/chaos": {"Sender": {"ErrorCode": 451, "Probability": 5}},
    "PUT /api/v1/messages": {"IDs": [], "Read": True, "Search": ""},
    "DELETE /api/v1/messages": {"IDs": []},
    "POST /api/v1/message/{ID}/release": {"To": ["bob@example.com"]},
    "POST /api/v1/send": {
        "From": {"Email": "shop@example.com", "Name": "Shop"},
        "To": [{"Email": "bob@example.com", "Name": "Bob"}],
        "Cc": [{"Email": "carol@example.com", "Name": ""}],
        "Bcc": ["dave@example.com"],
        "ReplyTo": [{"Email": "answers@example.com", "Name": "Answers"}],
        "Subject": "Hello",
        "Text": "Hello",
        "HTML": "<p>Hello</p>",
        "Headers": {"X-Id": "7"},
        "Tags": ["late"],
        "Attachments": [
            {"Filename": "a.txt", "Content": "eA==", "ContentID": "", "ContentType": "text/plain"},
            {"Filename": "b.png", "Content": "eA==", "ContentID": "b", "ContentType": "image/png"},
        ],
    },
    "PUT /api/v1/tags": {"IDs": [], "Tags": ["late"]},
    "PUT /api/v1/tags/{Tag}": {"Name": "later"},
}
QUERIES = {
    "start": "0",
    "limit": "50",
    "query": "to:bob",
    "tz": "Europe/Berlin",
    "follow": "false",
    "embed": "1",
}

JSON_TYPES = {"string": str, "integer": int, "boolean": bool, "number": (int, float)}


@pytest.fixture
def filled(mock, order):
    """A server with a mail that has everything that the API shows."""
    mock.update_messages(tags=["late"])
    return mock


def path_of(known: str) -> tuple[str, str]:
    method, path = known.split(" ")
    return method, path.replace("{ID}", "latest").replace("{PartID}", "2").replace("{Tag}", "late")


def conforms(value: Any, kind: Any, where: str) -> None:
    """Check that a value has exactly the form of a type."""
    if isinstance(kind, str) and kind in TYPES:
        conforms(value, TYPES[kind], where)
    elif isinstance(kind, str):
        expected = JSON_TYPES[kind.partition(":")[0]]
        assert isinstance(value, expected), where
        assert expected is bool or not isinstance(value, bool), where
    elif isinstance(kind, list):
        assert isinstance(value, list), where
        for item in value:
            conforms(item, kind[0], f"{where}[]")
    elif "*" in kind:
        assert isinstance(value, dict), where
        for name, item in value.items():
            conforms(item, kind["*"], f"{where}.{name}")
    else:
        more = {"Read"} if kind is TYPES["Message"] else {"count"} if kind is TYPES["MessagesSummary"] else set()
        assert set(value) == set(kind) | more, where
        for name, item in kind.items():
            conforms(value[name], item, f"{where}.{name}")


def ask(mailpit, known: str, path: str | None = None, query: dict[str, str] | None = None):
    method, plain = path_of(known)
    asked = {name: QUERIES[name] for name in PATHS[known].get("parameters", {}).get("query", {})}
    return mailpit.ask(
        method,
        path or plain,
        **({"json": BODIES[known]} if known in BODIES else {}),
        **({"fields": asked if query is None else query} if method in ("GET", "DELETE") and asked else {}),
    )


@pytest.mark.parametrize("known", [known for known in PATHS if known not in REFUSED])
def test_answer_has_every_field_of_its_type(filled, mailpit, known):
    kind = PATHS[known]["responses"]["200"]

    response = ask(mailpit, known)

    assert response.status == 200, response
    if kind == "string":
        assert response.content
    else:
        conforms(json.loads(response.content), kind, known)
    if known.startswith("GET"):
        head = mailpit.ask("HEAD", path_of(known)[1] + ("?query=to:bob" if known.endswith("/search") else ""))
        assert (head.status, head.content) == (200, b"")


def test_message_has_values_in_its_lists(filled, mailpit):
    """Without them, the types of their items would not be checked."""
    message = mailpit.get("/message/latest")

    empty = {name for name, value in message.items() if value == [] or value == ""}
    assert empty == {"Username"}
    assert mailpit.get("/messages")["messages"][0]["Tags"] == ["late"]


@pytest.mark.parametrize("known", REFUSED)
def test_what_smtpmock_does_not_do_is_refused_with_a_sentence(filled, mailpit, known):
    response = ask(mailpit, known)

    assert (response.status, response.content.decode()) == (400, REFUSED[known])
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("known", [known for known in PATHS if "404" in PATHS[known]["responses"]])
def test_missing_message_is_a_404_in_plain_text(mock, mailpit, known):
    _, path = path_of(known)

    for missing, sentence in (
        (path, "There is no message yet"),
        (path.replace("latest", "no-such-id"), "There is no message 'no-such-id'"),
    ):
        response = ask(mailpit, known, missing)
        assert (response.status, response.content.decode()) == (404, sentence)
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("known", [known for known in PATHS if not known.endswith("/thumb")])
def test_unknown_parameter_is_a_400_that_names_the_nearest(filled, mailpit, known):
    method, path = path_of(known)
    names = list(PATHS[known].get("parameters", {}).get("query", {}))

    response = mailpit.ask(
        method, f"{path}?{names[0] if names else 'nam'}x=1", **({"json": BODIES[known]} if known in BODIES else {})
    )

    text = response.content.decode()
    assert response.status == 400
    assert "Unknown parameter" in text
    assert not names or f"did you mean '{names[0]}'?" in text


def test_every_body_is_tried():
    assert {known for known in PATHS if "body" in PATHS[known].get("parameters", {})} == BODIES.keys()


@pytest.mark.parametrize("known", sorted(BODIES.keys() - REFUSED.keys()))
def test_every_field_of_a_body_is_known_in_any_case_and_no_other(filled, mailpit, known):
    method, path = path_of(known)
    fields = PATHS[known]["parameters"]["body"]["Body"]
    fields = TYPES.get(fields, fields) if isinstance(fields, str) else fields
    assert set(BODIES[known]) <= set(fields)

    lower = mailpit.ask(method, path, json={name.lower(): value for name, value in BODIES[known].items()})
    assert lower.status == 200, lower
    for name in fields:
        response = mailpit.ask(method, path, json={f"{name}x": None})
        assert response.status == 400
        assert f"did you mean '{name}'?" in response.content.decode()
