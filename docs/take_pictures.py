"""Take the pictures of the README anew: python docs/take_pictures.py (needs Robot Framework, Chromium and Selenium)."""

from __future__ import annotations

import base64
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from smtplib import SMTP, SMTPRecipientsRefused
from typing import TYPE_CHECKING, Any

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from smtpmock import SMTPMock
from smtpmock.demo import send_demo

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
IMAGES = HERE / "images"
SHOP = HERE.parent / "atest" / "examples" / "shop" / "shop.py"

_SUITE = """\
*** Settings ***
Library    SMTPMockLibrary
Library    Process

*** Test Cases ***
Every Subscriber Receives The Newsletter
    ${server} =    Start SMTP Mock
    Reject Recipient    carl@example.com
    Run Process    python    shop.py    --smtp    ${server.address}    newsletter    addresses.txt
    Wait For Message    recipient=bob@example.com    subject=News*
    Wait For Message    recipient=carl@example.com    subject=News*    timeout=200 ms
"""
_COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#d29922", "34": "#79c0ff", "90": "#8b949e", "94": "#a5d6ff"}


def refused(browser: Chrome, folder: Path) -> str:
    """Show the session of a client that was greylisted by a rule."""
    with SMTPMock() as mock:
        mock.on("RCPT TO", recipient="bob@example.com", times=2, reply="450 4.7.1 Greylisted, try again later")
        with SMTP(mock.host, mock.port, local_hostname="shop.example") as client:
            try:
                client.sendmail("shop@example.com", ["bob@example.com"], "Subject: Welcome\r\n\r\nHello")
            except SMTPRecipientsRefused:
                pass
        shown = mock.evidence_html()
    _open(browser, folder, f"<body style='font-family:sans-serif;width:780px;margin:0'>{shown}")
    browser.execute_script("document.querySelectorAll('details').forEach((found) => { found.open = true; });")
    return "details"


def log(browser: Chrome, folder: Path) -> str:
    """Show a failed test in log.html."""
    (folder / "news.robot").write_text(_SUITE, encoding="utf-8")
    (folder / "addresses.txt").write_text("ann@example.com\ncarl@example.com\nbob@example.com\n", encoding="utf-8")
    shutil.copy(SHOP, folder)
    subprocess.run([sys.executable, "-m", "robot", "news.robot"], cwd=folder, check=False, stdout=subprocess.DEVNULL)
    browser.get((folder / "log.html").as_uri())
    return "#s1-t1-k5"  # the keyword that fails


def pytest(browser: Chrome, folder: Path) -> str:
    """Show the failure of pytest.md as a terminal does."""
    page = (HERE / "pytest.md").read_text(encoding="utf-8")
    for name, code in re.findall(
        r'^```python title="((?:test_)?shop\.py)"\n(.*?)^```$', page, re.MULTILINE | re.DOTALL
    ):
        (folder / name).write_text(code.removeprefix("# fails\n"), encoding="utf-8")
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "--color=yes", "-q", "-p", "smtpmock.pytest_plugin", "test_shop.py"]
    shown = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, env=environment).stdout
    coloured = re.sub(r"\x1b\[([\d;]*)m", _span, html.escape(shown))
    style = "margin:0;padding:16px;width:max-content;background:#0d1117;color:#e6edf3;font:14px/1.4 monospace"
    _open(browser, folder, f"<body style='margin:0'><pre style='{style}'><span>{coloured}</span></pre>")
    return "pre"


def inbox(browser: Chrome, folder: Path) -> str:
    """Show the inbox with the examples of `smtpmock serve --demo`."""
    with SMTPMock(http_port=0, extensions="all", auth="any") as mock:
        send_demo(mock)
        browser.set_window_size(1280, 720)
        browser.get(f"{mock.http_url}/view/{mock.message(subject='Welcome*').id}")
        _wait(
            browser,
            "return document.querySelector('message-view iframe') && document.readyState === 'complete' &&"
            "[...document.querySelectorAll('[role=option]')].every((row) => row.innerText.trim() !== '…')",
        )
        _save(browser, "body", IMAGES / "inbox.png")
    return ""


def _open(browser: Chrome, folder: Path, body: str) -> None:
    (folder / "page.html").write_text(f"<!DOCTYPE html><meta charset=utf-8>{body}", encoding="utf-8")
    browser.get((folder / "page.html").as_uri())


def _span(code: re.Match[str]) -> str:
    codes = code[1].split(";")
    colour = next((f"color:{_COLOURS[number]};" for number in codes if number in _COLOURS), "")
    return f"</span><span style='{colour}{'font-weight:bold' if '1' in codes else ''}'>"


def _wait(browser: Chrome, script: str) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(browser, 10).until(lambda found: found.execute_script(script))


def _save(browser: Chrome, selector: str, path: Path) -> None:
    clip: dict[str, Any] = browser.execute_script(
        "const box = document.querySelector(arguments[0]).getBoundingClientRect();"
        "return {x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height, scale: 1};",
        selector,
    )
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True})
    path.write_bytes(base64.b64decode(taken["data"]))


def main() -> None:
    """Take all pictures."""
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in ("--headless=new", "--no-sandbox", "--hide-scrollbars", "--window-size=1100,900", "--lang=en-US"):
        options.add_argument(flag)
    browser = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    pictures: list[Callable[[Chrome, Path], str]] = [refused, log, pytest, inbox]
    try:
        for picture in pictures:
            with tempfile.TemporaryDirectory() as folder:
                selector = picture(browser, Path(folder))
                if selector:
                    _save(browser, selector, IMAGES / f"{picture.__name__}.png")
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
