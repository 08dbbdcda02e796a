"""Chromium, and a site of somebody else for it."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.http.conftest import SECONDS
from tests.web import Answer, web_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")

_FLAGS = "--headless --no-sandbox --disable-gpu --disable-background-networking --dump-dom"


def visit(url: str, folder: Path, *flags: str) -> str:
    """Load a page and let three seconds of virtual time pass, which a page that is never idle would not let begin.

    Returns:
        The HTML that the page has become.
    """
    return load(url, folder, "--virtual-time-budget=3000", *flags)


def load(url: str, folder: Path, *flags: str) -> str:
    """Load a page; return the HTML that it has become when its own scripts have run."""
    assert CHROMIUM is not None
    command = [CHROMIUM, *_FLAGS.split(), f"--user-data-dir={folder / 'profile'}", *flags, url]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True).stdout


@contextmanager
def site(html: str = "") -> Iterator[tuple[str, list[str]]]:
    """Serve a page at every path; yield the origin, and a list to put the page into if it is not known before."""
    pages = [html]

    def page(_: object) -> Answer:
        return Answer(200, f"<!DOCTYPE html><meta charset=utf-8><body>{pages[-1]}".encode(), "text/html; charset=utf-8")

    with web_server(page) as url:
        yield url, pages
