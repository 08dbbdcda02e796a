"""Files whose names come from a mail: safe on all systems, and never in place of another file."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\xb9\xb2\xb3])(?=[. ]*(?:\.|\Z))", re.IGNORECASE
)
"""The names that Windows keeps for devices, whatever their suffix is."""

_LONGEST_STEM = 180  # bytes
_LONGEST_SUFFIX = 10


def safe_name(name: str, otherwise: str) -> tuple[str, str]:
    """Return a file name without folders, dangerous characters and names of devices, and its suffix.

    Args:
        name: The name, which may be hostile.
        otherwise: The name to use if nothing is left.

    Example:
        >>> safe_name("../../a:b.txt", "attachment"), safe_name("NUL.txt", "attachment"), safe_name("..", "attachment")
        (('a_b', '.txt'), ('_NUL', '.txt'), ('attachment', ''))
    """
    last = re.split(r"[/\\]", name)[-1]
    safe = "".join(c if c.isprintable() and c not in '<>:"|?*' else "_" for c in last).strip(". ")
    stem, dot, suffix = safe.rpartition(".")
    if not stem or len(suffix) > _LONGEST_SUFFIX:
        stem, dot, suffix = safe, "", ""
    stem = stem.encode()[:_LONGEST_STEM].decode(errors="ignore").rstrip(". ")
    if _DEVICE.match(stem):
        stem = f"_{stem}"
    return stem or otherwise, dot + suffix


def write(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file whose path the user has chosen; its folder is created if it does not exist.

    Returns:
        The path.

    Raises:
        OSError: If the folder or the file cannot be written.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return target


def write_new(folder: str | os.PathLike[str], stem: str, suffix: str, content: bytes) -> Path:
    """Write a new file in a folder, which is created if it does not exist; a number is added to a name that is taken.

    No existing file is overwritten, and no symbolic link is followed.

    Returns:
        The path of the new file.

    Raises:
        OSError: If the folder or the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     [write_new(folder, "a", ".txt", b"").name for _ in range(2)]
        ['a.txt', 'a-1.txt']
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for number in count():
        path = place / (f"{stem}-{number}{suffix}" if number else f"{stem}{suffix}")
        try:
            with path.open("xb") as file:  # exclusive: fails for a symlink too
                file.write(content)
        except FileExistsError:
            continue
        return path
    raise AssertionError("count() has no end")
