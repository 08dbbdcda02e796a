"""The Containerfile: what it starts serves, and its health check notices whether it does. No image is built here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from smtpmock.settings.declarations import SETTINGS
from tests.docs.pages import ALL, DOCS, ROOT
from tests.ports import reserved_port
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
    path = os.pathsep.join([str(Path(sys.executable).parent), own["PATH"]])
    with reserved_port() as smtp, reserved_port() as http:
        ports = {"SMTPMOCK_PORT": str(smtp), "SMTPMOCK_HTTP_PORT": str(http)}
        yield own | said | ports | {"PATH": path, "SMTPMOCK_HOST": "127.0.0.1"}


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
    assert all(port.startswith("127.0.0.1:") for port in mail["ports"])


class TestScaling:
    """The stack of several servers behind a load balancer."""

    FOLDER = ROOT / "docs" / "scaling"
    BALANCER = (FOLDER / "haproxy.cfg").read_text(encoding="utf-8")

    @pytest.fixture
    def services(self):
        yaml = pytest.importorskip("yaml")
        return yaml.safe_load((self.FOLDER / "compose.yaml").read_text(encoding="utf-8"))["services"]

    def test_services_that_are_named_exist(self, services):
        named = {name for service in services.values() for name in service.get("depends_on", [])}
        stores = {urlsplit(flag.partition("=")[2]).hostname for flag in self.flags(services)}

        assert named | stores <= set(services)

    def test_servers_have_the_image_of_the_page_and_flags_that_exist(self, services):
        built = re.findall(r"docker build -t (\S+) -f Containerfile", (DOCS / "scaling.md").read_text(encoding="utf-8"))

        assert [name for name in services if services[name]["image"] in built] == ["one", "two", "three"]
        assert {flag.partition("=")[0] for flag in self.flags(services)} <= {f"--{name}" for name in SETTINGS}

    def test_balancer_has_every_server_at_its_ports(self, services):
        servers = [name for name in services if services[name]["image"] == "smtpmock"]
        ports = instruction("EXPOSE").split()

        assert re.findall(r"bind :(\d+)", self.BALANCER) == ports
        assert re.findall(r"^ +server (\w+) (\w+):(\d+)$", self.BALANCER, re.MULTILINE) == [
            (name, name, port) for port in ports for name in servers
        ]

    def test_balancer_publishes_its_ports_for_this_machine_and_has_its_configuration(self, services):
        balancer = services["balancer"]
        [volume] = balancer["volumes"]

        assert balancer["ports"] == [f"127.0.0.1:{port}:{port}" for port in instruction("EXPOSE").split()]
        assert (self.FOLDER / volume.partition(":")[0]).is_file()

    @pytest.mark.skipif(shutil.which("haproxy") is None, reason="needs HAProxy")
    def test_configuration_of_the_balancer_is_valid(self):
        command = ["haproxy", "-q", "-c", "-f", str(self.FOLDER / "haproxy.cfg")]

        assert subprocess.run(command, check=False, timeout=SECONDS, stderr=subprocess.DEVNULL).returncode == 0

    @staticmethod
    def flags(services):
        return [flag for service in services.values() if service["image"] == "smtpmock" for flag in service["command"]]
