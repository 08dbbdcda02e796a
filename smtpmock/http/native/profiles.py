"""Profiles: the list of those that come with smtpmock, and the one that a running server behaves like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtpmock.errors import SettingError
from smtpmock.http.native.lists import list_schema, page
from smtpmock.http.native.operations import NotFoundError, Operation
from smtpmock.http.native.rules import read_word, words_form
from smtpmock.http.native.schemas import reference
from smtpmock.http.native.server import shown_settings
from smtpmock.http.native.words import AFTER, LIMIT
from smtpmock.profiles.profile import Profile, load_profile, profile_names
from smtpmock.rules.text_form import profile_rules
from smtpmock.settings.declarations import SETTINGS
from smtpmock.settings.values import PATH
from smtpmock.text import invalid, quote, shorten, unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from smtpmock.http.native.operations import Call

_LARGEST = 65_536
"""The most bytes of a profile that is sent."""

_LONGEST_NAME = 200
_SENT = "a profile"
"""The name of a profile that is sent without a name and a title."""


def profile_form(profile: Profile) -> dict[str, Any]:
    """Return a profile as JSON: its sources, and the settings and rules that it changes."""
    return {
        "name": profile.name,
        "title": profile.title,
        "sources": [source._asdict() for source in profile.sources],
        "settings": shown_settings(profile.settings),
        "rules": [{**words_form(rule), "summary": str(rule)} for rule in profile_rules(profile)],
    }


def _list(call: Call) -> Any:
    names = profile_names()
    return page("profiles", names, call.values, lambda name: names.index(name) + 1, _form_of)


def _form_of(name: str) -> dict[str, Any]:
    return profile_form(load_profile(name))


def _read(call: Call) -> Any:
    return profile_form(_own(call.path["name"], NotFoundError))


def _own(name: str, error_type: Callable[[str], Exception]) -> Profile:
    """Return a profile that comes with smtpmock: a client cannot name a file of the server."""
    if name not in profile_names():
        raise error_type(unknown("profile", name, profile_names()))
    return load_profile(name)


def _in_use(profile: Profile | None) -> dict[str, Any]:
    return {"profile": None if profile is None else profile_form(profile)}


def _show(call: Call) -> Any:
    return _in_use(call.context.mailbox.profile)


def _use(call: Call) -> Any:
    body = call.body
    if not isinstance(body, dict) or not body:
        raise SettingError(f"Invalid profile {quote(body)}: expected an object with a name, or with settings and rules")
    name = body.get("name")
    if "name" in body and (not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME):
        raise SettingError(invalid("name", name, f"a text of 1 to {_LONGEST_NAME} characters"))
    if list(body) == ["name"]:
        assert isinstance(name, str)
        profile = _own(name, SettingError)
    else:
        profile = _sent({key: value for key, value in body.items() if key != "name"}, name)
    call.context.mailbox.use_profile(profile)
    return profile_form(profile)


def _sent(document: dict[str, Any], name: str | None) -> Profile:
    """Return the profile in a body; its expressions are compiled as those of any rule that is sent."""
    title = shorten(str(document.get("title", "")), _LONGEST_NAME)
    profile = Profile.from_document(name or title or _SENT, document)
    files = [word for word in profile.settings if word in SETTINGS and SETTINGS[word].type is PATH]
    if files:
        raise SettingError(f"Invalid profile {quote(profile.name)}: {files[0]} names a file of the server")
    return profile._replace(
        rules=tuple({word: read_word(word, value) for word, value in rule.items()} for rule in profile.rules)
    )


def _clear(call: Call) -> Any:
    ended = call.context.mailbox.profile
    call.context.mailbox.clear_profile()
    return _in_use(ended)


_TEXT = {"type": "string"}
_SOURCE = {
    "type": "object",
    "properties": {
        "url": {**_TEXT, "description": "Its address"},
        "date": {**_TEXT, "description": "The date of the document, or that on which the page was read"},
        "says": {**_TEXT, "description": "What the profile takes from it"},
    },
    "required": ["url", "date", "says"],
    "additionalProperties": False,
}
_SETTINGS = {"type": "object", "description": "The settings that it changes"}
PROFILE = {
    "type": "object",
    "description": "A profile: settings and rules modelled on what a provider or a server publishes",
    "properties": {
        "name": {**_TEXT, "description": "Its name"},
        "title": {**_TEXT, "description": "What it is modelled on"},
        "sources": {"type": "array", "items": _SOURCE, "description": "Where its facts come from"},
        "settings": _SETTINGS,
        "rules": {
            "type": "array",
            "items": {"type": "object", "required": ["stage", "summary"]},
            "description": "The rules that it adds, oldest first: their words, and a summary on one line",
        },
    },
    "required": ["name", "title", "sources", "settings", "rules"],
}
"""The schema of a profile in an answer."""

_USED = {
    "type": "object",
    "properties": {"profile": {"anyOf": [reference("Profile"), {"type": "null"}]}},
    "required": ["profile"],
}
_BODY = {
    "anyOf": [
        {
            "type": "object",
            "properties": {"name": {"type": "string", "enum": profile_names()}},
            "required": ["name"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {
                "name": {**_TEXT, "minLength": 1, "maxLength": _LONGEST_NAME, "description": "A name for it"},
                "title": {**_TEXT, "description": "What it is modelled on"},
                "source": {"type": "array", "items": _SOURCE},
                "settings": _SETTINGS,
                "rule": {
                    "type": "array",
                    "items": {"type": "object"},
                    "description": "Rules with the words that `POST /rules` takes",
                },
            },
            "additionalProperties": False,
        },
    ]
}

OPERATIONS = (
    Operation(
        "GET",
        "/profiles",
        "List the profiles that come with smtpmock",
        _list,
        list_schema("profiles", "Profile"),
        (AFTER, LIMIT),
    ),
    Operation("GET", "/profiles/{name}", "Read a profile", _read, reference("Profile"), names_one=True),
    Operation("GET", "/profile", "Show the profile in use, besides that of the start", _show, _USED),
    Operation(
        "PUT",
        "/profile",
        "Use a profile by its name, or one that is sent: its rules at once, its settings for new connections",
        _use,
        reference("Profile"),
        body=_BODY,
        has_toml=True,
        most_bytes=_LARGEST,
    ),
    Operation("DELETE", "/profile", "End the use of a profile, and return it", _clear, _USED),
)
