"""Every Python example in the documentation is run.

A fenced block that begins with ```python is an example. One that defines tests (`def test_`) is run by pytest in a
process of its own, beside the named blocks of its section, such as ```python conftest.py. Any other block is executed
as it stands; it finds a running server as `mock` and a function `send` that delivers a mail to it. A block that is to
fail says so in its first line: `# fails`.
"""

from __future__ import annotations

import ast
import re
from email.message import EmailMessage
from importlib.util import find_spec
from pathlib import Path
from smtplib import SMTP
from typing import NamedTuple

import pytest

from smtpmock import SMTPMock
from tests.pytest_runs import INSTALLED, run_pytest

pytest_plugins = ["pytester"]

DOCS = Path(__file__).parent.parent / "docs"
PAGES = (
    "queries.md",
    "messages.md",
    "lifecycle.md",
    "python.md",
    "async.md",
    "pytest.md",
    "frameworks.md",
    "remote.md",
)
_BLOCK = re.compile(r"^```python(?: (?P<name>[\w.]+))?\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    page: str
    section: str
    line: int
    name: str
    code: str


def _examples():
    for page in PAGES:
        text = (DOCS / page).read_text(encoding="utf-8")
        for found in _BLOCK.finditer(text):
            sections = re.findall(r"^## (.+)$", text[: found.start()], re.MULTILINE)
            line = text.count("\n", 0, found.start()) + 2
            yield Example(page, sections[-1] if sections else "", line, found["name"] or "", found["code"])


EXAMPLES = list(_examples())
TESTS = [example for example in EXAMPLES if not example.name and "def test_" in example.code]
STATEMENTS = [example for example in EXAMPLES if not example.name and "def test_" not in example.code]

# What the examples import besides: the application that is tested.
MODULES = {
    "shop": """
        from email.message import EmailMessage
        from smtplib import SMTP

        def sign_up(address, host, port):
            mail = EmailMessage()
            mail["Subject"] = "Welcome"
            mail["To"] = address
            mail.set_content("Your code is 123456.")
            with SMTP(host, port, local_hostname="app.example", timeout=60) as client:
                client.send_message(mail, "shop@example.com")
        """
}


# What belongs to a plugin, and its module.
SIGNS = {"pytest.mark.asyncio": "pytest_asyncio", "worker_id": "xdist"}


def test_each_page_has_examples():
    assert {example.page for example in EXAMPLES} == set(PAGES)


@pytest.mark.parametrize("example", STATEMENTS, ids=lambda example: f"{example.page}:{example.line}")
def test_statements(example, monkeypatch):
    if "import trio" in example.code:
        pytest.importorskip("trio")

    def send(
        recipient="bob@example.com", subject="Welcome", text="Hello", sender="shop@example.com", server=None, **headers
    ):
        mail = EmailMessage()
        mail["Subject"] = subject
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        there = server or mock
        with SMTP(there.host, there.port, local_hostname="app.example", timeout=60) as client:
            client.send_message(mail, sender, [recipient])

    with SMTPMock(multiple_rcptto=True, multiple_message_receiving=True) as mock:
        code = compile("\n" * (example.line - 1) + example.code, str(DOCS / example.page), "exec")
        exec(code, {"__name__": "example", "mock": mock, "send": send})
    assert mock.errors == []


@pytest.mark.parametrize("example", TESTS, ids=lambda example: f"{example.page}:{example.line}")
def test_tests(example, pytester, monkeypatch):
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)  # those of other processes of the example do not count
    pytester.makepyfile(**MODULES, test_example=example.code)
    parts = [other for other in EXAMPLES if other.name and other[:2] == example[:2]]
    for part in parts:
        pytester.path.joinpath(part.name).write_text(part.code, encoding="utf-8")
    own = {Path(part.name).stem for part in parts} | MODULES.keys()
    modules = _imported([part.code for part in [example, *parts]]) - own
    for module in sorted(modules):
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    result = _run(pytester, modules)
    assert set(result.parseoutcomes()) == {"failed" if example.code.startswith("# fails") else "passed"}


def test_the_failure_that_is_shown_is_the_one_of_its_example(pytester):
    example = next(example for example in TESTS if example.code.startswith("# fails"))
    text = (DOCS / example.page).read_text(encoding="utf-8")
    shown = text.partition("```text\n")[2].partition("```")[0].splitlines()
    pytester.makepyfile(**MODULES, test_shop=example.code.partition("\n")[2])
    lines = [_masked(line.rstrip()) for line in _run(pytester, set()).outlines]
    begin = lines.index(_masked(shown[0]))
    assert lines[begin : begin + len(shown)] == [_masked(line) for line in shown]


def _imported(codes):
    """The names of the modules that the code imports, and of the plugins whose markers and fixtures it uses."""
    found = {module for sign, module in SIGNS.items() if any(sign in code for code in codes)}
    for code in codes:
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module.partition(".")[0])
    return found


def _masked(line):
    """The line without times and ports, nor what depends on their width."""
    line = re.sub(r"\d\d:\d\d:\d\d\.\d{3}|\d+\.\d{3}|(?<=127\.0\.0\.1:)\d+", "0", line)
    line = re.sub(r"\b(from|to):<", lambda found: found[0].upper(), line)  # smtplib 3.13.0 writes small letters
    return re.sub(r"-{5,}", "--", line)


def _run(pytester, modules):
    """Runs what is in the folder, with the plugins that are in these modules."""
    plugins = [name for name, module in INSTALLED.items() if module.partition(".")[0] in modules - {"smtpmock"}]
    return run_pytest(pytester, "-W", "error", "--strict-markers", plugins=plugins)
