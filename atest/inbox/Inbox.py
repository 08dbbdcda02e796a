"""Keywords for the tests of the inbox page beside those of SeleniumLibrary: browser, pictures, axe-core, tracker."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from smtplib import SMTP
from threading import Thread
from typing import TYPE_CHECKING, Any

from robot.api import SkipExecution, get_model
from robot.api.deco import keyword, library
from robot.api.parsing import KeywordCall
from robot.libraries.BuiltIn import BuiltIn

if TYPE_CHECKING:
    from SMTPMockLibrary import MockServer

AXE = Path(__file__).parents[2] / "tests" / "clients" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--lang=en-US",
    "--ignore-certificate-errors",
    "--window-size=1440,900",
)
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
_COUNT_NOTICES = """
const done = arguments[arguments.length - 1];
window.notices = [];
import("/assets/live.js").then(({ live }) => {
    live.addEventListener("changes", () => window.notices.push(performance.now()));
    done();
});
"""
_WATCH_ROW = """
const [subject, places] = [arguments[0], (window.places = [])];
const row = [...document.querySelectorAll("[role=option]")].find((option) => option.textContent.includes(subject));
const note = () => {
    const found = document.getElementById(row.id);
    places.push(found ? found.getBoundingClientRect().top : null);
    requestAnimationFrame(note);
};
note();
"""
_RUN_AXE = """
const done = arguments[arguments.length - 1];
const told = (found) => `${found.id}: ${found.help}: ${found.nodes.map((node) => node.html).slice(0, 3).join(" ")}`;
axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(
    (result) => done([result.passes.length, result.violations.map(told)]), (error) => done([0, [String(error)]]));
