"""The page about the API: its OpenAPI document, written as HTML."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_BEGIN = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>smtpmock: API</title>
<link rel="icon" href="/assets/icon.svg">
<link rel="stylesheet" href="/assets/reference.css">
<main>
<h1>smtpmock API</h1>
"""
_END = "</main>\n</html>\n"


def render(document: Mapping[str, Any]) -> str:
    """Return the page about an API.

    Args:
        document: Its OpenAPI document.
    """
    [server] = document["servers"]
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = document["components"]["schemas"]
    return "".join(
        (
            _BEGIN,
            f"<p>{escape(document['info']['description'])}</p>\n",
            f"<p>All paths are below <code>{escape(server['url'])}</code>. ",
            f'The same as an <a href="{escape(server["url"])}/openapi.json">OpenAPI document</a>.</p>\n',
            '<nav aria-label="Operations">\n<ul>\n',
            *(_entry(method, path, operation) for method, path, operation in operations),
            "</ul>\n</nav>\n",
            *(_operation(method, path, operation) for method, path, operation in operations),
            "<h2>Objects</h2>\n",
            *(_schema(name, schema) for name, schema in schemas.items()),
            _END,
        )
    )


def _entry(method: str, path: str, operation: Mapping[str, Any]) -> str:
    name = escape(operation["operationId"])
    return f'<li><a href="#{name}"><code>{method} {escape(path)}</code></a> {escape(operation["summary"])}</li>\n'


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    parts = [f'<section id="{escape(operation["operationId"])}">\n<h2><code>{method} {escape(path)}</code></h2>\n']
    parts.append(f"<p>{escape(operation['summary'])}.</p>\n")
    parameters = operation["parameters"]
    if parameters:
        rows = ((found["name"], _type(found["schema"]), found["description"]) for found in parameters)
        parts.append(_table("Parameters", ("name", "value", "meaning"), rows))
    if "requestBody" in operation:
        contents = operation["requestBody"]["content"]
        kinds = escape(" or ".join(contents))
        [content, *_] = contents.values()
        parts.append(f"<details>\n<summary>Body ({kinds})</summary>\n{_code(content['schema'])}</details>\n")
    answers = (
        (status, ", ".join(answer["content"]), answer["description"])
        for status, answer in operation["responses"].items()
    )
    parts.append(_table("Answers", ("status", "type", "meaning"), answers))
    return "".join((*parts, "</section>\n"))


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    rows = ((key, _type(part), part.get("description", "")) for key, part in schema.get("properties", {}).items())
    about = f"<p>{escape(schema.get('description', ''))}</p>\n"
    heading = f'<section id="{escape(name)}">\n<h3>{escape(name)}</h3>\n'
    return f"{heading}{about}{_table(name, ('name', 'type', 'meaning'), rows)}</section>\n"


def _table(caption: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    cells = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    lines = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row"><code>{escape(cell)}</code></th>' if place == 0 else f"<td>{escape(cell)}</td>"
            for place, cell in enumerate(row)
        )
        + "</tr>\n"
        for row in rows
    )
    return f"<table>\n<caption>{escape(caption)}</caption>\n<tr>{cells}</tr>\n{lines}</table>\n"


def _code(schema: Mapping[str, Any]) -> str:
    return f'<pre tabindex="0"><code>{escape(json.dumps(schema, indent=2, ensure_ascii=False))}</code></pre>\n'


def _type(schema: Mapping[str, Any]) -> str:
    """Return the type of a schema in words."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    kind = schema.get("type", "anything")
    if kind == "array" and "items" in schema:
        return f"list of {_type(schema['items'])}"
    if "minimum" in schema:
        return f"{kind} from {schema['minimum']:g}" + (f" to {schema['maximum']:g}" if "maximum" in schema else "")
    if schema.get("contentEncoding"):
        return f"{kind} in {schema['contentEncoding']}"
    return str(schema.get("format", kind))
