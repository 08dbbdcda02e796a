"""The Containerfile: what it starts serves, and its health check notices whether it does. No image is built here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from smtpmock.settings.declarations import SETTINGS
from tests.docs.pages import ALL, ROOT
from tests.docs.test_commands import free_port
from tests.test_project import PROJECT

TEXT = (ROOT / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
FINAL = TEXT.rpartition("\nFROM ")[2]
SECONDS = 60


def instruction(name: str) -> str:
    """Return what follows an instruction of the final stage."""
    [found] = re.findall(rf"^{name} +(.+)$", FINAL, re.MULTILINE)
    return found


@pytest.fixture
def environment():
    own = {name: value for name, value in os.environ.items() if not name.startswith("SMTPMOCK_")}
    said = dict(re.findall(r"(\w+)=\"?([^\"\s]+)", instruction("ENV")))
    ports = {"SMTPMOCK_PORT": free_port(), "SMTPMOCK_HTTP_PORT": free_port()}
    path = os.pathsep.join([str(Path(sys.executable).parent), own["PATH"]])
    return own | said | ports | {"PATH": path, "SMTPMOCK_HOST": "127.0.0.1"}


def check(environment: dict[str, str]) -> int:
    """Run the health check; return its exit status."""
    command = json.loads(instruction("HEALTHCHECK").partition(" CMD ")[2])
    command[-1] = command[-1].replace("8025", environment["SMTPMOCK_HTTP_PORT"])
    return subprocess.run(
        [sys.executable, *command[1:]], env=environment, check=False, timeout=SECONDS, stderr=subprocess.DEVNULL
    ).returncode


def test_entry_point_serves_and_the_health_check_notices(environment):
    assert check(environment) != 0
    command = json.loads(instruction("ENTRYPOINT"))
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout.readline().startswith("SMTP: ")
        assert server.stdout.readline().startswith("Inbox: ")
        healthy = check(environment)
        server.terminate()

    assert (healthy, server.returncode) == (0, 0)


def test_ports_are_those_of_the_service():
    assert instruction("EXPOSE").split() == [str(SETTINGS[name].serve_default) for name in ("port", "http_port")]


def test_service_is_bounded_and_has_no_rights():
    assert {"SMTPMOCK_MAX_MESSAGES", "SMTPMOCK_MAX_BYTES"} <= set(re.findall(r"(\w+)=", instruction("ENV")))
    assert instruction("USER") == "65534:65534"


def test_what_is_built_is_in_the_context():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert ignored[0] == "*"
    assert [line for line in ignored if line.startswith("!") and not (ROOT / line[1:]).exists()] == []
    extras = re.findall(r"/source\[([\w,]+)\]", TEXT)[0].split(",")
    assert set(extras) <= set(PROJECT["optional-dependencies"])


def test_compose_file_of_the_page_uses_what_there_is():
    yaml = pytest.importorskip("yaml")
    [text] = [example.code for example in ALL["how-to/containers.md"] if example.title == "compose.yaml"]
    mail = yaml.safe_load(text)["services"]["mail"]

    assert mail["build"]["context"] == f"{PROJECT['urls']['Homepage']}.git"
    assert (ROOT / mail["build"]["dockerfile"]).exists()
    assert {name.removeprefix("SMTPMOCK_").lower() for name in mail["environment"]} <= set(SETTINGS)
