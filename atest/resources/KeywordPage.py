"""The page of keywords, as a browser shows it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from robot.api.deco import keyword, library
from robot.libraries.BuiltIn import BuiltIn

RENDER = Path(__file__).parents[2] / "docs" / "render_keywords.py"

_EXAMPLES = """
const done = arguments[arguments.length - 1];
const found = [];
for (const shown of document.querySelectorAll("#keywords-container .keyword-container")) {
    shown.scrollIntoView(); // what is not in the window has not been laid out, and then has no text
    await new Promise(requestAnimationFrame);
    const texts = (selector) => [...shown.querySelectorAll(selector)].map((part) => part.innerText);
    found.push([texts(".kw-name")[0], texts("pre"), texts("td:first-child")]);
}
done(found);
"""
_LINKS = """
return [...document.querySelectorAll("#introduction-container ul a")].map((link) =>
    decodeURIComponent(link.hash.slice(1))).filter((name) => document.getElementById(name));
"""
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
class KeywordPage:
    """Keywords that render the page, and read from it what is shown."""

    @keyword
    def render_the_page(self) -> str:
        """Render the page, and return its URL."""
        path = self._output / "keywords.html"
        subprocess.run([sys.executable, str(RENDER), str(path)], check=True, timeout=60)
        return path.as_uri()

    @keyword
    def links_of_the_contents(self) -> list[str]:
        """Return the sections that the table of contents links to and that exist."""
        return self._run(_LINKS)

    @keyword
    def cells_of_tables(self) -> list[str]:
        """Return the texts of the first cells of all rows of tables."""
        cells = self._run("return [...document.querySelectorAll('td:first-child')].map((cell) => cell.innerText)")
        return [*cells, *(cell for _, _, cells in self._keywords() for cell in cells)]

    @keyword
    def write_examples_as_shown(self) -> tuple[Path, list[str]]:
        """Write a suite with a test for each keyword that shows an example, and return it with the others' names."""
        found = self._keywords()
        path = self._output / "examples.robot"
        tests = [f"{name}\n{_indented(examples)}" for name, examples, _ in found if examples]
        path.write_text(_HEAD + "\n".join(tests), encoding="utf-8")
        return path, [name for name, examples, _ in found if not examples]

    @keyword
    def write_the_first_example(self) -> Path:
        """Write the suite that the introduction shows, and return it."""
        path = self._output / "usage.robot"
        path.write_text(self._run("return document.querySelector('pre').innerText"), encoding="utf-8")
        return path

    @property
    def _output(self) -> Path:
        return Path(BuiltIn().get_variable_value("${OUTPUT_DIR}"))

    def _keywords(self) -> list[tuple[str, list[str], list[str]]]:
        """Return the keywords with their examples and the first cells of their tables."""
        driver = BuiltIn().get_library_instance("SeleniumLibrary").driver
        driver.set_script_timeout(30)
        return driver.execute_async_script(f"(async function () {{ {_EXAMPLES} }}).apply(null, arguments);")

    def _run(self, script: str) -> Any:
        return BuiltIn().get_library_instance("SeleniumLibrary").driver.execute_script(script)


def _indented(examples: list[str]) -> str:
    return "".join(f"    {line}\n" for example in examples for line in example.splitlines() if line)