"""


@library(scope="GLOBAL")
class Inbox:
    """Keywords for tests in a browser."""

    def __init__(self) -> None:
        self._tracker: socket.socket | None = None
        self._requests: list[str] = []

    @keyword
    def start_chromium(self) -> None:
        """Start Chromium, or skip the tests if it is not installed."""
        browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
        if not browser or not driver:
            raise SkipExecution("needs chromium and chromium-driver")
        try:
            from selenium.webdriver import ChromeOptions
            from selenium.webdriver.chrome.service import Service
        except ImportError:
            raise SkipExecution("needs robotframework-seleniumlibrary") from None

        options = ChromeOptions()
        options.binary_location = browser
        for flag in FLAGS:
            options.add_argument(flag)
        BuiltIn().run_keyword("Import Library", "SeleniumLibrary", "timeout=20 s")
        self._selenium.create_webdriver("Chrome", options=options, service=Service(driver))

    @property
    def _selenium(self) -> Any:
        return BuiltIn().get_library_instance("SeleniumLibrary")

    @keyword
    def look(self, name: str, width: int = 1440, height: int = 900, scheme: str = "light") -> None:
        """Take a picture of the page at a width, in a colour scheme; fail if it is wider than the window."""
        driver = self._selenium.driver
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        folder = Path(BuiltIn().get_variable_value("${OUTPUT_DIR}")) / "inbox"
        folder.mkdir(parents=True, exist_ok=True)
        driver.save_screenshot(str(folder / f"{name}-{width}-{scheme}.png"))
        needed = driver.execute_script("return document.documentElement.scrollWidth")
        if needed > width:
            raise AssertionError(f"The page is {needed} px wide in a window of {width} px")

    @keyword
    def axe_should_find_nothing(self) -> None:
        """Check the page as it is with axe-core; skip the test if that is not installed."""
        driver = self._selenium.driver
        if not AXE.exists():
            driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})  # the next test has the usual window
            raise SkipExecution("needs axe-core: run `npm install` in tests/clients")
        if not driver.execute_script("return Boolean(window.axe)"):
            driver.execute_script(AXE.read_text(encoding="utf-8"))
        passed, found = driver.execute_async_script(_RUN_AXE)
        if found or not passed:
            raise AssertionError("\n".join(found) or "axe-core checked nothing")

    @keyword
    def set_time_zone(self, name: str) -> None:
        """Have the browser believe that it is somewhere else."""
        self._selenium.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": name})

    @keyword
    def allow_the_clipboard(self, origin: str) -> None:
        """Let the page write and read the clipboard."""
        permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
        self._selenium.driver.execute_cdp_cmd(
            "Browser.grantPermissions", {"origin": origin, "permissions": permissions}
        )

    @keyword
    def get_clipboard(self) -> str:
        """Return the text in the clipboard."""
        script = "navigator.clipboard.readText().then(arguments[arguments.length - 1])"
        return self._selenium.driver.execute_async_script(script)

    @keyword
    def deliver(self, server: MockServer, raw: str) -> None:
        """Put a message into the inbox."""
        server.mock.deliver(raw.encode(), "a@example.com", ["b@example.com"])

    @keyword
    def deliver_many(self, server: MockServer, count: int) -> None:
        """Put messages into the inbox; the subject of each is its number."""
        for number in range(1, count + 1):
            raw = f"From: a@example.com\r\nTo: b@example.com\r\nSubject: Message {number}\r\n\r\nhi\r\n".encode()
            server.mock.deliver(raw, "a@example.com", ["b@example.com"])

    @keyword
    def send_mail_with_files(self, server: MockServer, subject: str, count: int) -> None:
        """Send a mail with so many files: pictures, and others with names that are long or meant to mislead."""
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = subject, "a@example.com", "b@example.com"
        mail.set_content("The files are attached.")
        mail.add_attachment(b"x", "application", "octet-stream", filename="../../<b>\u202egnp.exe")
        mail.add_attachment(b"x", "application", "pdf", filename=f"{'long' * 60}.pdf")
        for number in range(count - 2):
            mail.add_attachment(PNG, "image", "png", filename=f"picture {number}.png")
        with SMTP(server.host, server.port, timeout=20) as client:
            client.send_message(mail)

    @keyword
    def connect_many(self, server: MockServer, count: int) -> None:
        """Connect and leave so often."""
        for _ in range(count):
            with socket.create_connection((server.host, server.port)) as client:
                client.recv(512)
                client.sendall(b"QUIT\r\n")
                while client.recv(512):
                    pass

    @keyword
    def press_tab_until(self, locator: str, most: int = 60) -> None:
        """Press Tab until an element has the focus; fail if it never gets it."""
        driver = self._selenium.driver
        for _ in range(most):
            if driver.switch_to.active_element == self._selenium.find_element(locator):  # lists are made anew
                return
            self._selenium.press_keys(None, "TAB")
        raise AssertionError(f"Tab does not reach {locator}")

    @keyword
    def count_notices(self) -> None:
        """Note when the page is told of changes."""
        self._selenium.driver.execute_async_script(_COUNT_NOTICES)

    @keyword
    def notices_should_have_been_few(self) -> None:
        """Fail if the page was told of changes at more than ten times a second, or hardly ever."""
        times = self._selenium.driver.execute_script("return window.notices")
        if len(times) < 2:
            raise AssertionError(f"The page was told of changes {len(times)} times")
        shortest = min(later - earlier for earlier, later in pairwise(times))
        if shortest < 95:  # timers may be early by a little
            raise AssertionError(f"The page was told of changes twice in {shortest:.0f} ms")

    @keyword
    def watch_the_row(self, subject: str) -> None:
        """Note in every frame where the row of a message is."""
        self._selenium.driver.execute_script(_WATCH_ROW, subject)

    @keyword
    def the_row_should_have_stayed(self) -> None:
        """Fail if the row that is watched was anywhere else in any frame."""
        places = self._selenium.driver.execute_script("return window.places.splice(0)")
        if len(places) < 2 or len(set(places)) > 1 or places[0] is None:
            raise AssertionError(f"The row was at {list(dict.fromkeys(places))} in {len(places)} frames")

    @keyword
    def save_downloads(self) -> str:
        """Have the browser save what it downloads, and return the folder."""
        folder = str(Path(BuiltIn().get_variable_value("${TEMPDIR}")) / f"inbox-{os.getpid()}")
        self._selenium.driver.execute_cdp_cmd(
            "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": folder}
        )
        return folder

    @keyword
    def copied_test_should_pass(self, server: MockServer, form: str, code: str) -> None:
        """Run what the page offers to copy; the mail or the session is there already."""
        if form == "pytest":
            names: dict[str, Any] = {}
            exec(code, names)
            [test] = [found for name, found in names.items() if name.startswith("test_")]
            test(server.mock)
        elif form == "curl":
            command, _, _ = code.rpartition("| jq")
            done = subprocess.run(
                ["bash", "-c", command.rstrip().rstrip("\\")], capture_output=True, check=True, text=True
            )
            [found] = [items for items in json.loads(done.stdout).values() if isinstance(items, list)]
            assert len(found) == 1, done.stdout
        else:
            [test] = get_model(code).sections[1].body
            calls = [item for item in test.body if isinstance(item, KeywordCall) and item.keyword != "Start SMTP Mock"]
            assert len(calls) > 1, code
            for call in calls:
                result = BuiltIn().run_keyword(call.keyword, *call.args)
                for name in call.assign:
                    BuiltIn().set_test_variable(name.rstrip("= "), result)

    @keyword
    def start_tracker(self) -> str:
        """Start a server that notes what it is asked for, and return its URL."""
        self._requests = []
        self._tracker = socket.create_server(("127.0.0.1", 0))
        Thread(target=self._track, args=(self._tracker,), daemon=True).start()
        return f"http://127.0.0.1:{self._tracker.getsockname()[1]}"

    @keyword
    def get_tracked_requests(self) -> list[str]:
        """Return the first lines of what the tracker was asked for."""
        return list(self._requests)

    @keyword
    def stop_tracker(self) -> None:
        """Stop the tracker."""
        if self._tracker is not None:
            self._tracker.shutdown(socket.SHUT_RDWR)
            self._tracker.close()
            self._tracker = None

    def _track(self, tracker: socket.socket) -> None:
        while True:
            try:
                connection, _ = tracker.accept()
            except OSError:  # it was stopped
                return
            with connection:
                self._requests.append(connection.recv(4096).split(b"\r\n")[0].decode("latin-1"))
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
