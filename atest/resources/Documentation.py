"""The documentation of the keywords, as libdoc reads it, and the examples in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from robot.api.deco import keyword, library
from robot.libdocpkg import LibraryDocumentation
from robot.libraries.BuiltIn import BuiltIn

HERE = Path(__file__).parent.parent

_HEAD = """\
*** Settings ***
Library             SMTPMockLibrary
Library             Collections
Library             Mailer
Test Setup          The Welcome Mail Has Arrived


*** Keywords ***
The Welcome Mail Has Arrived
    ${server} =    Start SMTP Mock
    Send The Welcome Mail    ${server}


*** Test Cases ***
"""


@library(scope="GLOBAL")
class Documentation:
    """Keywords about the documentation."""

    @keyword
    def keywords_without_an_example(self) -> list[str]:
        """The keywords that have no documentation, or no example in it."""
        return [found.name for found in _library().keywords if not _example(found.doc)]

    @keyword
    def write_examples(self) -> Path:
        """Writes a suite in which each example is a test; returns its path."""
        path = Path(BuiltIn().get_variable_value("${OUTPUT DIR}")) / "examples.robot"
        tests = "\n".join(f"{found.name}\n{_example(found.doc)}" for found in _library().keywords)
        path.write_text(_HEAD + tests, encoding="utf-8")
        return path

    @keyword
    def number_of_keywords(self) -> int:
        """How many there are."""
        return len(_library().keywords)

    @keyword
    def settings_without_a_meaning(self) -> list[str]:
        """The settings that Start SMTP Mock does not explain, or does not take."""
        from smtpmock.settings.declarations import SETTINGS

        start = next(found for found in _library().keywords if found.name == "Start SMTP Mock")
        return [
            name
            for name, declared in SETTINGS.items()
            if f"| {name} | {declared.meaning} |" not in start.doc or name not in start.args.named_only
        ]

    @keyword
    def criteria_without_a_meaning(self) -> list[str]:
        """The criteria that the introduction does not explain, or that Get Message does not take."""
        from smtpmock.queries.query import WORDS

        found = _library()
        explained = re.findall(r"^\| (\w+) +\|", found.doc, re.MULTILINE)
        get_message = next(known for known in found.keywords if known.name == "Get Message")
        return [word for word in WORDS if word not in explained or word not in get_message.args.named_only]

    @keyword
    def rule_words_without_a_meaning(self) -> list[str]:
        """The stages and words of rules that the introduction does not explain, or that Add Rule does not take."""
        from smtpmock.rules.rule import STAGES, WORDS

        found = _library()
        _, _, explained = found.doc.partition("Scripted behaviour")
        add_rule = next(known for known in found.keywords if known.name == "Add Rule")
        taken = {argument.name for argument in add_rule.args}
        words = [word for word in WORDS if f"| {word} " not in explained or word not in taken]
        return [*words, *(stage for stage in STAGES if f"``{stage}``" not in explained)]

    @keyword
    def arguments_without_a_type(self) -> list[str]:
        """The arguments of keywords that say nothing of what they take."""
        return [
            f"{found.name}: {argument.name}"
            for found in _library().keywords
            for argument in found.args
            if argument.type is None
        ]

    @keyword
    def page_should_be_up_to_date(self, page: Path) -> None:
        """Fails unless a page that libdoc has made says what it would say today."""
        written = re.search(r"^libdoc = (\{.*\})$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert written, "The page was not made by libdoc."
        today = json.loads(_library().to_json(include_private=False, theme=None))
        assert _said(json.loads(written[1])) == _said(today), "Run python docs/render_keywords.py."


def _library() -> Any:
    return LibraryDocumentation("SMTPMockLibrary", doc_format="ROBOT")


def _example(doc: str) -> str:
    """The lines of the examples in a documentation."""
    _, _, examples = doc.partition("Example")
    return "".join(f"    {line[2:]}\n" for line in examples.splitlines() if line.startswith("| "))


def _said(page: dict[str, Any]) -> list[Any]:
    """What does not depend on the version of Robot Framework: names and tags of keywords, names of arguments."""
    return [
        (found["name"], found["tags"], [argument["name"] for argument in found["args"]], found["shortdoc"])
        for found in page["keywords"]
    ]
