"""Messages and attachments in the log and as files."""

import re
from pathlib import Path
from typing import Any

from robot.api import logger
from robot.api.deco import keyword
from robot.libraries.BuiltIn import BuiltIn

from SMTPMockLibrary.api import Message
from SMTPMockLibrary.failures import Keywords, assertion, explain_failures
from SMTPMockLibrary.owners import present
from SMTPMockLibrary.signatures import given_criteria, takes_criteria
from SMTPMockLibrary.types import LogLevel, Text

_UNSAFE = re.compile(r"[^\w.-]+")  # in the name of a file or folder


class FileKeywords(Keywords):
    """Keywords that log or save messages and attachments."""

    @keyword("Log Message", tags=("Getter",))
    @explain_failures
    def show_message(self, mail: Message, *, level: LogLevel = "INFO") -> None:
        """Logs the message: its envelope, headers, text, HTML and attachments.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | Log Message    ${mail}
        """
        logger.write(mail.html_report(), level, html=True)

    @keyword("Save Message", tags=("Getter",))
    @explain_failures
    def save_message(self, mail: Message, path: Path) -> Path:
        """Saves the message as it was received, and returns the path. Mail programs open files named ``*.eml``.

        A relative path refers to the output directory of the run. Folders are created, and an existing file is
        overwritten.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | ${path} =    Save Message    ${mail}    welcome.eml
        | Log    Saved as ${path}
        """
        saved = mail.save(_output_dir() / path)
        logger.info(f"Saved {mail!r} as {saved}")
        return saved

    @keyword("Save Messages", tags=("Getter",))
    @explain_failures
    @takes_criteria
    def save_messages(self, folder: Path | None = None, **criteria: Any) -> list[Path]:
        """Saves the messages that arrived during the test, from all its servers, and returns the paths.

        The default ``folder`` is named after the test, in the directory ``mail`` of the output directory of the run,
        to which a relative ``folder`` refers as well. If several servers ran, there is a folder for each of them, named
        after its alias. The files have names such as ``0001-Welcome.eml``. Existing files are not overwritten: a number
        is added to the name instead. See the `Selecting messages` section for the criteria.

        Useful in a test teardown, for the artifacts of a CI job:
        ``Test Teardown    Run Keyword If Test Failed    Save Messages``.

        Examples:
        | ${paths} =    Save Messages
        | Log    Saved as ${paths[0]}
        | Save Messages    ${TEMPDIR}/mail    recipient=bob@example.com    accepted=${None}
        """
        here, servers = present(), self.servers.seen
        target = _output_dir() / (folder or Path("mail", _safe(here.suite), _safe(here.test)))
        paths = [
            path
            for server, beginning in servers.items()
            for path in server.mock.save_messages(
                target / _safe(server.alias) if len(servers) > 1 else target,
                **{"since": beginning, **given_criteria(criteria)},
            )
        ]
        logger.info("\n".join(("Saved:", *map(str, paths))) if paths else "No message to save")
        return paths

    @keyword("Save Attachment", tags=("Getter",))
    @assertion
    def save_attachment(
        self, mail: Message, name: Text | None = None, path: Path | None = None, *, folder: Path | None = None
    ) -> Path:
        """Saves the only attachment of the message, or the only one with the given name, and returns the path.

        ``path`` is the path of the file, which is overwritten if it exists. Without it, the file has the name of the
        attachment and is created in ``folder``, by default the output directory of the run. It is always created
        inside that folder, whatever its name in the message is. Existing files are not overwritten: a number is added
        to the name instead. A relative ``path`` or ``folder`` refers to the output directory.

        Examples:
        | ${mail} =    Get Message    recipient=bob@example.com
        | ${path} =    Save Attachment    ${mail}    terms.pdf    folder=${TEMPDIR}
        | Should Be Equal    ${path.suffix}    .pdf
        | Save Attachment    ${mail}    *.pdf    saved/terms-of-bob.pdf
        """
        if path is not None and folder is not None:
            raise ValueError("Expected a path or a folder, not both.")
        found = mail.attachment(name)
        saved = found.save(_output_dir() / path if path else f"{_output_dir() / (folder or '')}/")
        logger.info(f"Saved {found!r} as {saved}")
        return saved


def _output_dir() -> Path:
    return Path(BuiltIn().get_variable_value("${OUTPUT DIR}"))


def _safe(name: str) -> str:
    return _UNSAFE.sub("_", name).strip(".") or "_"
