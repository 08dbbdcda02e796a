"""Checks of the keyword documentation, as libdoc reads it."""

from __future__ import annotations

import re
from typing import Any

from robot.api.deco import keyword, library
from robot.libdocpkg import LibraryDocumentation
from SMTPMockLibrary.api import CRITERIA, RULE_WORDS, SETTINGS, STAGES


@library(scope="GLOBAL")
class Documentation:
    """Keywords that check the documentation."""

    @keyword
    def keywords_without_an_example(self) -> list[str]:
        """Return the keywords without documentation or without an example."""
        return [found.name for found in _library().keywords if not _example(found.doc)]

    @keyword
    def number_of_keywords(self) -> int:
        """Return the number of keywords."""
        return len(_library().keywords)

    @keyword
    def settings_without_a_meaning(self) -> list[str]:
        """Return the settings that Start SMTP Mock does not explain or accept."""
        start = next(found for found in _library().keywords if found.name == "Start SMTP Mock")
        return [
            name
            for name, declared in SETTINGS.items()
            if f"| {name} | {declared.meaning} |" not in start.doc or name not in start.args.named_only
        ]

    @keyword
    def criteria_without_a_meaning(self) -> list[str]:
        """Return the criteria that the introduction does not explain or Get Message does not accept."""
        found = _library()
        explained = re.findall(r"^\| (\w+) \|", found.doc, re.MULTILINE)
        get_message = next(known for known in found.keywords if known.name == "Get Message")
        return [word for word in CRITERIA if word not in explained or word not in get_message.args.named_only]

    @keyword
    def words_that_smtpmock_does_not_know(self) -> list[str]:
        """Return the criteria and rule words that smtpmock would refuse, and those that the library lacks."""
        from smtpmock import QueryWords, RuleWords

        functions = {"where"}  # which cannot be written in a test case
        known = {*QueryWords.__optional_keys__, *RuleWords.__optional_keys__} - functions
        return sorted({*CRITERIA, *RULE_WORDS} ^ {word.rstrip("_") for word in known})

    @keyword
    def rule_words_without_a_meaning(self) -> list[str]:
        """Return the stages and rule words that the introduction does not explain or Add Rule does not accept."""
        found = _library()
        _, _, explained = found.doc.partition("= Scripting the server =")
        add_rule = next(known for known in found.keywords if known.name == "Add Rule")
        taken = {argument.name for argument in add_rule.args}
        words = [word for word in RULE_WORDS if f"| {word} |" not in explained or word not in taken]
        return [*words, *(stage for stage in STAGES if f"``{stage}``" not in explained)]

    @keyword
    def arguments_without_a_type(self) -> list[str]:
        """Return the arguments of keywords that have no type."""
        return [
            f"{found.name}: {argument.name}"
            for found in _library().keywords
            for argument in found.args
            if argument.type is None
        ]


def _library() -> Any:
    return LibraryDocumentation("SMTPMockLibrary", doc_format="ROBOT")


def _example(doc: str) -> str:
    """Return the lines of the examples in the documentation of a keyword."""
    _, _, examples = doc.partition("Example")
    return "".join(f"    {line[2:]}\n" for line in examples.splitlines() if line.startswith("| "))
