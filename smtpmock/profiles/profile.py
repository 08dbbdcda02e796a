"""A profile: the settings and the rules of a server modelled on what somebody has published, with the sources."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from smtpmock.errors import SettingError
from smtpmock.profiles.document import read_document
from smtpmock.text import invalid, quote, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FOLDER = Path(__file__).parent
_ENDING = ".toml"
_PARTS = ("title", "source", "settings", "rule")
_SOURCE = ("url", "date", "says")


class Source(NamedTuple):
    """A source of a profile.

    Attributes:
        url: Its address.
        date: The date of the document, or that on which the page was read, such as "2026-11-22".
        says: What the profile takes from it.
    """

    url: str
    date: str
    says: str


class Profile(NamedTuple):
    """The settings and the rules of a server.

    Attributes:
        name: Its name, or the path of its file.
        path: The file, to be copied and changed; the name alone if the profile came over HTTP.
        title: What it is modelled on.
        sources: Where its facts come from.
        settings: Its settings.
        rules: Its rules, oldest first: the tables of the file, each with a stage and words.
    """

    name: str
    path: Path
    title: str
    sources: Sequence[Source]
    settings: Mapping[str, Any]
    rules: Sequence[Mapping[str, Any]]

    @classmethod
    def from_document(cls, name: str, document: Mapping[str, Any], path: Path | None = None) -> Profile:
        """Return the profile that a TOML or JSON document describes.

        Args:
            name: Its name.
            document: The document, with some of the keys `title`, `source`, `settings` and `rule`.
            path: Its file; by default, the name stands for it.

        Raises:
            SettingError: If the document has another shape. Its settings and rules are checked when they are used.

        Example:
            >>> Profile.from_document("ours", {"rule": [{"stage": "NOOP", "delay": 1}]}).rules
            ({'stage': 'NOOP', 'delay': 1},)
        """
        for part in document:
            if part not in _PARTS:
                raise SettingError(f"Invalid profile {quote(name)}: {unknown('part', part, _PARTS)}")
        settings, rules = document.get("settings", {}), document.get("rule", [])
        if not isinstance(settings, dict) or "profile" in settings:
            raise SettingError(f"Invalid profile {quote(name)}: expected a table of settings, without a profile")
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
            raise SettingError(f"Invalid profile {quote(name)}: expected [[rule]] tables")
        sources = document.get("source", [])
        if not isinstance(sources, list) or not all(
            isinstance(source, dict) and set(source) == set(_SOURCE) for source in sources
        ):
            raise SettingError(f"Invalid profile {quote(name)}: expected [[source]] tables with url, date and says")
        return cls(
            name,
            Path(name) if path is None else path,
            str(document.get("title", "")),
            tuple(Source(*(str(source[part]) for part in _SOURCE)) for source in sources),
            settings,
            tuple(rules),
        )


def profile_names() -> list[str]:
    """Return the names of the profiles that come with smtpmock, in alphabetical order.

    Example:
        >>> profile_names()[0]
        'amazon-ses'
    """
    return sorted(path.stem for path in _FOLDER.glob(f"*{_ENDING}"))


def load_profile(name: str) -> Profile:
    """Return a profile.

    Args:
        name: Its name, or the path of a TOML file: what ends with ".toml" or has a slash.

    Raises:
        SettingError: If there is no such profile, or its file cannot be read.

    Example:
        >>> load_profile("greylisting-relay").sources[0].date
        '2026-11-22'
    """
    if not isinstance(name, str) or not name:
        raise SettingError(invalid("profile", name, "the name of a profile, or the path of its file"))
    return _load(name, Path(name)) if is_path(name) else _load_own(name)


def is_path(name: str) -> bool:
    """Return True if the name of a profile is the path of its file.

    Example:
        >>> is_path("outage"), is_path("./outage.toml")
        (False, True)
    """
    return name.endswith(_ENDING) or "/" in name or "\\" in name


@lru_cache(64)
def _load_own(name: str) -> Profile:
    if name not in profile_names():
        raise SettingError(unknown("profile", name, profile_names()))
    return _load(name, _FOLDER / f"{name}{_ENDING}")


def _load(name: str, path: Path) -> Profile:
    _, document = read_document(path, SettingError)
    return Profile.from_document(name, document, path)
