"""Keywords that run suites as the subject of a test and check the results, as in the tests of Robot Framework."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from difflib import unified_diff
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from robot.api import ExecutionResult, ResultVisitor
from robot.api.deco import keyword, library
from robot.libraries.BuiltIn import BuiltIn

HERE = Path(__file__).parent.parent
SECONDS = 120

_VOLATILE = (
    (re.compile(r"\b\d\d:\d\d:\d\d\.\d{3}\b"), "HH:MM:SS.mmm"),
    (re.compile(r"(127\.0\.0\.1:)\d+"), r"\1PORT"),
    (re.compile(r"\+\d+\.\d{3}\b"), "+0.000"),
    (re.compile(r"\b\d+\.\d+ s(?=\s+after the wait)"), "0.0 s"),
    (re.compile(r"ended after \d+\.\d{3} s"), "ended after 0.000 s"),
)


class _Collector(ResultVisitor):
    """Collect all tests by name, and the log messages of each; those of suites have no name."""

    def __init__(self) -> None:
        self.tests: dict[str, Any] = {}
        self.messages: dict[str, list[Any]] = {"": []}
        self._test = ""

    def start_test(self, test: Any) -> None:
        self._test = test.name
        self.tests[test.name] = test
        self.messages[test.name] = []

    def end_test(self, test: Any) -> None:
        self._test = ""

    def visit_message(self, message: Any) -> None:
        self.messages[self._test].append(message)


@library(scope="GLOBAL")
class Subject:
    """Keywords that run a suite and check its results."""

    def __init__(self) -> None:
        self._found = _Collector()
        self._errors: list[Any] = []
        self._runs = 0

    @keyword
    def run_subject(self, suite: Path, *options: str) -> Path:
        """Run a suite with robot, and return the output directory. Relative paths refer to atest/testdata."""
        folder = self._folder(suite)
        self._run([sys.executable, "-W", "error", "-m", "robot", *self._options(folder), *options, self._data(suite)])
        return self._look_at(folder)

    @keyword
    def run_subject_in_parallel(self, suite: Path, processes: int, *options: str) -> Path:
        """Run a suite with pabot, and return the output directory."""
        folder = self._folder(suite)
        pabot = [sys.executable, "-m", "pabot.pabot", "--processes", str(processes), "--no-pabotlib"]
        pabot += ["--command", sys.executable, "-m", "robot", "--end-command"]
        self._run([*pabot, *self._options(folder), *options, self._data(suite)], folder)
        return self._look_at(folder)

    @keyword
    def number_of_tests_should_be(self, number: int) -> None:
        """Fail unless this many tests ran."""
        assert len(self._found.tests) == number, f"{len(self._found.tests)} tests: {', '.join(self._found.tests)}"

    @keyword
    def all_tests_should_have_passed(self) -> None:
        """Fail if a test failed, or if no test ran."""
        assert self._found.tests, "No test ran."
        for test in self._found.tests.values():
            assert test.passed, f"{test.name}: {test.status}\n{test.message}"

    @keyword
    def test_should_have_passed(self, name: str) -> None:
        """Fail unless the test passed."""
        test = self._found.tests[name]
        assert test.passed, f"{test.status}\n{test.message}"

    @keyword
    def test_should_have_failed(self, name: str, *lines: str) -> None:
        """Fail unless the test failed with exactly these lines, except for times and ports."""
        test = self._found.tests[name]
        assert test.failed, test.status
        actual = self._steady(test.message)
        expected = "\n".join(lines)
        assert actual == expected, f"Expected the error:\n{expected}\n\ngot:\n{actual}"

    @keyword
    def failures_should_be_as_written(self, file: Path) -> None:
        """Fail unless each test failed with the text below its name in a file of atest/testdata."""
        actual = "".join(f"## {name}\n\n{self._steady(test.message)}\n\n" for name, test in self._found.tests.items())
        expected = (HERE / "testdata" / file).read_text(encoding="utf-8")
        lines = (text.splitlines() for text in (expected, actual))
        assert actual == expected, "\n".join(unified_diff(*lines, "expected", "actual", lineterm=""))

    @keyword
    def get_html_messages(self, name: str, level: str = "INFO") -> list[str]:
        """Return the HTML that the library logged during a test, or during suite setups and teardowns."""
        return [found.message for found in self._pictures(name) if found.level == level]

    @keyword
    def get_all_pictures(self) -> dict[str, list[str]]:
        """Return the HTML that the library logged by the names of the tests, except for times and ports."""
        return {name: [self._steady(found.message) for found in self._pictures(name)] for name in self._found.tests}

    @keyword
    def get_places_of_pictures(self, name: str) -> list[str]:
        """Return the names of the keywords, or the types of the control structures, that contain the pictures."""
        places = (found.parent for found in self._pictures(name))
        keywords = ("KEYWORD", "SETUP", "TEARDOWN")
        return [place.name if place.type in keywords else place.type for place in places]

    @keyword
    def get_lines_about_mail(self, name: str) -> list[str]:
        """Return the lines about messages that arrived during a test, without their numbers."""
        messages = (found.message for found in self._found.messages[name] if found.level == "INFO" and not found.html)
        lines = (line for message in messages for line in message.splitlines() if line.startswith("SMTP mock '"))
        return [re.sub(r"<Message \d+ ", "<Message N ", line) for line in lines if " received " in line]

    @keyword
    def get_message_of_test(self, name: str) -> str:
        """Return the error of a test."""
        return self._found.tests[name].message

    @keyword
    def get_log_messages(self, name: str) -> list[str]:
        """Return all log messages of a test."""
        return [found.message for found in self._found.messages[name]]

    @keyword
    def errors_should_be_text(self, *names: str) -> None:
        """Fail unless these tests failed, and none of their errors is displayed as HTML."""
        for name in names:
            test = self._found.tests[name]
            assert test.failed, f"{name}: {test.status}"
            assert not test.message.startswith("*HTML*"), f"{name}: {test.message}"
            markup = [found.message for found in self._found.messages[name] if found.level == "FAIL" and found.html]
            assert not markup, f"{name}: {markup}"

    @keyword
    def get_errors_of_the_run(self) -> list[str]:
        """Return the errors that were logged outside of tests."""
        return [found.message for found in self._errors]

    @keyword
    def render(self, page: Path, anchor: str = "", options: str = "") -> str:
        """Return the document that Chromium renders, after running the scripts of the page."""
        profile = Path(BuiltIn().get_variable_value("${OUTPUT DIR}")) / "chromium"
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
        command += ["--virtual-time-budget=5000", *options.split(), "--dump-dom", f"{page.as_uri()}#{anchor}"]
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True).stdout

    @keyword
    def get_font_of_message(self, page: Path, test: str) -> str:
        """Return the font in which Chromium displays the error of a test, which has this id in log.html."""
        script = f"document.title = getComputedStyle(document.querySelector('#{test} td.message')).fontFamily"
        copy = page.with_name("font.html")
        html = page.read_text(encoding="utf-8")
        copy.write_text(f"{html}<script>setTimeout(() => {{ {script} }}, 2000)</script>", encoding="utf-8")
        return re.search("<title>(.*?)</title>", self.render(copy, test))[1]

    @keyword
    def get_elements(self, html: str) -> set[str]:
        """Return the elements of a fragment of HTML, each with the names of its attributes."""
        found = set()
        parser = HTMLParser()
        parser.handle_starttag = lambda tag, attributes: found.add(" ".join((tag, *(name for name, _ in attributes))))
        parser.feed(html)
        parser.close()
        return found

    @keyword
    def open_beacon(self) -> int:
        """Start a web server that records requests, and return its port."""
        asked = self._asked = []

        class Beacon(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_error(404)

            def log_message(self, *_: object) -> None:
                pass

        self._beacon = ThreadingHTTPServer(("127.0.0.1", 0), Beacon)
        Thread(target=self._beacon.serve_forever, daemon=True).start()
        return self._beacon.server_port

    @keyword
    def beacon_should_be_silent(self) -> None:
        """Fail if the web server received a request."""
        assert not self._asked, f"The beacon received requests: {', '.join(sorted(set(self._asked)))}"

    @keyword
    def close_beacon(self) -> None:
        """Stop the web server."""
        self._beacon.shutdown()
        self._beacon.server_close()

    def _pictures(self, name: str) -> list[Any]:
        return [found for found in self._found.messages[name] if found.html and 'class="smtpmock"' in found.message]

    def _options(self, folder: Path) -> list[str]:
        options = ["--outputdir", str(folder), "--pythonpath", str(HERE / "resources")]
        return [*options, *os.environ.get("SUBJECT_OPTIONS", "").split()]  # as atest/run.py --remote sets them

    def _data(self, suite: Path) -> str:
        return str(HERE / "testdata" / suite)

    def _folder(self, suite: Path) -> Path:
        self._runs += 1
        folder = Path(BuiltIn().get_variable_value("${OUTPUT DIR}")) / "subjects" / f"{self._runs}-{suite.stem}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _run(self, command: list[str], folder: Path | None = None) -> None:
        ended = subprocess.run(
            [*map(str, command)],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            cwd=folder,  # pabot writes a file there
            env={name: value for name, value in os.environ.items() if not name.startswith("ROBOT_")},
        )
        print(ended.stdout)
        print(ended.stderr)

    def _look_at(self, folder: Path) -> Path:
        self._found = _Collector()
        result = ExecutionResult(folder / "output.xml")
        result.visit(self._found)
        self._errors = list(result.errors)
        return folder

    @staticmethod
    def _steady(text: str) -> str:
        for found, shown in _VOLATILE:
            text = found.sub(shown, text)
        return text
